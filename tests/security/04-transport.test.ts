/**
 * Requirement 4, from outside: a token goes to its worker and to nobody else. Whom a master believes to be that worker
 * is tested case by case in tests/master/transport/connector.test.ts.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { Server } from 'node:net';
import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { connect, createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultTransport } from '../../master/transport/worker-transport.ts';
import { WorkerClient } from '../../master/worker-client.ts';
import { handshakeMsMax } from '../../shared/limits.ts';
import type { Pair } from '../authority.ts';
import { makeAuthority, makeSelfSigned } from '../authority.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import { labUnavailable } from '../lab/lab.ts';
import type { Running } from '../process.ts';
import { bin, startProcess } from '../process.ts';
import { describeUnless, notLong } from '../requirements.ts';
import { listening } from '../servers.ts';

let space: Workspace;
const closers: (() => unknown)[] = [];
beforeEach(() => {
	space = new Workspace();
});
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
	space[Symbol.dispose]();
});

/** Somebody else on the way, with a certificate of their own, who passes on what they can read. */
async function manInTheMiddle(pair: Pair, workerPort: number) {
	let read = '';
	let connections = 0;
	const server = createTlsServer({ ...pair }, (socket) => {
		const onward = connect({ port: workerPort, host: '127.0.0.1', rejectUnauthorized: false });
		socket.on('data', (data) => {
			read += String(data);
			onward.write(data);
		});
		onward.on('data', (data) => socket.write(data));
		for (const each of [socket, onward])
			each.on('error', () => undefined).on('close', () => onward.destroy());
		socket.on('close', () => onward.destroy());
	});
	server.on('connection', () => {
		connections += 1;
	});
	const port = await listening(server);
	closers.push(() => new Promise((resolve) => server.close(resolve)));
	return { port, read: () => read, connections: () => connections };
}

/** A proxy that nobody asked for. */
async function uninvitedProxy() {
	let connections = 0;
	const server: Server = createTcpServer((socket) => {
		connections += 1;
		socket.destroy();
	});
	const url = `http://127.0.0.1:${await listening(server)}`;
	closers.push(() => new Promise((resolve) => server.close(resolve)));
	const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
	const env = Object.fromEntries(names.map((name) => [name, url]));
	return {
		env: { ...env, NO_PROXY: '', no_proxy: '', NODE_USE_ENV_PROXY: '1' },
		connections: () => connections,
	};
}

