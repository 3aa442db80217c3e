/** Requirement 19, from outside: errors tell nothing, headers convince nobody, and the log says who did what. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logFloodLinesMax, logFloodWindowMs } from '../../shared/limits.ts';
import { version } from '../../worker/version.ts';
import { makeAuthority } from '../authority.ts';
import { bin, startWorkerProcess } from '../process.ts';
import { notLong, testUnless } from '../requirements.ts';
import { exchange } from '../worker/raw-exchange.ts';
import type { ServedWorker } from './served-worker.ts';
import { authorization, body, host, serveWorker, token } from './served-worker.ts';

const second = 'the-other-token-of-two';
const both = { env: { PINGPOOL_TOKEN: `${token},${second}` } };
const forged =
	'X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\nTrue-Client-IP: 203.0.113.9\r\nCF-Connecting-IP: 203.0.113.9\r\n';
const post = (headers: string, sent = body): string =>
	`POST /ping HTTP/1.1\r\n${host}${headers}Content-Length: ${sent.length}\r\n\r\n${sent}`;

describe('19: the log', () => {
	let worker: ServedWorker;
	beforeAll(async () => {
		worker = await serveWorker(['--log-format', 'json'], both);
	});
	afterAll(() => worker?.[Symbol.asyncDispose]());

	/** Lines of the log so far, parsed. */
	const logged = (): Record<string, unknown>[] =>
		worker.running
			.errors()
			.split('\n')
			.filter((line) => line.startsWith('{'))
			.map((line) => JSON.parse(line));

	it('has a line per request, by the address of its socket, with its token’s place and never the token', async () => {
		const named = 'Pingpool-Request: one-of-mine\r\n';
		await exchange(worker.port, post(`${authorization}${forged}${named}`), {
			answers: 1,
			localAddress: '127.0.0.5',
		});
		await worker.running.says(/"request":"one-of-mine"/);
		expect(logged().at(-1)).toEqual({
			level: 'info',
			time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
			caller: '127.0.0.5',
			request: 'one-of-mine',
			token: 'first',
			outcome: 'ok',
			hosts: 1,
			denied: 1,
			probes: ['http'],
			ms: expect.any(Number),
			msg: 'request',
		});
		await exchange(worker.port, post(`Authorization: Bearer ${second}\r\n`), { answers: 1 });
		await worker.running.says(/"token":"second"/);
	});

	it('has a line per refused token, and nothing of what was guessed', async () => {
		const guess = 'guessed-guessed-guessed';
		await exchange(worker.port, post(`Authorization: Bearer ${guess}\r\n${forged}`), { answers: 1 });
		const capabilities = `GET /capabilities HTTP/1.1\r\n${host}\r\n`;
		await exchange(worker.port, capabilities, { answers: 1, localAddress: '127.0.0.6' });
		await worker.running.says(/"caller":"127\.0\.0\.6"/);
		const refused = logged().filter(({ outcome }) => outcome === 'unauthorized');
		expect(refused.map(({ caller }) => caller)).toEqual(['127.0.0.1', '127.0.0.6']);
		for (const secret of [token, second, guess, '203.0.113.9']) {
			expect(worker.running.errors() + worker.running.output()).not.toContain(secret);
		}
	});

	it('is not filled by who is refused', async () => {
		const before = logged().length;
		const startedMs = performance.now();
		for (let i = 0; i < 40; i += 1) {
			await exchange(worker.port, post(''), { answers: 1 });
			await exchange(worker.port, 'garbage\r\n\r\n');
		}
		// A line that comes behind all of them.
		await exchange(worker.port, post(`${authorization}Pingpool-Request: behind\r\n`), { answers: 1 });
		await worker.running.says(/"request":"behind"/);
		// Of two kinds: so many in each window of time, and a line that sums it up. The first began before this test.
		const windows = 1 + Math.ceil((performance.now() - startedMs) / logFloodWindowMs);
		expect(logged().length - before).toBeLessThanOrEqual(windows * 2 * (logFloodLinesMax + 1) + 1);
	});
});

