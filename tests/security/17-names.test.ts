/**
 * Requirement 17: whatever came from outside, a terminal, a log, a CSV and a JSON get texts in which nothing moves
 * the cursor, reorders, hides, or passes for a line of ours. Every way by which something gets in is tried.
 */
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main as masterMain } from '../../master/cli.ts';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import { main as exportMain } from '../../master/export/cli.ts';
import { decideRun } from '../../master/resume.ts';
import { openToRead } from '../../master/store/open-database.ts';
import { holdSqlite, openSqliteStore } from '../../master/store/sqlite.ts';
import { openTargetList } from '../../master/targets/open.node.ts';
import type { TargetListOptions } from '../../master/targets/target-list.ts';
import type { WorkerClient } from '../../master/worker-client.ts';
import { failureOf, failureOfStatus } from '../../master/worker-failures.ts';
import { readWorkersFile } from '../../master/workers-file.ts';
import { systemClock } from '../../shared/clock.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import { createAuditLog } from '../../worker/audit-log.node.ts';
import { buildCapabilities } from '../../worker/capabilities.ts';
import { main as workerMain } from '../../worker/cli.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import { addRun, parseCsv, tamper } from '../master/export/export-fixture.ts';
import type { Answer } from '../master/worker-client-fixture.ts';
import { callOf, clientOf, httpServer } from '../master/worker-client-fixture.ts';
import { testApp } from '../worker/app-fixture.ts';
import type { Printed } from './capture.ts';
import { printed } from './capture.ts';
import { hostile, unsafeIn } from './unsafe-text.ts';

const texts = Object.values(hostile);

/** All of them in a few names that a file can have. */
const names: string[] = [];
for (const text of texts) {
	const safeForFiles = text.replaceAll('\0', '').replaceAll('/', '|');
	const joined = `${names.at(-1) ?? ''}${safeForFiles.slice(0, 60)}`;
	if (names.length > 0 && Buffer.byteLength(joined) < 180) names[names.length - 1] = joined;
	else names.push(safeForFiles.slice(0, 60));
}

/** What somebody who can break lines would have us say. */
const forged = /^pingpool: (run 1 finished|all is well)/m;

function expectSafe(text: string): void {
	expect(unsafeIn(text)).toBeUndefined();
	expect(text).not.toMatch(forged);
}

function expectSafelyRefused({ code, stdout, stderr }: Printed, codes: readonly number[] = [1, 2]): void {
	expect(codes).toContain(code);
	expect(stderr).not.toBe('');
	expectSafe(stdout);
	expectSafe(stderr);
}

let space: Workspace;
const home = process.cwd();
beforeEach(() => {
	space = new Workspace();
	process.chdir(space.folder);
});
afterEach(() => {
	process.chdir(home);
	space[Symbol.dispose]();
});

describe('17: arguments and variables', () => {
	const withoutNull = texts.filter((text) => !text.includes('\0'));

	it.each([
		['master', masterMain],
		['worker', workerMain],
		['export', exportMain],
	] as const)('of pingpool %s', async (_, main) => {
		for (const text of texts) {
			for (const argv of [[`--${text}`], [text], ['--port', text], ['--run', text]]) {
				expectSafelyRefused(await printed(main, argv), [2]);
			}
		}
		for (const text of withoutNull)
			expectSafelyRefused(await printed(main, [], { [`PINGPOOL_${text}`]: '1' }), [2]);
	});

	it('with wrong values', async () => {
		for (const text of withoutNull) {
			for (const name of ['PINGPOOL_COUNT', 'PINGPOOL_PROBE', 'PINGPOOL_QUIET', 'PINGPOOL_TIMEOUT']) {
				expectSafelyRefused(await printed(masterMain, [], { [name]: text }), [2]);
			}
			for (const name of [
				'PINGPOOL_DENY',
				'PINGPOOL_PORTS',
				'PINGPOOL_ICMP',
				'PINGPOOL_TOKEN',
				'PINGPOOL_HOST',
				'PINGPOOL_CONTACT',
			]) {
				expectSafelyRefused(await printed(workerMain, [], { [name]: text }), [2]);
			}
		}
	});

	it('in a fault of ours', async () => {
		// Whatever ends a command is an error with such a message.
		const thrower = 'process.stdout.on = () => { throw new Error(process.env.MESSAGE); };';
		space.write('thrower.cjs', thrower);
		const env = { NODE_OPTIONS: `--require=${space.path('thrower.cjs')}`, MESSAGE: withoutNull.join('') };
		const { code, stdout, stderr } = await space.run(['master', '--help'], { env });
		expect(code).toBe(1);
		expect(unsafeIn(stdout + stderr)).toBeUndefined();
		expect(stderr).toContain('\\u001b[31m');
	});

	it('that are no command', async () => {
		const { code, stdout, stderr } = await space.run([withoutNull.join('')]);
		expectSafelyRefused({ code: Number(code), stdout, stderr }, [2]);
	});
});