describe('04: transport', () => {
	it('what a worker prints is what its master needs, and a man in the middle reads not a byte', async () => {
		const env = { PINGPOOL_TOKEN: token };
		const args = ['--host', '127.0.0.1', '--port', '0', '--tls-self-signed', '--allow', '127.0.0.0/8'];
		const state = { XDG_CONFIG_HOME: space.path('config') };
		await using worker = space.start(['worker', ...args], { env: { ...env, ...state } });
		const [, url, pin] = await worker.says(/^ {2}(https:\/\/127\.0\.0\.1:\d+) (pin=sha256:[0-9a-f]{64})/m);
		const port = Number(new URL(url!).port);
		space.write('hosts.txt', [`tcp://127.0.0.1:${port}`]);
		space.write('workers.txt', [`${url} ${pin}`]);
		const proxy = await uninvitedProxy();

		const first = await space.master(['--workers', 'workers.txt', '--json'], {
			env: { ...env, ...proxy.env },
		});
		expect([first.code, first.stderr]).toEqual([0, expect.stringContaining(`worker ${url}: `)]);
		expect(JSON.parse(first.stdout)).toMatchObject({ state: 'finished', hosts: 1, up: 1 });
		expect(proxy.connections()).toBe(0);

		const middle = await manInTheMiddle(await makeSelfSigned(), port);
		space.write('workers.txt', [`https://127.0.0.1:${middle.port} ${pin}`]);
		const second = await space.master(['--workers', 'workers.txt', '--fresh'], {
			env: { ...env, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
		});
		expect([second.code, second.stderr]).toEqual([
			1,
			expect.stringContaining('has another certificate than its line says'),
		]);
		expect(second.stderr).toContain('warning: NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing here');
		expect(second.stderr).not.toContain(token);
		// Asked once: nobody waits for a certificate to become right.
		expect([middle.connections(), middle.read()]).toEqual([1, '']);
	});

	it('a worker with --tls-client-ca takes no connection without a certificate of that authority, and no old TLS', async () => {
		const [authority, other, pair] = await Promise.all([makeAuthority(), makeAuthority(), makeSelfSigned()]);
		const [mine, foreign] = await Promise.all([
			authority.issue({ names: ['master'] }),
			other.issue({ names: ['master'] }),
		]);
		for (const [name, text] of [
			['cert.pem', pair.cert],
			['key.pem', pair.key],
			['ca.pem', authority.cert],
		] as const) {
			writeFileSync(space.path(name), text, { mode: 0o600 });
		}
		const files = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem', '--tls-client-ca', 'ca.pem'];
		const args = ['worker', '--host', '127.0.0.1', '--port', '0', '--icmp', 'off', ...files];
		await using worker = space.start(args, { env: { PINGPOOL_TOKEN: token } });
		const port = Number((await worker.says(/https:\/\/127\.0\.0\.1:(\d+)/))[1]);
		expect(worker.output()).toContain('and masters show one of theirs');

		expect(await answerOf(port, { ...mine }, token)).toBe(200);
		// The certificate comes on top of the token.
		expect(await answerOf(port, { ...mine })).toBe(401);
		expect(await answerOf(port, { ...mine, maxVersion: 'TLSv1.2' }, token)).toBe(200);
		const old: ConnectionOptions = {
			minVersion: 'TLSv1.1',
			maxVersion: 'TLSv1.1',
			ciphers: 'DEFAULT:@SECLEVEL=0',
		};
		for (const options of [{}, { maxVersion: 'TLSv1.2' as const }, foreign, { ...mine, ...old }]) {
			expect(await answerOf(port, options, token)).toBe('no answer');
		}
		expect(await plainAnswer(port)).not.toContain('HTTP');
	});

	it('a token does not follow a redirect', async () => {
		let hits = 0;
		const elsewhere = createServer((_, response) => {
			hits += 1;
			response.end('{}');
		});
		const target = await listening(elsewhere);
		let status = 301;
		const redirecting = createServer((_, response) => {
			response.writeHead(status, { location: `http://127.0.0.1:${target}/capabilities` }).end();
		});
		const url = `http://127.0.0.1:${await listening(redirecting)}`;
		closers.push(
			() => elsewhere.close(),
			() => redirecting.close(),
		);
		const client = new WorkerClient({ name: 'w', url, token, connections: 1, transport: defaultTransport });
		closers.push(() => client.close());
		for (status of [301, 302, 303, 307, 308]) {
			await expect(client.capabilities(new AbortController().signal)).rejects.toThrow(`(HTTP ${status})`);
		}
		expect(hits).toBe(0);
	});

	it("an embedded worker does not take up the master's TLS", async () => {
		space.write('hosts.txt', ['tcp://127.0.0.1:1']);
		const names = ['CA', 'CERT', 'KEY', 'CLIENT_CA'].map((name) => [
			`PINGPOOL_TLS_${name}`,
			space.path('none.pem'),
		]);
		const env = {
			...Object.fromEntries(names),
			PINGPOOL_TLS_SELF_SIGNED: '1',
			PINGPOOL_ALLOW: '127.0.0.0/8',
		};
		const { code, stdout, stderr } = await space.master(['--json'], { env });
		expect([code, stderr]).toEqual([0, expect.any(String)]);
		expect(JSON.parse(stdout)).toMatchObject({ state: 'finished', down: 1 });
	});
});

describeUnless(notLong(), '04: a TLS handshake', () => {
	it('that does not go on is ended', async () => {
		const args = ['--host', '127.0.0.1', '--port', '0', '--icmp', 'off', '--tls-self-signed'];
		const env = { PINGPOOL_TOKEN: token, XDG_CONFIG_HOME: space.path('config') };
		await using worker = space.start(['worker', ...args], { env });
		const port = Number((await worker.says(/https:\/\/127\.0\.0\.1:(\d+)/))[1]);
		const startedMs = performance.now();
		const socket = connectTcp({ port, host: '127.0.0.1' }).on('error', () => undefined);
		await new Promise((resolve) => socket.resume().once('close', resolve));
		const tookMs = performance.now() - startedMs;
		expect(tookMs).toBeGreaterThan(handshakeMsMax - 100);
		expect(tookMs).toBeLessThan(handshakeMsMax + 60_000);
	});
});

/** A machine of its own: a network namespace whose one interface has a public address, and a name for it. */
class PublicMachine implements Disposable {
	readonly name = `pp-public-${process.pid}`;
	readonly address = '8.8.4.4';
	readonly #etc = `/etc/netns/${this.name}`;

	constructor() {
		execFileSync('ip', ['netns', 'add', this.name]);
		execFileSync('ip', ['-n', this.name, 'link', 'set', 'lo', 'up']);
		execFileSync('ip', ['-n', this.name, 'address', 'add', `${this.address}/32`, 'dev', 'lo']);
		mkdirSync(this.#etc, { recursive: true });
		writeFileSync(`${this.#etc}/hosts`, `127.0.0.1 localhost\n${this.address} worker.example\n`);
	}

	/** Runs `pingpool` there. */
	start(args: readonly string[]): Running {
		const command = ['netns', 'exec', this.name, process.execPath, bin, ...args];
		return startProcess('ip', command, { cwd: space.folder, env: { PINGPOOL_TOKEN: token } });
	}

	[Symbol.dispose](): void {
		rmSync(this.#etc, { recursive: true, force: true });
		execFileSync('ip', ['netns', 'delete', this.name]);
	}
}

describeUnless(labUnavailable() ?? notLong(), '04: plain HTTP on a public address', () => {
	it('carries no token, whatever the name of the address, unless that was asked for', async () => {
		using machine = new PublicMachine();
		const listen = ['--host', machine.address, '--port', '0', '--icmp', 'off'];
		await using worker = machine.start(['worker', ...listen]);
		const [, port] = await worker.says(/http:\/\/8\.8\.4\.4:(\d+)/);
		await worker.says(/warning: 8\.8\.4\.4 is a public address, .*: add --tls-self-signed/);
		space.write('hosts.txt', [`tcp://${machine.address}:${port}`]);
		const run = async (host: string, ...args: readonly string[]) => {
			space.write('workers.txt', [`http://${host}:${port}`]);
			await using master = machine.start(['master', '--workers', 'workers.txt', '--fresh', ...args]);
			return [await master.exited, master.errors()] as const;
		};
		expect(await run(machine.address)).toEqual([
			2,
			expect.stringMatching(/workers\.txt:1: 8\.8\.4\.4 is a public address.*--allow-plain-http/),
		]);
		expect(await run('worker.example')).toEqual([
			1,
			expect.stringMatching(
				/worker\.example:\d+ is at 8\.8\.4\.4, a public address, where a token does not go/,
			),
		]);
		// Nothing of a request has reached the worker.
		expect(worker.errors()).not.toMatch(/unauthorized|ok,/);
		const [code, errors] = await run('worker.example', '--allow-plain-http');
		expect([code, errors]).toEqual([0, expect.stringContaining('worker http://worker.example')]);
	});
});

/** The status of /capabilities over TLS, or that there is none. */
function answerOf(port: number, options: ConnectionOptions, bearer?: string): Promise<number | 'no answer'> {
	return new Promise((resolve) => {
		const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
		const asked = request(
			{
				port,
				host: '127.0.0.1',
				path: '/capabilities',
				headers,
				agent: false,
				rejectUnauthorized: false,
				...options,
			},
			(response) => {
				response.resume();
				resolve(response.statusCode!);
			},
		);
		asked.on('error', () => resolve('no answer')).end();
	});
}

/** What comes back to plain HTTP. */
function plainAnswer(port: number): Promise<string> {
	return new Promise((resolve) => {
		let answer = '';
		const socket = connectTcp({ port, host: '127.0.0.1' }).setEncoding('latin1');
		socket.on('data', (text) => {
			answer += String(text);
		});
		socket.on('error', () => undefined).on('close', () => resolve(answer));
		socket.write('GET /health HTTP/1.1\r\nhost: w\r\n\r\n');
	});
}
