/**
 * The worker's own missing routes and the network's refusals give the same error codes: told apart here, with
 * real routes. Two namespaces, the worker's and a router's; behind the router some blocks answer, are refused or
 * vanish.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PingRequestBody } from '../../../shared/protocol.ts';
import type { HostResult } from '../../../shared/results.ts';
import { labUnavailable } from '../../lab/lab.ts';
import { describeUnless } from '../../requirements.ts';

const run = promisify(execFile);
/** iproute2, part of every Linux */
const ipCommand = 'ip';
const near = `pp-near-${process.pid}`;
const far = `pp-far-${process.pid}`;

async function ip(...args: string[]): Promise<void> {
	await run(ipCommand, args);
}

describeUnless(labUnavailable(), 'unreachable', () => {
	beforeAll(async () => {
		await ip('netns', 'add', near);
		await ip('netns', 'add', far);
		await ip('link', 'add', 'ppn', 'netns', near, 'type', 'veth', 'peer', 'name', 'ppf', 'netns', far);
		for (const [space, link, host] of [
			[near, 'ppn', '1'],
			[far, 'ppf', '2'],
		] as const) {
			await ip('-n', space, 'link', 'set', 'lo', 'up');
			await ip('-n', space, 'link', 'set', link, 'up');
			await ip('-n', space, 'addr', 'add', `10.77.0.${host}/24`, 'dev', link);
			await ip('-n', space, 'addr', 'add', `fd77::${host}/64`, 'dev', link, 'nodad');
		}
		await run(ipCommand, [
			'netns',
			'exec',
			far,
			'sysctl',
			'-qw',
			'net.ipv4.ip_forward=1',
			'net.ipv4.icmp_ratelimit=0',
		]);
		await run(ipCommand, ['netns', 'exec', far, 'sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1']);
		await ip('-n', near, 'route', 'add', '10.80.0.0/14', 'via', '10.77.0.2');
		await ip('-n', near, 'route', 'add', 'fd80::/16', 'via', 'fd77::2');
		await ip('-n', far, 'route', 'add', 'unreachable', '10.80.0.0/16');
		await ip('-n', far, 'route', 'add', 'blackhole', '10.81.0.0/16');
		await ip('-n', far, 'route', 'add', 'local', '10.82.0.0/16', 'dev', 'lo');
		await ip('-n', far, 'route', 'add', 'prohibit', 'fd80::/32');
		await ip('-n', near, 'route', 'add', 'unreachable', '10.90.0.0/16');
		await ip('-n', near, 'route', 'add', 'prohibit', '10.91.0.0/16');
		await ip('-n', near, 'route', 'add', 'blackhole', '10.92.0.0/16');
	});

	afterAll(async () => {
		for (const space of [near, far]) await ip('netns', 'del', space).catch(() => undefined);
	});

	async function probe(hosts: readonly string[], settings: Omit<PingRequestBody, 'hosts'> = {}) {
		const script = new URL('./tcp-child.ts', import.meta.url).pathname;
		const request = JSON.stringify({ hosts, timeoutMs: 1_500, attempts: 1, ...settings });
		const child = run(ipCommand, ['netns', 'exec', near, process.execPath, script, request]);
		const results: HostResult[] = JSON.parse((await child).stdout);
		return results.map(({ status, reason = '', sent }) => `${status} ${reason} ${sent}`.replace('  ', ' '));
	}

	test('what the network says, and what the worker lacks', async () => {
		const vanishing = '10.81.0.1:80';
		const expected = {
			'10.82.0.1:80': 'down refused 1',
			'10.80.0.1:80': 'down host-unreachable 1',
			[vanishing]: 'down timeout 1',
			'[fd80::1]:80': 'down admin-prohibited 1',
			// no default route, and routes of the worker's own that lead nowhere
			'10.99.0.1:80': 'error no-route 0',
			'[fd99::1]:80': 'error no-route 0',
			'10.90.0.1:80': 'error no-route 0',
			'10.92.0.1:80': 'error no-route 0',
			'10.91.0.1:80': 'error blocked-locally 0',
			// all machines of the worker's own link
			'10.77.0.255:80': 'denied broadcast 0',
		};
		// Over a second: on a link without delay the first ICMPv6 error comes while the kernel is still connecting,
		// and only the one to the SYN sent after a second counts. Only who vanishes is waited for to the end.
		const answering = Object.keys(expected).filter((host) => host !== vanishing);
		const [results, [vanished]] = await Promise.all([
			probe(answering, { timeoutMs: 60_000 }),
			probe([vanishing]),
		]);
		const found = Object.fromEntries(answering.map((host, i) => [host, results![i]]));
		expect({ ...found, [vanishing]: vanished }).toEqual(expected);
	});

	test('too few ephemeral ports make it slower; none left is the worker’s trouble', async () => {
		await run(ipCommand, [
			'netns',
			'exec',
			near,
			'sysctl',
			'-qw',
			'net.ipv4.ip_local_port_range=40000 40001',
		]);
		const hosts = Array(6).fill('10.81.0.1:80');
		expect(await probe(hosts, { timeoutMs: 100 })).toEqual(Array(6).fill('down timeout 1'));
		const script = new URL('./tcp-child.ts', import.meta.url).pathname;
		const request = JSON.stringify({ hosts: hosts.slice(0, 2), timeoutMs: 60_000, attempts: 1 });
		const holder = spawn(ipCommand, ['netns', 'exec', near, process.execPath, script, request]);
		try {
			await expect.poll(connecting).toBe(2);
			expect(await probe(hosts)).toEqual(Array(6).fill('error no-ports 0'));
		} finally {
			holder.kill('SIGKILL');
			await once(holder, 'exit');
		}
	});

	/** Connects under way in the worker's namespace (state 02, SYN_SENT). */
	async function connecting(): Promise<number> {
		const { stdout } = await run(ipCommand, ['netns', 'exec', near, 'cat', '/proc/net/tcp']);
		return stdout.split('\n').filter((line) => line.trim().split(/\s+/)[3] === '02').length;
	}

	test('IPv6 that is switched off is no route', async () => {
		await run(ipCommand, ['netns', 'exec', near, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1']);
		expect(await probe(['[fd80::1]:80', '[::1]:80'])).toEqual(['error no-route 0', 'error no-route 0']);
	});
});
