import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capabilitiesSchema } from '../../shared/protocol.ts';
import type { Running } from '../process.ts';
import { startWorkerProcess } from '../process.ts';
import { notLong, testUnless, withoutEcho } from '../requirements.ts';
import { linesOf, token } from './app-fixture.ts';

const withToken = { env: { PINGPOOL_TOKEN: token } };
const loopback = ['--host', '127.0.0.1', '--port', '0'];

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-worker-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function urlOf(worker: Running): Promise<string> {
	return (await worker.says(/http:\/\/\S+:\d+/))[0];
}

function ping(
	url: string,
	body: unknown,
	init: { accept?: string; token?: string; signal?: AbortSignal } = {},
) {
	return fetch(`${url}/ping`, {
		method: 'POST',
		body: JSON.stringify(body),
		headers: {
			authorization: `Bearer ${init.token ?? token}`,
			...(init.accept && { accept: init.accept }),
		},
		...(init.signal && { signal: init.signal }),
	});
}

async function listening(server: Server): Promise<number> {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return (server.address() as AddressInfo).port;
}

describe('pingpool worker', () => {
	testUnless(withoutEcho(), 'pings this machine by address and by name, over the real engine', async () => {
		await using worker = startWorkerProcess(loopback, withToken);
		const url = await urlOf(worker);
		const capabilities = capabilitiesSchema.parse(
			await (await fetch(`${url}/capabilities`, { headers: { authorization: `Bearer ${token}` } })).json(),
		);
		expect(capabilities).toMatchObject({ runtime: 'node', ratePerSecondMax: 10_000 });
		expect(capabilities.probes).toContain('icmp');
		const response = await ping(url, { hosts: ['127.0.0.1', 'localhost', '127.0.0.1'] });
		expect(await response.json()).toMatchObject({
			worker: capabilities.instance,
			results: [
				{ host: '127.0.0.1', status: 'up', address: '127.0.0.1', sent: 1, received: 1 },
				{ host: 'localhost', status: 'up' },
				{ host: '127.0.0.1', status: 'up', address: '127.0.0.1' },
			],
		});
	});

	it('reaches real listeners with tcp and http, once allowed to', async () => {
		const server = createServer((socket) => {
			socket.on('error', () => undefined);
			socket.end('HTTP/1.1 204 No Content\r\n\r\n');
		});
		const port = await listening(server);
		try {
			await using worker = startWorkerProcess([...loopback, '--allow', '10.0.0.0/8,127.0.0.0/8'], withToken);
			const url = await urlOf(worker);
			const response = await ping(
				url,
				{
					hosts: [
						`tcp://127.0.0.1:${port}`,
						`http://127.0.0.1:${port}/`,
						`localhost:${port}`,
						'tcp://127.0.0.1:1',
					],
					timeoutMs: 60_000,
				},
				{ accept: 'application/x-ndjson' },
			);
			const lines = await linesOf(response);
			expect(lines.pop()).toMatchObject({ done: true, results: 4 });
			const byHost = Object.fromEntries(lines.map(({ host, ...rest }) => [host, rest]));
			expect(byHost).toMatchObject({
				[`tcp://127.0.0.1:${port}`]: { status: 'up', address: '127.0.0.1' },
				[`http://127.0.0.1:${port}/`]: { status: 'up' },
				[`localhost:${port}`]: { status: 'up', address: '127.0.0.1' },
				'tcp://127.0.0.1:1': { status: 'down', reason: 'refused' },
			});
		} finally {
			server.close();
		}
	});

	it.each(['application/json', 'application/x-ndjson'])(
		'stops the probes of a caller that hangs up (%s)',
		async (accept) => {
			// Accepts and stays silent: an http probe waits for its whole timeout.
			const silent = createServer();
			const closed = Promise.withResolvers<void>();
			const opened = new Promise<void>((resolve) => {
				silent.on('connection', (socket) => {
					socket.resume();
					socket.on('error', () => undefined);
					socket.on('close', () => closed.resolve());
					resolve();
				});
			});
			const port = await listening(silent);
			try {
				await using worker = startWorkerProcess([...loopback, '--allow', '127.0.0.0/8'], withToken);
				const { port: workerPort } = new URL(await urlOf(worker));
				const body = JSON.stringify({ hosts: [`http://127.0.0.1:${port}/`], timeoutMs: 60_000 });
				const caller = connect(Number(workerPort), '127.0.0.1');
				caller.write(
					`POST /ping HTTP/1.1\r\nHost: worker\r\nAuthorization: Bearer ${token}\r\nAccept: ${accept}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
				);
				await opened;
				caller.destroy();
				await closed.promise;
				await worker.says(/1 host, cancelled/);
			} finally {
				silent.close();
			}
		},
	);

	for (const [whyNot, signal] of [
		[undefined, 'SIGTERM'],
		[notLong(), 'SIGHUP'],
	] as const) {
		testUnless(whyNot, `lets the request under way end at ${signal}, and exits with 0`, async () => {
			const silent = createServer((socket) => socket.on('error', () => undefined));
			const opened = new Promise((resolve) => silent.once('connection', resolve));
			const port = await listening(silent);
			try {
				await using worker = startWorkerProcess([...loopback, '--allow', '127.0.0.0/8'], withToken);
				const url = await urlOf(worker);
				const answer = ping(url, { hosts: [`http://127.0.0.1:${port}/`], timeoutMs: 400, attempts: 1 });
				await opened;
				worker.child.kill(signal);
				expect(await (await answer).json()).toMatchObject({
					results: [{ status: 'down', reason: 'timeout' }],
				});
				expect(await worker.exited).toBe(0);
			} finally {
				silent.close();
			}
		});
	}

	it('cuts what is under way at the second signal', async () => {
		const silent = createServer((socket) => socket.on('error', () => undefined));
		const opened = new Promise((resolve) => silent.once('connection', resolve));
		const port = await listening(silent);
		try {
			await using worker = startWorkerProcess([...loopback, '--allow', '127.0.0.0/8'], withToken);
			const url = await urlOf(worker);
			const answer = ping(url, { hosts: [`http://127.0.0.1:${port}/`], timeoutMs: 60_000 });
			answer.catch(() => undefined);
			await opened;
			worker.child.kill('SIGINT');
			await worker.says(/stopping/);
			worker.child.kill('SIGINT');
			expect(await worker.exited).toBe(0);
			await expect(answer).rejects.toThrow();
		} finally {
			silent.close();
		}
	});
});

