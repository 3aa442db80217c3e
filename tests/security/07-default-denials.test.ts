/** Requirement 7: what a worker denies when nobody has told it anything, to which probe, and what opens it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import type { Running } from '../process.ts';
import { describeUnless, testUnless, withoutEcho } from '../requirements.ts';

interface Result {
	readonly host: string;
	readonly status: string;
	readonly reason?: string;
	readonly sent: number;
}

const toAll: readonly (readonly [string, string])[] = [
	['0.0.0.0', 'unspecified'],
	['::', 'unspecified'],
	['0.255.255.255', 'reserved'],
	['224.0.0.1', 'multicast'],
	['239.255.255.255', 'multicast'],
	['ff02::1', 'multicast'],
	['ff0e::1', 'multicast'],
	['255.255.255.255', 'broadcast'],
	['240.0.0.1', 'reserved'],
	['255.255.255.254', 'reserved'],
	['fec0::1', 'reserved'],
	['100::1', 'reserved'],
	['4000::1', 'reserved'],
	['5f00::1', 'reserved'],
	['1::1', 'reserved'],
];
const toConnections: readonly (readonly [string, string])[] = [
	['127.0.0.1', 'loopback'],
	['127.255.255.254', 'loopback'],
	['::1', 'loopback'],
	['169.254.169.254', 'link-local'],
	['fe80::1', 'link-local'],
];

describe('07: by default', () => {
	let space: Workspace;
	let worker: Running;
	let url: string;
	beforeAll(async () => {
		space = new Workspace();
		({ running: worker, url } = await space.worker());
	});
	afterAll(async () => {
		await worker[Symbol.asyncDispose]();
		space[Symbol.dispose]();
	});

	async function ask(hosts: readonly string[], probe: string): Promise<Result[]> {
		const response = await fetch(`${url}/ping`, {
			method: 'POST',
			body: JSON.stringify({
				hosts,
				probe,
				...(probe !== 'icmp' && { port: 9 }),
				attempts: 1,
				timeoutMs: 500,
			}),
			headers: { authorization: `Bearer ${token}` },
		});
		return ((await response.json()) as { results: Result[] }).results;
	}

	const denied = (cases: typeof toAll) =>
		cases.map(([host, reason]) => ({ host, status: 'denied', reason, sent: 0, received: 0 }));

	it('tcp and http go neither to special addresses nor to this machine nor to its links', async () => {
		const cases = [...toAll, ...toConnections];
		const hosts = cases.map(([host]) => host);
		expect(await ask(hosts, 'tcp')).toMatchObject(denied(cases));
		expect(await ask(hosts, 'http')).toMatchObject(denied(cases));
	});

	testUnless(withoutEcho(), 'echo requests go to no special address, and to this machine', async () => {
		expect(
			await ask(
				toAll.map(([host]) => host),
				'icmp',
			),
		).toMatchObject(denied(toAll));
		expect(await ask(['127.0.0.1'], 'icmp')).toMatchObject([{ status: 'up', sent: 1 }]);
	});
});

describeUnless(labUnavailable() ?? withoutEcho(), '07: in a network of our own, by default', () => {
	let lab: Lab;
	let space: Workspace;
	let own: string[];
	beforeAll(async () => {
		lab = await createLab();
		space = new Workspace();
		const addresses = lab.exec('ip', '-o', 'addr', 'show', 'scope', 'global');
		own = [...addresses.matchAll(/inet6? ([0-9a-f.:]+)\//g)].map(([, address]) => address!);
	});
	afterAll(() => {
		space[Symbol.dispose]();
		lab.close();
	});

	async function fates(
		hosts: readonly string[],
		env: Record<string, string> = {},
	): Promise<Map<string, string>> {
		space.write('hosts.txt', hosts);
		const args = [
			'--hosts',
			'hosts.txt',
			'--db',
			'hosts.db',
			'--fresh',
			'--attempts',
			'1',
			'--timeout',
			'500',
		];
		await space.master(args, { lab, env });
		const rows = space.rows<{ host: string; status: string; reason: string | null }>(
			'SELECT host, status, reason FROM hosts',
		);
		return new Map(rows.map(({ host, status, reason }) => [host, `${status} ${reason ?? ''}`.trim()]));
	}

	it('the worker’s own addresses are closed to tcp and http, unless it is told, and open to echo requests', async () => {
		const [first, second, ...more] = own;
		expect(second).toBeDefined();
		const url = (host: string): string => (host.includes(':') ? `[${host}]` : host);
		const connections = (host: string): string[] => [`tcp://${url(host)}:9`, `http://${url(host)}:9/`];
		const closed = [first!, ...more].flatMap(connections);
		const found = await fates([...own, ...closed, ...connections(second!)], { PINGPOOL_ALLOW: second! });
		for (const host of own) expect(found.get(host), host).toBe('up');
		for (const host of closed) expect(found.get(host), host).toBe('denied own-address');
		for (const host of connections(second!)) expect(found.get(host), host).toBe('down refused');
	});
});
