/**
 * Chaos: four workers of which 30 % are killed, frozen or cut off every few seconds, and a list that must come out right
 * all the same. What it costs in time is measured by `npm run bench -- chaos`.
 */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { FleetLab } from '../lab/fleet-lab.ts';
import { createFleetLab } from '../lab/fleet-lab.ts';
import { labUnavailable } from '../lab/lab.ts';
import { describeUnless, notLong, sizeOf, testUnless } from '../requirements.ts';
import { chaosHost, runChaos } from './chaos/chaos.ts';

vi.setConfig({ testTimeout: 300_000 });

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
console.log(`chaos: SEED=${seed}`);

describeUnless(labUnavailable(), 'workers that are killed, frozen and cut off all the time', () => {
	let fleet: FleetLab;
	beforeAll(async () => {
		fleet = await createFleetLab(4);
	});
	afterAll(() => fleet?.close());

	async function expectRight(hosts: number, rate: number): Promise<void> {
		// Three times what there is of it where machines are quick.
		const options = { fleet, hosts, rate, seed, troublesMax: hosts / 1_000 };
		let report = await runChaos(options);
		// A run that was over before its first trouble began, on a machine that kept this process waiting, tells nothing.
		for (let more = 0; more < 2 && report.troubles.length === 0; more += 1) {
			report = await runChaos(options);
		}
		expect(report.troubles.length, report.said).toBeGreaterThan(0);
		const alive = Array.from({ length: hosts }, (_, i) => chaosHost(i)).filter((host) =>
			/^10\.\d\./.test(host),
		);
		// An error is what none of three requests came back for: rare, and never called down.
		const { up = 0, down = 0, error = 0 } = report.statuses;
		expect(up + down + error, report.said).toBe(hosts);
		expect(up).toBeLessThanOrEqual(alive.length);
		expect(report, report.said).toMatchObject({
			exitCode: error === 0 ? 0 : 1,
			...{ missing: 0, doubled: 0, falselyDown: 0, falselyUp: 0, givenUpEarly: 0 },
		});
		expect(report.requestsMax).toBeLessThanOrEqual(3);
		expect(error).toBeLessThanOrEqual(hosts / 1_000);
	}

	const hosts = sizeOf({ ci: 20_000, long: 100_000 });
	testUnless(notLong(), `have ${hosts} hosts answered once, and right`, () => expectRight(hosts, 1_000));
});