describe('17: files', () => {
	/** What is said of something that is no good. */
	async function complaint(attempt: () => unknown): Promise<string> {
		try {
			await attempt();
		} catch (error) {
			if (error instanceof PingpoolError) return `${error.message}\n${error.hint ?? ''}`;
			throw error;
		}
		throw new Error('it was taken');
	}

	const { signal } = new AbortController();
	const openList = (path: string, more: object = {}) =>
		openTargetList({
			input: { path },
			probe: 'icmp',
			skipInvalid: false,
			check: () => undefined,
			signal,
			...more,
		} as TargetListOptions);

	it('with names of that kind, that are not there or no good', async () => {
		space.write('hosts.txt', '192.0.2.1\n');
		for (const name of names) {
			space.write(name, 'x y\n'.repeat(20));
			for (const path of [name, `none ${name}`, `${name}/none`]) {
				expectSafe(await complaint(() => openList(path)));
				expectSafe(await complaint(() => openList('hosts.txt', { excludePath: path })));
				expectSafe(await complaint(() => readWorkersFile(path)));
				expectSafe(await complaint(() => openToRead(path, 100)));
				// What is not there could be made.
				if (!path.startsWith('none')) expectSafe(await complaint(() => openSqliteStore({ path })));
			}
			for (const argv of [
				['--token-file', name],
				['--allow-file', name],
				['--deny-file', `none ${name}`],
				['--tls-cert', name, '--tls-key', name],
			]) {
				expectSafelyRefused(await printed(workerMain, ['--host', '127.0.0.1', '--port', '0', ...argv]));
			}
		}
		const [name] = names;
		expectSafelyRefused(await printed(masterMain, ['--workers', name!]), [2]);
		space.write('workers.txt', 'http://127.0.0.1:9\n');
		expectSafelyRefused(
			await printed(masterMain, ['--hosts', name!, '--db', `none/${name}`, '--workers', 'workers.txt']),
		);
	});

	it('with lines of that kind', async () => {
		for (const line of texts.flatMap((text) => text.split('\n'))) {
			for (const entry of [
				line,
				`http://${line}/a b`,
				`tcp://${line}:0`,
				`10.0.0.0/${line}`,
				`${line}://x`,
				`x:${line}`,
			]) {
				space.write('list.txt', [entry, 'x y']);
				expectSafe(await complaint(() => openList('list.txt')));
			}
			for (const entry of [
				line,
				`http://${line}`,
				`http://a.test ${line}`,
				`http://a.test weight=${line}`,
				`http://a.test ${line}=1`,
				`http://a.test token-file=${line}`,
				`${line}://a.test`,
				`http://a.test token=${line}`,
				`https://a.test pin=${line}`,
			]) {
				space.write('workers.txt', [entry, 'x']);
				expectSafe(await complaint(() => readWorkersFile('workers.txt')));
			}
		}
	});
});

