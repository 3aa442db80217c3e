/**
 * Requirement 16, of a real run: the dashboard listens on loopback alone, answers to its own names and pages alone, and
 * its pages run nothing but its own files. Without it a master opens no port. The embedded worker has one of loopback,
 * with a token.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { childrenOf, Workspace } from '../e2e/command-line.ts';
import { describeUnless } from '../requirements.ts';
import type { ForeignServer } from '../servers.ts';
import { foreignServer } from '../servers.ts';
import { exchange } from '../worker/raw-exchange.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

const listen = '0A';
const unconnectedUdp = '07';

/** Addresses of this process's sockets that take what comes, of TCP and UDP, as `/proc/net` writes them. */
function openPorts(pid: number) {
	const folder = `/proc/${pid}/fd`;
	const inodes = new Set(
		readdirSync(folder).flatMap((fd) => {
			try {
				return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? [];
			} catch {
				return []; // closed in between
			}
		}),
	);
	return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) => {
		const lines = readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8').trim().split('\n').slice(1);
		return lines
			.map((line) => line.trim().split(/\s+/))
			.filter((fields) => inodes.has(fields[9]!))
			.filter((fields) => fields[3] === (protocol.startsWith('tcp') ? listen : unconnectedUdp))
			.map((fields) => {
				const [address, port] = fields[1]!.split(':') as [string, string];
				return { protocol, address, port: Number.parseInt(port, 16) };
			});
	});
}

/** Starts a master whose run goes on for as long as a server says nothing. */
function startMaster(web: ForeignServer, args: readonly string[], env: Record<string, string>) {
	space.write('hosts.txt', [`tcp://127.0.0.1:${web.port}`, `http://127.0.0.1:${web.port}/`]);
	return space.start(['master', '--timeout', '20000', '--attempts', '1', ...args], {
		env: { PINGPOOL_ALLOW: '127.0.0.0/8', ...env },
	});
}

const onLoopback = { protocol: 'tcp', address: '0100007F', port: expect.any(Number) };

describeUnless(process.platform === 'linux' ? undefined : 'needs Linux', '16: while a run goes on', () => {
	test('a master without a dashboard listens on nothing, and its embedded worker on 127.0.0.1 alone', async () => {
		await using web = await foreignServer('silence');
		await using master = startMaster(web, ['--no-dashboard'], { PINGPOOL_DASHBOARD: '' });
		await master.says(/worker embedded: /);
		const [worker, ...others] = childrenOf(master.child.pid!);
		expect(others).toEqual([]);
		expect(openPorts(master.child.pid!)).toEqual([]);
		const open = openPorts(worker!);
		expect(open).toEqual([onLoopback]);
		// Nor is it open to everybody on this machine.
		const { port } = open[0]!;
		const body = JSON.stringify({ hosts: ['127.0.0.1'] });
		expect((await fetch(`http://127.0.0.1:${port}/ping`, { method: 'POST', body })).status).toBe(401);
		expect((await fetch(`http://127.0.0.1:${port}/capabilities`)).status).toBe(401);
	});

	test('a dashboard listens on 127.0.0.1 alone, and answers to nobody but its own pages', async () => {
		await using web = await foreignServer('silence');
		await using master = startMaster(web, [], { PINGPOOL_DASHBOARD: '' });
		const port = Number((await master.says(/dashboard: http:\/\/127\.0\.0\.1:(\d+)\/\n/))[1]);
		expect(openPorts(master.child.pid!)).toEqual([{ ...onLoopback, port }]);

		const own = `Host: 127.0.0.1:${port}`;
		const ask = async (line: string, ...headers: string[]) => {
			const head = [`${line} HTTP/1.1`, ...headers, 'Content-Length: 0', '', ''].join('\r\n');
			const { statuses, text } = await exchange(port, head, { answers: 1 });
			return { status: statuses[0], text };
		};
		expect((await ask('GET /api/about', own)).text).toContain('"db":"hosts.db"');
		// A page of evil.example, whose name was pointed here: its requests are of its own origin.
		const rebound = [`Host: evil.example:${port}`, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: cors'];
		for (const path of ['/api/about', '/api/live', '/api/runs', '/api/runs/1/results', '/metrics', '/']) {
			const { status, text } = await ask(`GET ${path}`, ...rebound);
			expect([status, /hosts\.db|"run"|pingpool_/.test(text)], path).toEqual([421, false]);
		}
		// A page of evil.example as it is.
		const foreign = [own, 'Origin: http://evil.example', 'Sec-Fetch-Site: cross-site'];
		for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
			const { status, text } = await ask(`${method} /api/about`, ...foreign);
			expect([status, /access-control|hosts\.db/i.test(text)], method).toEqual([403, false]);
		}
		expect((await ask('GET /api/live', own, 'Sec-Fetch-Site: cross-site')).status).toBe(403);
		// Nothing can be changed by anybody.
		expect((await ask('POST /api/runs', own, `Origin: http://127.0.0.1:${port}`)).status).toBe(405);

		const policy = /^content-security-policy: (.*)\r$/m.exec((await ask('GET /api/about', own)).text)![1]!;
		expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
		expect(policy).toMatch(/; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
		expect(policy).not.toMatch(/unsafe|https?:|\*|nonce|sha256/);
	});
});