describe('19: the log of a worker with TLS', () => {
	it('says who failed at the handshake, who had left by then, too', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'pingpool-log-'));
		const authority = await makeAuthority();
		writeFileSync(join(folder, 'ca.pem'), authority.cert);
		const stranger = await authority.issue({ names: ['stranger'], validMs: [-7_200_000, -3_600_000] });
		// Of both families, as a worker listens by default.
		await using running = startWorkerProcess(
			[
				'--host',
				'::',
				'--port',
				'0',
				'--icmp',
				'off',
				'--tls-self-signed',
				'--tls-client-ca',
				join(folder, 'ca.pem'),
			],
			{ env: { PINGPOOL_TOKEN: token, XDG_CONFIG_HOME: folder } },
		);
		try {
			const port = Number((await running.says(/:(\d+) pin=/))[1]);
			for (const [i, pair] of [{}, stranger].entries()) {
				const localAddress = `127.0.0.${i + 5}`;
				const raw = connect({ host: '127.0.0.1', port, localAddress });
				const socket = connectTls({ socket: raw, rejectUnauthorized: false, ...pair });
				socket.on('error', () => undefined).resume();
				await new Promise((resolve) => socket.once('close', resolve));
				await running.says(new RegExp(`Z ${localAddress}: failed at the TLS handshake`));
			}
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});
});

describe('19: errors', () => {
	let worker: ServedWorker;
	beforeAll(async () => {
		worker = await serveWorker();
	});
	afterAll(() => worker?.[Symbol.asyncDispose]());

	it.each([
		['no token', post('')],
		['no JSON', post(authorization, '\u0000{{{')],
		['a wrong host', post(authorization, '{"hosts":["a b"]}')],
		['another path', `GET /../../etc/passwd HTTP/1.1\r\n${host}\r\n`],
		['another method', `PUT /ping HTTP/1.1\r\n${host}\r\n`],
		[
			'a body that is too large',
			`POST /ping HTTP/1.1\r\n${host}${authorization}Content-Length: 99999999\r\n\r\n`,
		],
		['a compressed body', post(`${authorization}Content-Encoding: br\r\n`)],
		['a wrong Host', 'GET /health HTTP/1.1\r\nHost: ?\r\n\r\n'],
		['two Hosts', `GET /health HTTP/1.1\r\n${host}${host}\r\n`],
	])('tell nothing of the machine (%s)', async (_, bytes) => {
		const { text, statuses } = await exchange(worker.port, bytes, { answers: 1 });
		expect(statuses[0]).toBeGreaterThanOrEqual(400);
		expect(text).toMatch(/^x-content-type-options: nosniff\r$/im);
		expect(text).toMatch(/^cache-control: no-store\r$/im);
		expect(text).toMatch(/^content-type: application\/json\r$/im);
		expect(text).not.toMatch(/^server:|^x-powered-by:|^\s+at |\.ts\b|node_modules/im);
		for (const secret of [version, process.version, hostname(), process.cwd()]) {
			expect(text).not.toContain(secret);
		}
	});
});

describe('19: a log that nobody reads', () => {
	testUnless(
		notLong(),
		'neither stops the worker nor grows in it',
		async () => {
			// Two long lines for each request.
			const verbose = ['--log-format', 'json', '--log-level', 'debug'];
			// A pipe whose reader is stopped, as by Ctrl-S in a terminal.
			const child = spawn(
				process.execPath,
				[bin, 'worker', '--host', '127.0.0.1', '--port', '0', '--icmp', 'off', ...verbose],
				{ env: { PATH: process.env.PATH, PINGPOOL_TOKEN: token }, stdio: ['ignore', 'pipe', 'pipe'] },
			);
			try {
				child.stderr.pause();
				let port = 0;
				for await (const text of child.stdout.setEncoding('utf8')) {
					port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? 0);
					if (port > 0) break;
				}
				const name = `Pingpool-Request: ${'n'.repeat(64)}\r\n`;
				const request = post(`${authorization}${name}`);
				// One and a half megabytes of lines, which are more than a pipe and the worker together keep.
				const rounds = Array.from({ length: 50 }, async () => {
					for (let i = 0; i < 4; i += 1) {
						const { statuses } = await exchange(port, request.repeat(16), { answers: 16 });
						expect(statuses).toHaveLength(16);
					}
				});
				await Promise.all(rounds);
				let log = '';
				child.stderr.setEncoding('utf8').on('data', (text) => {
					log += text;
				});
				child.stderr.resume();
				child.kill('SIGTERM');
				await once(child, 'close');
				const [said] = /[\d,]+ lines of this log were dropped: nobody read them in time/.exec(log) ?? [];
				expect(said).toBeDefined();
			} finally {
				child.kill('SIGKILL');
			}
		},
		600_000,
	);
});