describe('17: a worker that is hostile', () => {
	const capabilities = buildCapabilities({ runtime: 'node', probes: ['icmp', 'tcp', 'http'], icmp: 'raw' });

	/** What is told of a worker that answers like this. */
	async function failure(answer: Answer, ask: (client: WorkerClient) => Promise<unknown>): Promise<string> {
		const client = clientOf(await httpServer(answer));
		const error = await ask(client).then(
			() => new Error('it was taken'),
			(reason: unknown) => reason,
		);
		expect(error).toBeInstanceOf(WorkerFailure);
		return (error as WorkerFailure).message;
	}

	it('in what it says that it is', async () => {
		const { signal } = new AbortController();
		for (const name of names) {
			for (const change of [
				{ version: name.slice(0, 60) },
				{ instance: name.slice(0, 60) },
				{ icmp: name },
				{ probes: [name] },
				{ requestForms: [name] },
				{ runtime: name },
				{ protocol: name },
			]) {
				const answer: Answer = (_, response) =>
					void response.end(JSON.stringify({ ...capabilities, ...change }));
				const said = await failure(answer, (client) => client.capabilities(signal));
				expect(said).toBe('is not a pingpool worker (GET /capabilities)');
			}
		}
	});

	it('in errors, status lines, headers, answers and what is none', async () => {
		for (const text of names) {
			const error = JSON.stringify({ error: { code: text, message: text, details: { [text]: text } } });
			const bytes = Buffer.from(text)
				.toString('latin1')
				.replace(/[^\x20-\x7e\x80-\xff]/g, '');
			const answers: Answer[] = [
				(_, response) => void response.writeHead(400, bytes).end(error),
				(_, response) => void response.writeHead(500).end(error),
				(_, response) => void response.writeHead(429, { 'retry-after': bytes }).end(error),
				(_, response) => void response.writeHead(503, { location: bytes }).end(text),
				(_, response) => void response.writeHead(200).end(text),
				({ socket }) => void socket.end(`HTTP/1.1 200 ${text}\r\n${text}: ${text}\r\n\r\n${text}`),
				({ socket }) => void socket.end(text),
				...[
					[mediaTypes.ndjson, JSON.stringify({ done: true, results: text })],
					[mediaTypes.ndjson, JSON.stringify({ host: text, status: text })],
					[mediaTypes.json, JSON.stringify({ worker: text, results: text })],
					[
						mediaTypes.json,
						JSON.stringify({ results: [{ host: '192.0.2.1', status: 'up', reason: text, address: text }] }),
					],
					[`text/${bytes}`, text],
					// Texts that an object makes of itself: it must not come to that.
					[mediaTypes.ndjson, '{"done":true,"results":{"toString":1,"valueOf":1}}'],
					[mediaTypes.ndjson, `{"done":true,"results":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
				].map(
					([type, body]): Answer =>
						(_, response) =>
							void response.writeHead(200, { 'content-type': type }).end(body),
				),
			];
			for (const answer of answers) {
				const said = await failure(answer, (client) => client.ping(callOf(['192.0.2.1']).call));
				expect(unsafeIn(said, { lineBreaks: false })).toBeUndefined();
				expect(said.length).toBeLessThan(2_000);
			}
		}
	});

	it('in every way of failing, text by text', async () => {
		for (const text of texts) {
			async function* body(): AsyncGenerator<Uint8Array> {
				yield Buffer.from(JSON.stringify({ error: { code: 'x', message: text } }));
			}
			for (const status of [400, 401, 413, 418, 500, 503]) {
				const { message } = await failureOfStatus(
					status,
					{ 'retry-after': text, date: text },
					body(),
					'no token',
				);
				expect(unsafeIn(message, { lineBreaks: false })).toBeUndefined();
			}
			for (const [code, reason] of [
				['ERR_TLS_CERT_ALTNAME_INVALID', undefined],
				['ERR_SSL_X', text],
				['CERT_X', undefined],
			]) {
				const error = Object.assign(new Error(`Host: ${text}. is not in the cert's altnames: DNS:${text}`), {
					code,
					reason,
				});
				expect(unsafeIn((failureOf(error, false) as Error).message, { lineBreaks: false })).toBeUndefined();
			}
		}
	});

	it('while everything goes well: the summary, as text and as JSON', async () => {
		const url = await httpServer((request, response, body) => {
			if (request.url === '/capabilities') {
				response.end(JSON.stringify({ ...capabilities, requestForms: [mediaTypes.json], requestIds: false }));
				return;
			}
			const { hosts } = JSON.parse(body) as { hosts: string[] };
			const results = hosts.map((host) => ({
				host,
				status: 'up',
				sent: 1,
				received: 1,
				rttMs: 1,
				note: texts.join(''),
			}));
			response
				.writeHead(200, { 'content-type': mediaTypes.json })
				.end(JSON.stringify({ worker: texts.join(''), results }));
		});
		space.write('hosts.txt', '192.0.2.1\n');
		space.write('workers.txt', `${url} token=x\n`);
		const [name] = names;
		const argv = ['--workers', 'workers.txt', '--db', name!];
		const text = await printed(masterMain, argv);
		expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining('run 1 finished: 1 host') });
		expectSafe(text.stdout);
		expectSafe(text.stderr);
		const json = await printed(masterMain, [...argv, '--json']);
		expectSafe(json.stdout);
		expect(JSON.parse(json.stdout)).toMatchObject({ up: 1, db: name });
	});
});

