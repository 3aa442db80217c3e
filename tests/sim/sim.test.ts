/** The simulation, as it runs with every `npm test`: seeds that are always the same, and some that nobody chose. */
import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { runProgram } from './run-program.ts';

const program = new URL('./main.ts', import.meta.url);
const sameSeeds = 10_000;
const otherSeeds = 500;

async function simulates(from: number, seeds: number): Promise<void> {
	const { code, output } = await runProgram(program, ['--seeds', String(seeds), '--from', String(from)]);
	process.stdout.write(`seeds from ${from} on: ${output}`);
	expect(output).toContain('each): 0 fail');
	expect(code).toBe(0);
	// A figure, to be read: what a machine does besides is none of the rules' concern.
	expect(output).toMatch(/\d+ times real time/);
}

// One at a time: tests beside these measure times.
describe('the rules of dispatch, simulated', () => {
	test('hold for seeds that are always the same', () => simulates(1, sameSeeds), 900_000);

	test(
		'hold for seeds that nobody chose',
		() => simulates(randomInt(1_000_000, 4_000_000_000), otherSeeds),
		900_000,
	);

	test('do the same for the same seed, and something else for another', async () => {
		const traces = await Promise.all(['7', '7', '8'].map((seed) => runProgram(program, ['--seed', seed])));
		const [one, same, other] = traces.map(({ output }) => output);
		expect(one).toContain('all holds');
		expect(same).toBe(one);
		expect(other).not.toBe(one);
	});
});
