/** Does the simulation find what it is for? Bugs are planted in copies of the rules, one in each: it must. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { notLong, sizeOf, testUnless } from '../requirements.ts';
import { mutated, mutations, plant } from './mutants.ts';
import { runProgram } from './run-program.ts';

/** A bug must show within so many seeds. */
const seeds = 1_000;
const mutationsMin = 20;
const shareMin = 0.95;
/** Of so many bugs, one is planted. */
const oneOf = sizeOf({ ci: 4, long: 1 });
const offset = randomInt(oneOf);

let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-mutants-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
	readonly name: string;
	readonly isFound: boolean;
	readonly output: string;
}

/** Runs the simulation on a copy. @param name the bug that is planted; `undefined` for none */
async function search(name: string | undefined): Promise<Outcome> {
	const copy = join(folder, name ?? 'as-it-is');
	const { code, output } = await runProgram(plant(copy, name), ['--seeds', String(seeds), '--first']);
	rmSync(copy, { recursive: true });
	// A copy that does not even start is no bug that was found.
	if (!/^\d+ seeds in /m.test(output)) throw new Error(`${name ?? 'the copy'} does not run: ${output}`);
	return { name: name ?? 'none', isFound: code === 1, output };
}

test('every bug to plant fits the rules as they are', () => {
	for (const name of mutations()) expect(() => mutated(name), name).not.toThrow();
});

testUnless(
	notLong(),
	'the simulation finds planted bugs, and none where none was planted',
	async () => {
		const all = mutations();
		expect(all.length).toBeGreaterThanOrEqual(mutationsMin);
		const names = all.filter((_, i) => i % oneOf === offset);
		const asItIs = await search(undefined);
		const outcomes: Outcome[] = [];
		// One at a time: tests beside this one measure times.
		for (const name of names) outcomes.push(await search(name));
		const missed = outcomes.filter(({ isFound }) => !isFound).map(({ name }) => name);
		process.stdout.write(
			`${names.length - missed.length} of ${names.length} planted bugs are found (${offset} modulo ${oneOf})\n`,
		);
		expect(asItIs.output).toContain(`${seeds} seeds in `);
		expect(asItIs.isFound).toBe(false);
		// Of few bugs, one that is hard to find is more than that share.
		expect(missed.length, `not found: ${missed.join(', ')}`).toBeLessThanOrEqual(
			Math.max(1, (1 - shareMin) * names.length),
		);
	},
	900_000,
);