describe('17: a database that somebody else has written', () => {
	it('as another program’s, with tables of any name', async () => {
		for (const text of names) {
			const db = new Database(space.path('hosts.db'));
			db.exec(`CREATE TABLE "${text.replaceAll('"', '""')}" (a)`);
			db.close();
			expectSafelyRefused(await printed(exportMain, []), [1]);
			space.change(`DROP TABLE "${text.replaceAll('"', '""')}"`);
		}
	});

	it('as the lock of a master', () => {
		const path = space.path('hosts.db');
		const lock = new Database(`${path}-master`);
		lock.exec('CREATE TABLE master (pid, host, since_ms)');
		for (const text of names) {
			lock.prepare('DELETE FROM master').run();
			lock.prepare('INSERT INTO master VALUES (?, ?, ?)').run(text, text, text);
			lock.exec('BEGIN IMMEDIATE');
			try {
				holdSqlite({ path });
				expect.unreachable();
			} catch (error) {
				expect(error).toBeInstanceOf(PingpoolError);
				expect(unsafeIn((error as Error).message, { lineBreaks: false })).toBeUndefined();
			}
			lock.exec('ROLLBACK');
		}
		lock.close();
	});

	it('as a run that would go on', async () => {
		const path = space.path('hosts.db');
		await addRun(path, { rows: 1, state: 'failed' });
		const wanted = { total: 1, fingerprint: 'f', options: { probe: 'icmp', count: 1 } };
		for (const value of [...names, { toString: 1 }, [[names[0]]]]) {
			const options = JSON.stringify({ probe: value, count: value, [String(names[0])]: value });
			tamper(path, [['UPDATE runs SET options = ?', options]]);
			const held = holdSqlite({ path });
			held.release();
			const decision = decideRun(held.lastRun, wanted, { fresh: false });
			const said = decision.kind === 'refuse' ? decision.error.message : '';
			expect(said).toContain('was begun with --probe');
			expect(unsafeIn(said, { lineBreaks: false })).toBeUndefined();
		}
	});

	it('exported: every word of every column', async () => {
		const path = space.path('hosts.db');
		await addRun(path, { rows: texts.length + 5 });
		tamper(path, [
			...texts.flatMap((text, i): [string, ...unknown[]][] => [
				[
					'UPDATE answers SET host = ?, address = ?, rtt_us = ?, checked_at = ? WHERE id = ?',
					text,
					text,
					text,
					text,
					2 ** 32 + i,
				],
			]),
			['UPDATE workers SET name = ?', texts.join('')],
			['UPDATE statuses SET name = ? WHERE code = 0', texts.join('')],
			['UPDATE reasons SET name = ? WHERE code = 1', texts.join('')],
			['UPDATE answers SET host = ? WHERE id = ?', "=cmd|' /C calc'!A0", 2 ** 32 + texts.length],
			['UPDATE answers SET host = ? WHERE id = ?', '@SUM(1+1)*cmd', 2 ** 32 + texts.length + 1],
			[
				'UPDATE answers SET host = ? WHERE id = ?',
				`${'a'.repeat(200)}.`.repeat(5),
				2 ** 32 + texts.length + 2,
			],
			[
				'UPDATE answers SET host = ?, outcome = ? WHERE id = ?',
				Buffer.from('\u001b[2J'),
				-1,
				2 ** 32 + texts.length + 3,
			],
			['UPDATE answers SET outcome = ? WHERE id = ?', 9e18, 2 ** 32 + texts.length + 4],
		]);
		const csv = await printed(exportMain, []);
		expect(csv).toMatchObject({ code: 0, stderr: '' });
		expectSafe(csv.stdout);
		const records = parseCsv(csv.stdout);
		expect(records).toHaveLength(texts.length + 6);
		for (const record of records) {
			expect(record).toHaveLength(14);
			for (const field of record) expect(field).not.toMatch(/^(?!-[0-9.]+$)\s*[=+\-@\t\r\n＝＋－＠]/);
		}
		const jsonl = await printed(exportMain, ['--format', 'jsonl']);
		expect(jsonl).toMatchObject({ code: 0, stderr: '' });
		expectSafe(jsonl.stdout);
		const hosts = jsonl.stdout
			.trimEnd()
			.split('\n')
			.map((line) => (JSON.parse(line) as { host: string }).host);
		// What SQLite can keep: surrogates without their half are no UTF-8.
		expect(hosts.slice(0, texts.length)).toEqual(texts.map((text) => Buffer.from(text).toString()));
	});

	it('carried over from the old system, and exported', async () => {
		space.change('CREATE TABLE hosts (host TEXT, status TEXT)');
		tamper(
			space.path('hosts.db'),
			texts.map((text) => ['INSERT INTO hosts VALUES (?, ?)', text, text]),
		);
		const notices: string[] = [];
		await openSqliteStore({
			path: space.path('hosts.db'),
			onNotice: (notice) => notices.push(notice),
		}).close();
		for (const notice of notices) expectSafe(notice);
		const { code, stdout } = await printed(exportMain, ['--status', 'error']);
		expect(code).toBe(0);
		expectSafe(stdout);
		expect(parseCsv(stdout)).toHaveLength(texts.length + 1);
	});
});

