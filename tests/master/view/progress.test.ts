import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressView } from '../../../master/view/progress.ts';
import { terminalTraits } from '../../../master/view/terminal.ts';
import type { LiveWorker } from '../../../shared/dashboard-api.ts';
import { liveWorker } from './live-worker.ts';
import { TerminalEmulator } from './terminal-emulator.ts';

const clock = { wallMs: () => Date.now(), monotonicMs: () => Date.now() };
const byStatus = { up: 30, down: 10, unresolved: 1, denied: 2, error: 3 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function view(options: { isTTY?: boolean; columns?: number; quiet?: boolean }) {
	const written: string[] = [];
	const { quiet = false, isTTY = false, columns } = options;
	const output = { write: (text: string) => written.push(text), columns };
	const progress = { total: 100, done: 0, byStatus, inFlight: 0 };
	const terminal = terminalTraits(isTTY, {});
	const shown = new ProgressView({ output, terminal, quiet, clock });
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

	it('rounds the time to go to whole seconds', () => {
		const { shown, written, progress } = view({});
		shown.start(() => progress);
		progress.done = 72;
		vi.advanceTimersByTime(5_000);
		// 28 hosts at 14.4/s: 1.94 s
		expect(written[0]).toContain('ETA 0:02');
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
	function onTerminal(columns: number, rows = 24, environment = {}, workers?: () => readonly LiveWorker[]) {
		const terminal = new TerminalEmulator({ columns, rows });
		const progress = { total: 100, done: 0, byStatus, inFlight: 0 };
		const traits = terminalTraits(true, environment);
		const shown = new ProgressView({
			output: terminal,
			terminal: traits,
			clock,
			workers,
			suspend: () => terminal.write('$ fg\n'),
		});
		return { terminal, progress, shown };
	}

	it('is one line that redraws itself, no wider than the terminal', () => {
		for (const columns of [20, 60, 80, 200]) {
			const { shown, terminal, progress } = onTerminal(columns);
			shown.start(() => progress);
			vi.advanceTimersByTime(200);
			progress.done = 50;
			vi.advanceTimersByTime(200);
			expect(terminal.screen()).toHaveLength(1);
			expect(terminal.wraps).toBe(0);
			expect(terminal.screen()[0]).toContain('50% 50/100');
			if (columns === 200) expect(terminal.screen()[0]).toContain('█'.repeat(15) + '░'.repeat(15));
			shown.stop();
			expect(terminal.everything()).toEqual([]);
			expect([terminal.cursor(), terminal.isAsBefore, terminal.listeners]).toEqual([{ x: 0, y: 0 }, true, 0]);
		}
	});

	it.each([
		[50, '50% 50/100  10/s  ETA 0:05  up 30 down 10 other 6'],
		[49, '50% 50/100  ETA 0:05  up 30 down 10 other 6'],
		[40, '50% 50/100  up 30 down 10 other 6'],
		[25, '50% 50/100  up 30 down 1'],
	])('leaves out what matters less where %i columns are too few', (columns, expected) => {
		const { shown, terminal, progress } = onTerminal(columns);
		shown.start(() => progress);
		progress.done = 50;
		vi.setSystemTime(Date.now() + 4_800);
		vi.advanceTimersByTime(200);
		expect(terminal.screen()).toEqual([expected]);
		shown.stop();
	});

	it('stays below messages, whatever these are', () => {
		const { shown, terminal, progress } = onTerminal(60);
		shown.message('before');
		shown.start(() => progress);
		vi.advanceTimersByTime(200);
		const [, line] = terminal.screen();
		shown.message('worker a is back');
		expect(terminal.screen()).toEqual(['before', 'worker a is back', line]);
		shown.message('worker \u001b[2J\u202e is back');
		expect(terminal.screen()[2]).toBe('worker \\u{1b}[2J\\u{202e} is back');
		shown.stop();
		expect(terminal.screen()).toHaveLength(3);
		shown.message('after');
		expect(terminal.screen()).toHaveLength(4);
	});

	it('is drawn anew at once when the terminal has another size', () => {
		const { shown, terminal, progress } = onTerminal(100);
		shown.start(() => progress);
		vi.advanceTimersByTime(200);
		terminal.resize(30, 10);
		expect(terminal.screen()).toEqual(['0% 0/100  up 30 down 10 other']);
		shown.stop();
		expect(vi.getTimerCount()).toBe(0);
	});

	it('leaves the terminal to others while this process is stopped', () => {
		const before = process.listenerCount('SIGTSTP');
		const { shown, terminal, progress } = onTerminal(30);
		shown.start(() => progress);
		vi.advanceTimersByTime(200);
		terminal.write('^Z');
		process.emit('SIGTSTP');
		expect(terminal.screen()).toEqual(['$ fg']);
		vi.advanceTimersByTime(200);
		expect(terminal.screen()).toEqual(['$ fg', '0% 0/100  up 30 down 10 other']);
		shown.stop();
		expect(process.listenerCount('SIGTSTP')).toBe(before);
	});

	it('has a line per worker above it, as many as there is room for', () => {
		let workers = Array.from({ length: 3 }, (_, i) => liveWorker({ name: `worker-${i}`, index: i }));
		const { shown, terminal, progress } = onTerminal(80, 7, {}, () => workers);
		shown.message('began');
		shown.start(() => progress);
		vi.advanceTimersByTime(200);
		expect(terminal.screen().map((line) => line.slice(0, 10))).toEqual([
			'began',
			'  worker  ',
			'● worker-0',
			'● worker-1',
			'● worker-2',
			'░░░░░░░░░░',
		]);
		workers = Array.from({ length: 20 }, (_, i) => liveWorker({ name: `worker-${i}`, index: i }));
		vi.advanceTimersByTime(200);
		expect(
			terminal
				.screen()
				.slice(2, 6)
				.map((line) => line.slice(0, 10)),
		).toEqual(['● worker-0', '● worker-1', '● worker-2', '… and 17 m']);
		expect(terminal.screen()[0]).toBe('began');
		workers = [];
		vi.advanceTimersByTime(200);
		expect(terminal.screen()).toHaveLength(2);
		shown.stop();
		expect(terminal.everything()).toEqual(['began']);
	});

	it('is lines where nothing can be drawn over', () => {
		const { shown, terminal, progress } = onTerminal(80, 24, { TERM: 'dumb' }, () => [liveWorker({})]);
		shown.start(() => progress);
		vi.advanceTimersByTime(10_000);
		expect(terminal.screen()).toEqual(Array(2).fill('0% 0/100  0/s  ETA -  up 30 down 10 other 6'));
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
