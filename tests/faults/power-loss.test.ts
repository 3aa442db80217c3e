/**
 * Losses of power at any moment: `full` keeps every row that was said to be committed, `normal` whole commits
 * from the first on, and both a database that is sound and can be continued. How: power-loss/power-loss.ts.
 */
import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { describeUnless, notLong, sizeOf, testUnless, withoutTracing } from '../requirements.ts';
import type { PowerLossOptions } from './power-loss/power-loss.ts';
import { losePower } from './power-loss/power-loss.ts';
import type { ScriptSize } from './power-loss/script.ts';

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

const small: ScriptSize = { lives: 2, commits: 7, rowsMax: 60, hostLength: 0, checkpointEvery: 3 };
const medium: ScriptSize = { ...small, lives: 2, commits: 16, checkpointEvery: 5 };
/** The log becomes so long that the store itself copies it back, some commits before the end. */
const large: ScriptSize = { lives: 1, commits: 14, rowsMax: 1_400, hostLength: 2_000, checkpointEvery: 0 };

async function lossesOf(options: Omit<PowerLossOptions, 'seed'>) {
	const report = await losePower({ ...options, seed });
	const { operations, syncs, images, problems } = report;
	console.log(
		`power loss, ${options.durability}, SEED=${seed}: ${operations} operations, ${syncs} syncs, ` +
			`${images} images, ${problems.length} wrong`,
	);
	return report;
}

describeUnless(withoutTracing(), 'a loss of power', () => {
	const points = sizeOf({ usual: 30, ci: 60, long: 60 });
	test.each(['full', 'normal'] as const)('with --durability %s breaks no promise', async (durability) => {
		const report = await lossesOf({ durability, size: small, pointsMax: points, choices: 2 });
		expect(report.problems).toEqual([]);
		expect(report.images).toBeGreaterThan((points * 5) / 6);
		// Of a log that is copied back and of every life; full also syncs each of the 14 commits.
		expect(report.syncs).toBeGreaterThan(durability === 'full' ? 30 : 15);
	});

	test('would be found to break them without syncs', async () => {
		const { problems } = await lossesOf({ durability: 'off', size: small, pointsMax: 25, choices: 2 });
		expect(problems.some((problem) => /rows are there, \d+ were committed/.test(problem))).toBe(true);
		expect(problems.some((problem) => /SQLITE_CORRUPT|malformed|integrity/.test(problem))).toBe(true);
	});

	testUnless(
		notLong(),
		`at ${sizeOf({ ci: '40 moments', long: 'every moment' })} of a longer trace, and while the store itself copies the log back`,
		async () => {
			for (const durability of ['full', 'normal'] as const) {
				const pointsMax = sizeOf({ ci: 40, long: 10_000 });
				const longer = await lossesOf({ durability, size: medium, pointsMax, choices: 2 });
				const copied = await lossesOf({
					durability,
					size: large,
					pointsMax: sizeOf({ ci: 2, long: 5 }),
					choices: 2,
				});
				expect([...longer.problems, ...copied.problems]).toEqual([]);
			}
		},
		900_000,
	);
});