describe('17: a caller of a worker that is hostile', () => {
	const bodiesOf = (text: string): string[] => [
		text,
		JSON.stringify({ hosts: [text] }),
		JSON.stringify({ hosts: [`http://a.test/${text}`] }),
		JSON.stringify({ hosts: ['127.0.0.1'], [text]: 1 }),
		JSON.stringify({ hosts: ['127.0.0.1'], probe: text }),
		JSON.stringify({ hosts: ['127.0.0.1'], count: text }),
	];

	it('in hosts and settings: answers in every form', async () => {
		const { ping } = testApp();
		for (const body of texts.flatMap(bodiesOf)) expectSafe(await (await ping(body)).text());
		// Names as they may be, which an answer repeats as they were asked for.
		const hosts = ['\u05d0\u05d1\u05d2.test', 'a\u0301.test', 'b\u00fccher.test'];
		for (const accept of [mediaTypes.json, mediaTypes.ndjson]) {
			const text = await (await ping({ hosts }, { accept })).text();
			expectSafe(text);
			expect(text).toContain('\\u05d0\\u05d1\\u05d2.test');
		}
	});

	it('in hosts, settings, headers and what is no HTTP: answers and log of a process', async () => {
		space.write(names[0]!, `${token}\n`);
		const argv = ['--token-file', names[0]!, '--icmp', 'off'];
		await using worker = (await space.worker(argv, { env: { PINGPOOL_TOKEN: '' } })).running;
		const url = (await worker.says(/http:\/\/127\.0\.0\.1:\d+/))[0];
		const { port } = new URL(url);
		for (const body of names.flatMap(bodiesOf)) {
			const response = await fetch(`${url}/ping`, {
				method: 'POST',
				headers: { authorization: `Bearer ${token}` },
				body,
			});
			expectSafe(await response.text());
		}
		for (const text of [...names, '\u0000\u001b[2J', '\u009b2J']) {
			for (const bytes of [
				`GET /${text} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
				`${text} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
				`POST /ping HTTP/1.1\r\nHost: x\r\nAuthorization: ${text}\r\nPingpool-Request: ${text}\r\nX-Forwarded-For: ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
				`GET /capabilities HTTP/1.1\r\nHost: ${text}\r\nAuthorization: Bearer ${token}\r\nOrigin: ${text}\r\nConnection: close\r\n\r\n`,
				text,
			]) {
				const socket = connect(Number(port), '127.0.0.1');
				socket.on('error', () => undefined);
				socket.end(bytes);
				expectSafe(await readText(socket));
			}
		}
		worker.child.kill('SIGTERM');
		await worker.exited;
		expectSafe(worker.output());
		expectSafe(worker.errors());
		expect(worker.errors().split('\n').length).toBeGreaterThan(20);
	});

	it.each(['text', 'json'] as const)('in a log as %s, field by field', (format) => {
		const lines: string[] = [];
		const log = createAuditLog({
			format,
			level: 'debug',
			write: (line) => lines.push(line),
			clock: systemClock,
		});
		for (const text of texts) {
			const entry = {
				caller: text,
				request: text,
				token: 1,
				outcome: 'ok',
				hosts: 1,
				denied: 1,
				probes: ['tcp'],
				ms: 1,
			} as const;
			log.begun(entry);
			log.request(entry);
			log.disturbance('no-http', text);
			log.fault(new Error(text));
			log.fault(text);
		}
		log.close();
		expect(lines.length).toBeGreaterThan(texts.length);
		for (const line of lines) {
			expectSafe(line);
			expect(line).toMatch(/\n$/);
			// Nothing but the trace of a fault has several lines, and those are set in.
			for (const rest of line.slice(0, -1).split('\n').slice(1)) expect(rest).toMatch(/^ {2}/);
			if (format === 'json') JSON.parse(line);
		}
	});
});