describe('its token', () => {
	it('is made at the first start, for the owner alone, and kept', async () => {
		const env = { XDG_CONFIG_HOME: folder };
		const file = join(folder, 'pingpool', 'worker-token');
		let first: string;
		{
			await using worker = startWorkerProcess(loopback, { env });
			const url = await urlOf(worker);
			first = readFileSync(file, 'utf8').trim();
			expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
			expect(statSync(file).mode & 0o777).toBe(0o600);
			// No terminal: the token itself stays out of the output.
			expect(worker.output()).toContain(`token-file=${file}`);
			expect(worker.output()).not.toContain(first);
			expect((await ping(url, { hosts: ['127.0.0.1'] }, { token: first })).status).toBe(200);
			expect((await ping(url, { hosts: ['127.0.0.1'] })).status).toBe(401);
		}
		await using again = startWorkerProcess(loopback, { env });
		await urlOf(again);
		expect(readFileSync(file, 'utf8').trim()).toBe(first);
	});

	it('may be one of two in a file, which should not be open to others', async () => {
		const file = join(folder, 'tokens');
		writeFileSync(file, `${token}\nthe-next-token-to-come\n`, { mode: 0o644 });
		await using worker = startWorkerProcess([...loopback, '--token-file', file]);
		const url = await urlOf(worker);
		await worker.says(/warning: .*readable by others/);
		for (const each of [token, 'the-next-token-to-come']) {
			expect((await ping(url, { hosts: ['127.0.0.1'] }, { token: each })).status).toBe(200);
		}
	});

	it('is not needed on loopback when told so', async () => {
		await using worker = startWorkerProcess([...loopback, '--no-auth']);
		const url = await urlOf(worker);
		const body = '{"hosts":["127.0.0.1"]}';
		expect((await fetch(`${url}/ping`, { method: 'POST', body })).status).toBe(200);
	});
});

