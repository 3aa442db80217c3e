import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Makes garbage that outlives collections, with pauses, and prints how large the young generation has become. */
function youngBytes(limited: boolean): number {
	const script = `
		const { getHeapSpaceStatistics } = await import('node:v8');
		const { limitYoungGeneration } = await import('./master/young-generation.ts');
		if (${limited}) limitYoungGeneration();
		const kept = [];
		for (let i = 0; i < 1_500_000; i += 1) kept[i % 100_000] = { i, list: [i] };
		console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);`;
	return Number(
		execFileSync(process.execPath, ['--input-type=module', '-e', script], {
			cwd: new URL('../..', import.meta.url),
			encoding: 'utf8',
		}),
	);
}

it('keeps the young generation small, which grows without it', () => {
	const mebibyte = 1024 * 1024;
	expect(youngBytes(false)).toBeGreaterThan(16 * mebibyte);
	expect(youngBytes(true)).toBeLessThan(12 * mebibyte);
});
