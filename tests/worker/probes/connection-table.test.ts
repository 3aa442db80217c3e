import { expect, test } from 'vitest';
import { ConnectionTable } from '../../../worker/probes/connection-table.node.ts';

const names = 'entries  clashres found insert drop early_drop';

/** A table over statistics and a clock that a test moves. */
function tableOf(statistics: { text: string | undefined; atMs: number; reads: number }): ConnectionTable {
	return new ConnectionTable({
		clock: { monotonicMs: () => statistics.atMs },
		read() {
			statistics.reads += 1;
			if (statistics.text === undefined) throw new Error('ENOENT');
			return statistics.text;
		},
	});
}

test('silence is suspect when any processor has dropped since the connect, and only then', () => {
	const statistics = { text: `${names}\n0a 0 0 0 0000000f 0\n0a 0 0 0 00000001 7\n`, atMs: 0, reads: 0 };
	const table = tableOf(statistics);
	const quiet = table.watch();
	statistics.atMs = 1_000;
	expect(quiet()).toBe(false);
	const unlucky = table.watch();
	statistics.text = `${names}\n0a 0 0 0 0000000f 0\n0a 0 0 0 00000002 9\n`;
	statistics.atMs = 2_000;
	expect(unlucky()).toBe(true);
	const later = table.watch();
	statistics.atMs = 3_000;
	expect(later()).toBe(false);
});

test('many connects at a time look once', () => {
	const statistics = { text: `${names}\n0 0 0 0 0 0\n`, atMs: 0, reads: 0 };
	const table = tableOf(statistics);
	const watches = Array.from({ length: 1_000 }, () => table.watch());
	statistics.atMs = 500;
	for (const mayHaveBeenDropped of watches) expect(mayHaveBeenDropped()).toBe(false);
	expect(statistics.reads).toBe(2);
});

test.each([
	['no such file', undefined],
	['a kernel that says something else', 'something else\n1 2 3\n'],
])('%s is no reason to suspect', (_, text) => {
	const statistics: { text: string | undefined; atMs: number; reads: number } = { text, atMs: 0, reads: 0 };
	const mayHaveBeenDropped = tableOf(statistics).watch();
	statistics.atMs = 100;
	expect(mayHaveBeenDropped()).toBe(false);
});
