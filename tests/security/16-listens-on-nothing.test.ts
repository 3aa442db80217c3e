/** There is no dashboard: a master opens no port of its own, and its embedded worker one of loopback, with a token. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { childrenOf, Workspace } from '../e2e/command-line.ts';
import { describeUnless } from '../requirements.ts';
import { foreignServer } from '../servers.ts';

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

describeUnless(process.platform === 'linux' ? undefined : 'needs Linux', '16: while a run goes on', () => {
	test('a master listens on nothing, and its embedded worker on 127.0.0.1 alone', async () => {
		await using web = await foreignServer('silence');
		space.write('hosts.txt', [`tcp://127.0.0.1:${web.port}`, `http://127.0.0.1:${web.port}/`]);
		await using master = space.start(['master', '--timeout', '20000', '--attempts', '1'], {
			env: { PINGPOOL_ALLOW: '127.0.0.0/8' },
		});
		await master.says(/worker embedded: /);
		const [worker, ...others] = childrenOf(master.child.pid!);
		expect(others).toEqual([]);
		expect(openPorts(master.child.pid!)).toEqual([]);
		const open = openPorts(worker!);
		expect(open).toEqual([{ protocol: 'tcp', address: '0100007F', port: expect.any(Number) }]);
		// Nor is it open to everybody on this machine.
		const { port } = open[0]!;
		const body = JSON.stringify({ hosts: ['127.0.0.1'] });
		expect((await fetch(`http://127.0.0.1:${port}/ping`, { method: 'POST', body })).status).toBe(401);
		expect((await fetch(`http://127.0.0.1:${port}/capabilities`)).status).toBe(401);
	});
});
