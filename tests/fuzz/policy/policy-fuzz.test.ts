/** A run of the policy's fuzz (tests/fuzz/policy/README.md), and what a worker makes of the texts that it accepts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatIpv4, parseCidr, parseIp } from '../../../shared/ip.ts';
import { createTargetPolicy } from '../../../shared/policy.ts';
import { createRandom } from '../../../shared/random.ts';
import type { ProbeName } from '../../../shared/target.ts';
import { parseTarget } from '../../../shared/target.ts';
import { describeUnless, notLong, sizeOf } from '../../requirements.ts';
import { columnsProbe, recordingProbe, testApp } from '../../worker/app-fixture.ts';
import { isDenied } from './denied.ts';
import { hexOf } from './examine.ts';
import { generateCase } from './generate.ts';
import { startLookupJudge, withoutLookups } from './lookup-judge.ts';
import type { PythonJudge } from './python-judge.ts';
import { startPythonJudge, withoutPython } from './python-judge.ts';
import { runPolicyFuzz } from './run.ts';

const seed = Number(process.env.PINGPOOL_SEED ?? Date.now() % 1_000_000);

describeUnless(withoutPython(), `policy fuzz, seed ${seed}`, () => {
	let python: PythonJudge;
	let folder: string;
	beforeAll(() => {
		python = startPythonJudge();
		folder = mkdtempSync(join(tmpdir(), 'pingpool-policy-'));
	});
	afterAll(async () => {
		await python?.[Symbol.asyncDispose]();
		rmSync(folder, { recursive: true, force: true });
	});

	it('no form of 8,000 reaches a denied address, says Python', async () => {
		const { problems, addresses, names, refused } = await runPolicyFuzz({ cases: 8_000, seed, python });
		expect(problems).toEqual([]);
		// Else it would prove little.
		expect(Math.min(addresses, names, refused)).toBeGreaterThan(200);
	});

	it('the judges notice what a policy lets through, and what it denies without cause', async () => {
		for (const lists of [
			{ allow: [parseCidr('127.0.0.0/8')!] },
			{ allow: [parseCidr('ff00::/8')!] },
			{ deny: [parseCidr('192.168.0.0/16')!] },
		]) {
			const wrong = createTargetPolicy(lists);
			const { problems } = await runPolicyFuzz({ cases: 1_000, seed, python, policy: wrong });
			expect(problems.length, JSON.stringify(lists)).toBeGreaterThan(0);
		}
	});

	describeUnless(withoutLookups(), 'and lookups', () => {
		it('no form of 400 reaches a denied address, says getaddrinfo', async () => {
			await using lookup = startLookupJudge(join(folder, 'nsswitch.conf'));
			const run = { cases: 400, seed: seed + 1, python, lookup, lookups: 400 };
			expect((await runPolicyFuzz(run)).problems).toEqual([]);
		});
	});

	describeUnless(notLong(), 'long', () => {
		const cases = sizeOf({ ci: 60_000, long: 500_000 });
		it(`no form of ${cases} reaches a denied address`, { timeout: 240_000 }, async () => {
			expect((await runPolicyFuzz({ cases, seed: seed + 2, python })).problems).toEqual([]);
		});
	});
});

/** Where names lead that a generated text may be: to allowed and denied addresses, in turn. */
const leads = [
	'10.1.2.3',
	'127.0.0.1',
	'0.0.0.0',
	'::1',
	'fd00::1',
	'64:ff9b::7f00:1',
	'::ffff:169.254.169.254',
];

it.each(['icmp', 'tcp', 'http'] as const)(
	`a worker that is asked for 1,000 generated hosts (%s, seed ${seed}) probes no denied address`,
	async (asked) => {
		const random = createRandom(seed + 3);
		const hosts: string[] = [];
		while (hosts.length < 1_000) {
			const { text } = generateCase(random);
			try {
				parseTarget(text);
				hosts.push(text);
			} catch {
				// A worker would refuse the request as a whole.
			}
		}
		let lookups = 0;
		const probes = [columnsProbe('icmp'), recordingProbe('tcp'), recordingProbe('http')] as const;
		const { ping } = testApp({
			probes,
			resolver: {
				async resolve() {
					lookups += 1;
					return { address: parseIp(leads[lookups % leads.length]!)! };
				},
			},
		});
		const response = await ping({ hosts, probe: asked, port: 443 });
		const { results } = (await response.json()) as { results: { status: string }[] };
		expect(results).toHaveLength(hosts.length);
		const probed: (readonly [ProbeName, string])[] = [];
		for (const { name, batches } of probes) {
			for (const { address } of batches.flatMap((batch) => batch.hosts)) probed.push([name, hexOf(address!)]);
		}
		for (const { ipv4 } of probes[0].ipv4Batches) {
			for (const value of ipv4) probed.push(['icmp', hexOf(parseIp(formatIpv4(value))!)]);
		}
		expect(probed.filter(([name, hex]) => isDenied(hex, name))).toEqual([]);
		expect(probed.length).toBeGreaterThan(200);
		expect(results.filter(({ status }) => status === 'denied').length).toBeGreaterThan(200);
		expect(lookups).toBeGreaterThan(20);
	},
);
