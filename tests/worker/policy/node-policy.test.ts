import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cidrSet } from '../../../shared/cidr-set.ts';
import type { Clock } from '../../../shared/clock.ts';
import { parseCidr, parseIp, parseIpv4 } from '../../../shared/ip.ts';
import { parsePorts } from '../../../shared/ports.ts';
import { createNodePolicy } from '../../../worker/policy/node-policy.node.ts';

const none = cidrSet([]);
let folder: string;
let nowMs: number;
const clock: Clock = {
	wallMs: () => nowMs,
	monotonicMs: () => nowMs,
	sleep: () => Promise.reject(new Error('nothing sleeps here')),
};
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-policy-'));
	nowMs = 1_800_000_000_000;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	utimesSync(path, nowMs / 1000, nowMs / 1000);
	return path;
}

it('joins what is given with what several files say, and follows each of them', () => {
	const policy = createNodePolicy({
		allow: [parseCidr('127.0.0.1')!],
		deny: [parseCidr('10.0.0.0/8')!],
		allowFiles: [write('allow', '127.0.0.2')],
		denyFiles: [write('deny-1', '192.0.2.1'), write('deny-2', '192.0.2.2')],
		optOutFiles: [write('opt-out', '192.0.2.3\n192.0.2.2')],
		clock,
		ownAddresses: () => none,
	});
	const reasons = () =>
		[
			'127.0.0.1',
			'127.0.0.2',
			'127.0.0.3',
			'10.0.0.1',
			'192.0.2.1',
			'192.0.2.2',
			'192.0.2.3',
			'192.0.2.4',
		].map((text) => {
			const reason = policy.check(parseIp(text)!, 'tcp');
			expect(policy.checkIpv4(parseIpv4(text), 'tcp')).toBe(reason);
			expect(policy.current().checkIpv4(parseIpv4(text), 'tcp')).toBe(reason);
			return reason;
		});
	const before = [
		undefined,
		undefined,
		'loopback',
		'deny-list',
		'deny-list',
		'opt-out',
		'opt-out',
		undefined,
	];
	expect(reasons()).toEqual(before);
	const rules = policy.current();
	expect(policy.current()).toBe(rules);
	write('allow', '127.0.0.3');
	write('deny-2', '# none');
	write('opt-out', '192.0.2.4');
	nowMs += 1_000;
	expect(reasons()).toEqual([
		...[undefined, 'loopback', undefined, 'deny-list'],
		...['deny-list', undefined, undefined, 'opt-out'],
	]);
	// Who holds the rules of before keeps them.
	expect(rules.checkIpv4(parseIpv4('192.0.2.3'), 'tcp')).toBe('opt-out');
});

it('follows the addresses of the machine', () => {
	let own = none;
	const policy = createNodePolicy({ allow: [], deny: [], clock, ownAddresses: () => own });
	expect(policy.checkIpv4(parseIpv4('192.0.2.1'), 'tcp')).toBeUndefined();
	own = cidrSet([parseCidr('192.0.2.1')!]);
	expect(policy.checkIpv4(parseIpv4('192.0.2.1'), 'tcp')).toBe('own-address');
	expect(policy.checkIpv4(parseIpv4('192.0.2.1'), 'icmp')).toBeUndefined();
});

it('has its ports from the start', () => {
	const options = { allow: [], deny: [], clock, ownAddresses: () => none };
	expect(createNodePolicy({ ...options, ports: parsePorts('22') }).checkPort(80)).toBe('port');
	expect(createNodePolicy(options).checkPort(25)).toBe('port');
});