describe('what is wrong at the start', () => {
	async function refused(args: string[], env: Record<string, string> = {}) {
		await using worker = startWorkerProcess(args, { env: { ...withToken.env, ...env } });
		const code = await worker.exited;
		expect(worker.errors()).not.toMatch(/^\s+at /m);
		return { code, errors: worker.errors() };
	}

	it('is what stands on the command line, with exit code 2', async () => {
		const { code, errors } = await refused(['--prot', '80']);
		expect(errors).toBe("pingpool: unknown option '--prot'\n(Did you mean --port?)\n");
		expect(code).toBe(2);
	});

	it('is what stands in the environment, with exit code 2', async () => {
		const { code, errors } = await refused([], { PINGPOOL_TOKEN: 'two words of a token' });
		expect(errors).toMatch(/^pingpool: PINGPOOL_TOKEN: .*white space/);
		expect(errors).not.toContain('two words');
		expect(code).toBe(2);
	});

	it('names a port that is taken', async () => {
		const server = createServer();
		const port = await listening(server);
		try {
			const { code, errors } = await refused(['--host', '127.0.0.1', '--port', String(port)]);
			expect(errors).toMatch(
				new RegExp(`port ${port} of 127\\.0\\.0\\.1 is taken by another process\\n.*--port`),
			);
			expect(code).toBe(1);
		} finally {
			server.close();
		}
	});

	it('names a token file that can not be made', async () => {
		writeFileSync(join(folder, 'file'), '');
		const env = { PINGPOOL_TOKEN: '', PINGPOOL_TOKEN_FILE: join(folder, 'file', 'token') };
		const { code, errors } = await refused(loopback, env);
		expect(errors).toMatch(/token file .*can not be used[\s\S]*--token-file/);
		expect(code).toBe(1);
	});

	it('prints its version and its help', async () => {
		const version = await (async () => {
			await using worker = startWorkerProcess(['--version']);
			expect(await worker.exited).toBe(0);
			return worker.output();
		})();
		expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
		await using worker = startWorkerProcess(['--help']);
		expect(await worker.exited).toBe(0);
		expect(worker.output()).toMatch(/--token-file[\s\S]*Examples:[\s\S]*pingpool worker/);
	});
});

describe('an embedded worker', () => {
	const env = {
		PINGPOOL_EMBEDDED: '1',
		PINGPOOL_HOST: '127.0.0.1',
		PINGPOOL_PORT: '0',
		PINGPOOL_TOKEN: token,
	};

	function message(worker: Running): Promise<unknown> {
		return new Promise((resolve) => worker.child.once('message', resolve));
	}

	it('says that it is ready, nothing else, ignores Ctrl-C, and ends with the channel', async () => {
		await using worker = startWorkerProcess([], { env, ipc: true });
		const ready = (await message(worker)) as { ready: boolean; port: number };
		expect(ready).toEqual({ ready: true, port: expect.any(Number) });
		worker.child.kill('SIGINT');
		const url = `http://127.0.0.1:${ready.port}`;
		expect((await ping(url, { hosts: ['127.0.0.1'] })).status).toBe(200);
		worker.child.disconnect();
		expect(await worker.exited).toBe(0);
		expect(worker.output() + worker.errors()).toBe('');
	});

	it('says why it did not start', async () => {
		await using worker = startWorkerProcess([], { env: { ...env, PINGPOOL_RATE: 'fast' }, ipc: true });
		expect(await message(worker)).toEqual({ failed: expect.stringContaining('PINGPOOL_RATE'), usage: true });
		expect(await worker.exited).toBe(2);
	});
});
