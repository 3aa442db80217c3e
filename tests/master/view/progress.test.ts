import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressView } from '../../../master/view/progress.ts';

const byStatus = { up: 30, down: 10, unresolved: 1, denied: 2, error: 3 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function view(options: { isTTY?: boolean; columns?: number; quiet?: boolean }) {
	const written: string[] = [];
	const { quiet, ...terminal } = options;
	const output = { write: (text: string) => written.push(text), ...terminal };
	const progress = { total: 100, done: 0, byStatus, inFlight: 0 };
	const shown = new ProgressView({
		output,
		nowMs: () => Date.now(),
		...(quiet === undefined ? {} : { quiet }),
	});
	return { shown, written, progress };
}

describe('progress elsewhere than on a terminal', () => {
	it('is a line every few seconds, with the rate of the last ones', () => {
		const { shown, written, progress } = view({});
		shown.start(() => progress);
		progress.done = 50;
		vi.advanceTimersByTime(5_000);
		expect(written).toEqual(['50% 50/100  10/s  ETA 0:05  up 30 down 10 other 6\n']);
		vi.advanceTimersByTime(10_000);
		expect(written.at(-1)).toBe('50% 50/100  0/s  ETA -  up 30 down 10 other 6\n');
		shown.stop();
		vi.advanceTimersByTime(60_000);
		expect(written).toHaveLength(3);
		expect(vi.getTimerCount()).toBe(0);
		expect(written.join('')).not.toContain('\u001b');
	});

	it('of a continued run counts what was done before as done, but not as fast', () => {
		const { shown, written, progress } = view({});
		progress.done = 40;
		shown.start(() => progress);
		progress.done = 60;
		vi.advanceTimersByTime(5_000);
		expect(written).toEqual(['60% 60/100  4/s  ETA 0:10  up 30 down 10 other 6\n']);
		shown.stop();
	});

	it('is 100 % of an empty list', () => {
		const { shown, written } = view({});
		shown.start(() => ({ total: 0, done: 0, byStatus, inFlight: 0 }));
		vi.advanceTimersByTime(5_000);
		expect(written[0]).toMatch(/^100% 0\/0 {2}0\/s {2}ETA -/);
	});
});

describe('progress on a terminal', () => {
	it('is one line that redraws itself, no wider than the terminal', () => {
		for (const columns of [20, 60, 80, 200]) {
			const { shown, written, progress } = view({ isTTY: true, columns });
			shown.start(() => progress);
			progress.done = 50;
			vi.advanceTimersByTime(200);
			const line = written[0]!;
			expect(line.startsWith('\r\u001b[2K')).toBe(true);
			expect(line.length - '\r\u001b[2K'.length).toBeLessThan(columns);
			expect(line).not.toContain('\n');
			if (columns === 200) expect(line).toContain('█'.repeat(15) + '░'.repeat(15));
			shown.stop();
			expect(written.at(-1)).toBe('\r\u001b[2K');
		}
	});

	it.each([
		[50, '50% 50/100  10/s  ETA 0:05  up 30 down 10 other 6'],
		[49, '50% 50/100  ETA 0:05  up 30 down 10 other 6'],
		[40, '50% 50/100  up 30 down 10 other 6'],
		[25, '50% 50/100  up 30 down 1'],
	])('leaves out what matters less where %i columns are too few', (columns, expected) => {
		const { shown, written, progress } = view({ isTTY: true, columns });
		shown.start(() => progress);
		progress.done = 50;
		vi.setSystemTime(Date.now() + 4_800);
		vi.advanceTimersByTime(200);
		expect(written[0]).toBe(`\r\u001b[2K${expected}`);
		shown.stop();
	});

	it('makes way for a message', () => {
		const { shown, written, progress } = view({ isTTY: true, columns: 80 });
		shown.start(() => progress);
		vi.advanceTimersByTime(200);
		written.length = 0;
		shown.message('worker a is back');
		expect(written).toEqual(['\r\u001b[2K', 'worker a is back\n']);
		shown.message('once more');
		expect(written.at(-2)).toBe('worker a is back\n');
		shown.stop();
	});
});

it('quiet shows messages only', () => {
	const { shown, written, progress } = view({ isTTY: true, columns: 80, quiet: true });
	shown.start(() => progress);
	vi.advanceTimersByTime(60_000);
	expect(written).toEqual([]);
	shown.message('x');
	expect(written).toEqual(['x\n']);
});
