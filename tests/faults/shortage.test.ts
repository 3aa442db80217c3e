/** Faults 31 and 32: the machine has no ports, no places for connections, no buffers, no leave to send. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostResult } from '../../shared/results.ts';
import type { EchoEngine } from '../../worker/icmp/echo-engine.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import { describeUnless } from '../requirements.ts';
import { block4, gather, openEngine, tally } from '../worker/icmp/engine-fixture.ts';

describeUnless(labUnavailable(), 'a machine that can not send', () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await createLab();
		await lab.enter();
	});
	afterAll(() => lab?.close());

	describe.each(['datagram', 'raw'] as const)('%s sockets', (mode) => {
		let engine: EchoEngine;
		beforeAll(async () => {
			engine = await openEngine(mode);
		});
		afterAll(() => engine?.close());

		test.each(['icmp-port-unreachable', 'icmp-host-unreachable', 'icmp-admin-prohibited'])(
			'a firewall of its own that rejects with %s is its trouble',
			async (how) => {
				lab.exec(
					'iptables',
					'-w',
					'-A',
					'OUTPUT',
					'-d',
					'10.10.0.0/24',
					'-j',
					'REJECT',
					'--reject-with',
					how,
				);
				try {
					const { results } = await gather(engine, ['10.10.0.1', '10.10.1.1'], { attempts: 2 });
					expect(results.map(({ status, reason, sent }) => [status, reason, sent])).toEqual([
						['error', 'blocked-locally', 0],
						['up', undefined, 1],
					]);
				} finally {
					lab.exec('iptables', '-w', '-F', 'OUTPUT');
				}
			},
		);

		test('a firewall that refuses for a while is asked again, and nobody is down', async () => {
			// An echo is an IP packet of 52 bytes: the first twenty sends are refused.
			const rule = ['-d', '10.10.0.0/24', '-m', 'quota', '--quota', String(20 * 52), '-j', 'DROP'];
			lab.exec('iptables', '-w', '-A', 'OUTPUT', ...rule);
			try {
				const { results, elapsedMs } = await gather(engine, ['10.10.0.1'], { timeoutMs: 1_000 });
				expect(results).toMatchObject([{ status: 'up', sent: 1, received: 1 }]);
				expect(elapsedMs).toBeGreaterThan(20);
			} finally {
				lab.exec('iptables', '-w', '-F', 'OUTPUT');
			}
		});

		test('a queue of the link that is full slows it down, and makes nobody down', async () => {
			const link = linkOf(lab);
			// 66 bytes an echo: 15,000 a second, and a queue of twenty of them.
			lab.exec(
				'tc',
				'qdisc',
				'add',
				'dev',
				link,
				'root',
				'tbf',
				'rate',
				'8mbit',
				'burst',
				'1600',
				'limit',
				'1600',
			);
			try {
				const before = engine.counters();
				const { results, elapsedMs } = await gather(engine, block4('10.12.0.1', 3_000), { timeoutMs: 1_000 });
				expect(tally(results)).toEqual({ up: 3_000 });
				expect(elapsedMs).toBeGreaterThan(150);
				const { sent, sendBlocked } = engine.counters();
				expect(sent - before.sent).toBe(3_000);
				expect(sendBlocked).toBeGreaterThan(before.sendBlocked);
			} finally {
				lab.exec('tc', 'qdisc', 'del', 'dev', link, 'root');
			}
		});

		test('a link that takes nothing is its trouble, and nobody is down', async () => {
			const link = linkOf(lab);
			lab.exec(
				'tc',
				'qdisc',
				'add',
				'dev',
				link,
				'root',
				'tbf',
				'rate',
				'8kbit',
				'burst',
				'40',
				'limit',
				'40',
			);
			try {
				const { results } = await gather(engine, block4('10.12.0.1', 300), {
					timeoutMs: 300,
					attempts: 2,
				});
				expect(tally(results)).toEqual({ 'error/no-buffers': 300 });
				expect(results.every(({ sent }) => sent === 0)).toBe(true);
			} finally {
				lab.exec('tc', 'qdisc', 'del', 'dev', link, 'root');
			}
			// And it is well again when the link is.
			expect(tally((await gather(engine, block4('10.12.0.1', 300))).results)).toEqual({ up: 300 });
		});
	});
});

/** Why the table of connections can not be filled here, or `undefined`. */
function withoutConnectionTable(): string | undefined {
	const path = '/proc/sys/net/netfilter/nf_conntrack_max';
	if (!existsSync(path)) return 'the kernel tracks no connections';
	// A few hundred bytes of the kernel's memory each.
	return Number(readFileSync(path)) > 2 ** 20 ? 'the table of connections is too large to fill' : undefined;
}

describeUnless(labUnavailable() ?? withoutConnectionTable(), 'a full table of connections', () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await createLab();
	});
	afterAll(() => lab?.close());

	/** What TCP says in a process of its own. */
	function tcp(hosts: readonly string[]): string[] {
		const script = fileURLToPath(new URL('../worker/probes/tcp-child.ts', import.meta.url));
		const request = JSON.stringify({ hosts, timeoutMs: 200, attempts: 2 });
		const results: HostResult[] = JSON.parse(lab.exec(process.execPath, script, request));
		return results.map(({ status, reason, sent }) => `${status} ${reason} ${sent}`);
	}

	test('is the machine’s trouble, for tcp and for icmp', async () => {
		const hosts = ['10.0.0.1:80', '10.128.0.1:80'];
		// Before anything is tracked: an entry of these connections would make room when it ends.
		expect(tcp(hosts)).toEqual(['down refused 1', 'down timeout 2']);
		// The first rule that looks at the state switches tracking on.
		lab.exec('iptables', '-w', '-A', 'OUTPUT', '-m', 'conntrack', '--ctstate', 'INVALID', '-j', 'DROP');
		const script = fileURLToPath(new URL('../lab/fill-conntrack.ts', import.meta.url));
		expect(Number(lab.exec(process.execPath, script))).toBeGreaterThan(0);
		// What was dropped by ourselves was never sent, although connect() waits for it as for any other.
		expect(tcp(hosts)).toEqual(['error no-buffers 0', 'error no-buffers 0']);
		await lab.enter();
		const engine = await openEngine('datagram');
		try {
			const { results } = await gather(engine, ['10.0.0.1', '10.128.0.1']);
			expect(tally(results)).toEqual({ 'error/blocked-locally': 2 });
		} finally {
			await engine.close();
		}
	});
});

/** The near end of the lab's pair. */
function linkOf(lab: Lab): string {
	return /dev (\S+)/.exec(lab.exec('ip', 'route', 'show', 'default'))![1]!;
}
