import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EchoEngine } from '../../../worker/icmp/echo-engine.ts';
import { openEchoEngine } from '../../../worker/icmp/open.node.ts';
import { pingArguments } from '../../../worker/icmp/ping-command.node.ts';
import type { Lab } from '../../lab/lab.ts';
import { createLab, labUnavailable } from '../../lab/lab.ts';
import { describeUnless, testUnless, withoutCommand } from '../../requirements.ts';
import { address, block4, gather, openEngine, sharedPacer, tally } from './engine-fixture.ts';

const unavailable = labUnavailable() ?? withoutCommand('ping');

/** Where nobody is waited for to the end: ping itself gives up what it was stopped for. */
const patient = { timeoutMs: 20_000 };

const openProcess = fileURLToPath(new URL('./open-process.ts', import.meta.url));
/** Root by name, who may do nothing that others may not: it can still read this checkout, wherever it is. */
const withoutCapabilities = [
	'setpriv',
	...['--bounding-set', '-all', '--inh-caps', '-all', '--no-new-privs'],
] as const;

describe('pingArguments', () => {
	const unix = { path: '/bin/ping', platform: 'unix', isMacos: false } as const;
	it.each([
		[unix, '10.0.0.1', ['-n', '-c', '1', '-W', '2', '--', '10.0.0.1']],
		[{ ...unix, isMacos: true }, '10.0.0.1', ['-n', '-c', '1', '-W', '1500', '--', '10.0.0.1']],
		[{ ...unix, isMacos: true }, 'fd00::1', ['-n', '-c', '1', '--', 'fd00::1']],
		[{ ...unix, platform: 'windows' as const }, 'fd00::1', ['-6', '-n', '1', '-w', '1500', 'fd00::1']],
	])('gives a literal only, on %o for %s', (command, text, expected) => {
		expect(pingArguments(command, address(text), 1_500)).toEqual(expected);
	});
});

describeUnless(unavailable, 'command engine in a lab', () => {
	let lab: Lab;
	let engine: EchoEngine;
	beforeAll(async () => {
		lab = await createLab();
		await lab.enter();
		engine = await openEngine('command');
	});
	afterAll(async () => {
		await engine?.close();
		lab?.close();
	});

	it('gives the results that the socket engine gives', async () => {
		const answered = [
			'10.0.0.1',
			'fd00:a::1',
			'10.192.0.1',
			'10.193.0.1',
			'10.194.0.1',
			'fd00:b::1',
			'fd00:e::1',
		];
		const [{ results }, silent] = await Promise.all([
			gather(engine, answered, patient),
			gather(engine, ['10.128.0.1'], { timeoutMs: 1_000 }),
		]);
		expect([...results, ...silent.results].map(({ status, reason, sent }) => [status, reason, sent])).toEqual(
			[
				['up', undefined, 1],
				['up', undefined, 1],
				['down', 'host-unreachable', 1],
				['down', 'admin-prohibited', 1],
				['down', 'net-unreachable', 1],
				['down', 'host-unreachable', 1],
				['down', 'net-unreachable', 1],
				['down', 'timeout', 1],
			],
		);
		expect(results[0]!.rttMs).toBeGreaterThanOrEqual(0);
	});

	it('reports statistics when count is above 1', async () => {
		const { results, elapsedMs } = await gather(engine, ['10.0.0.2'], {
			...patient,
			count: 3,
			intervalMs: 50,
		});
		expect(results[0]).toMatchObject({ status: 'up', sent: 3, received: 3, lossPercent: 0 });
		expect(elapsedMs).toBeGreaterThanOrEqual(100);
	});

	it('probes more hosts than it has processes', async () => {
		const { results } = await gather(engine, block4('10.0.1.1', 150), patient);
		expect(tally(results)).toEqual({ up: 150 });
	});

	it('calls what can not leave an error', async () => {
		lab.exec('ip', 'route', 'add', 'unreachable', '10.250.0.0/24');
		try {
			const { results } = await gather(engine, ['10.250.0.1', '10.200.0.255'], patient);
			expect(results.map(({ status, reason, sent }) => [status, reason, sent])).toEqual([
				['error', 'no-route', 0],
				['denied', 'broadcast', 0],
			]);
		} finally {
			lab.exec('ip', 'route', 'del', '10.250.0.0/24');
		}
	});

	it('serves a small job while a large one waits, and ends its processes when it is aborted', async () => {
		const aborter = new AbortController();
		const reason = new Error('the caller has gone');
		// Two hundred hosts, 64 at a time: in a fourth of its time it gives up a first place.
		const running = gather(engine, block4('10.128.1.1', 200), { timeoutMs: 3_000, signal: aborter.signal });
		let isOver = false;
		running
			.catch(() => {})
			.finally(() => {
				isOver = true;
			});
		expect(tally((await gather(engine, ['10.0.0.3'], patient)).results)).toEqual({ up: 1 });
		expect(isOver).toBe(false);
		await expect.poll(() => processesWith('10.128.1.')).toBeGreaterThan(0);
		aborter.abort(reason);
		await expect(running).rejects.toBe(reason);
		expect(processesWith('10.128.1.')).toBe(0);
	});
});

/** Processes that this one has started and that have `text` in their command line. */
function processesWith(text: string): number {
	let count = 0;
	for (const name of readdirSync('/proc')) {
		if (!/^[0-9]+$/.test(name)) continue;
		try {
			const isOurs = readFileSync(`/proc/${name}/status`, 'latin1').includes(`\nPPid:\t${process.pid}\n`);
			if (isOurs && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text)) count += 1;
		} catch {
			// It has ended meanwhile.
		}
	}
	return count;
}

describeUnless(unavailable, 'choice of the engine', () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await createLab({ pingGroupRange: '1 0' });
		await lab.enter();
	});
	afterAll(() => lab?.close());

	it('takes raw sockets where the datagram ones are not permitted', async () => {
		const engine = await openEchoEngine({ pacer: sharedPacer() });
		if ('unavailable' in engine) throw new Error(engine.unavailable);
		expect(engine.mode).toBe('raw');
		expect(tally((await gather(engine, ['10.0.0.1'])).results)).toEqual({ up: 1 });
		await engine.close();
	});

	it('says why datagram sockets are not to be had, and what would help', async () => {
		expect(await openEchoEngine({ pacer: sharedPacer(), mode: 'datagram' })).toEqual({
			unavailable: 'datagram IPv4: errno 13, datagram IPv6: errno 13',
			hint: expect.stringContaining('net.ipv4.ping_group_range'),
		});
	});

	testUnless(withoutCommand('setpriv'), 'says so where nothing is permitted, without a crash', () => {
		const [file, ...args] = withoutCapabilities;
		const output = execFileSync(file, [...args, process.execPath, openProcess], { encoding: 'utf8' });
		expect(JSON.parse(output)).toEqual({
			unavailable: expect.stringMatching(/^datagram IPv4: errno 13.*raw IPv6: errno 1; .*\(no-permission\)$/),
			hint: expect.stringContaining('net.ipv4.ping_group_range'),
		});
	});
});
