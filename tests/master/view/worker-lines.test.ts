import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LiveBlock } from '../../../master/view/live-block.ts';
import { progressLine } from '../../../master/view/progress-line.ts';
import { workerLines } from '../../../master/view/worker-lines.ts';
import type { LiveWorker, WorkerState } from '../../../shared/dashboard-api.ts';
import { createRandom } from '../../../shared/random.ts';
import { liveWorker } from './live-worker.ts';
import { TerminalEmulator } from './terminal-emulator.ts';

const nowMs = 1_000_000;
const fleet = [
	liveWorker({ name: 'http://127.0.0.1:44021' }),
	liveWorker({
		name: '漢字-worker',
		state: 'aside',
		asideUntilAtMs: nowMs + 2_100,
		why: 'did not answer for 10 s',
		ratePerSecond: 0,
		inFlight: 0,
		unsentHosts: 0,
		failures: 12,
		latencyMs: null,
	}),
	liveWorker({
		name: 'c',
		state: 'slowed',
		why: 'is late',
		failures: 1,
		latencyMs: { p50: 1_234, p99: 2_000 },
	}),
];

function shown(width: number, lines = 10, workers: readonly LiveWorker[] = fleet): string[] {
	return workerLines(workers, { width, lines, colour: false, nowMs });
}

describe('lines of workers', () => {
	it('have everything side by side where there is room, below headings', () => {
		expect(shown(100)).toEqual([
			'  worker           state      hosts/s       window    done  failed    p50',
			'● 127.0.0.1:44021  healthy      1,235  1,024/2,048  12,345       0  12 ms',
			'○ 漢字-worker      aside 3 s        0      0/2,048  12,345      12      -  did not answer for 10 s',
			'◐ c                slowed       1,235  1,024/2,048  12,345       1  1.2 s  is late',
		]);
	});

	it('have no headings where there are few lines', () => {
		expect(shown(50, 3)).toEqual([
			'● 127.0.0.1:44021  healthy    1,235  12,345',
			'○ 漢字-worker      aside 3 s      0  12,345',
			'◐ c                slowed     1,235  12,345',
		]);
	});

	it.each([
		[79, '○ 漢字-worker      aside 3 s        0      0/2,048  12,345      12      -'],
		[66, '○ 漢字-worker      aside 3 s        0      0/2,048  12,345      12'],
		[60, '○ 漢字-worker      aside 3 s        0      0/2,048  12,345'],
		[50, '○ 漢字-worker      aside 3 s        0  12,345'],
		[39, '○ 漢字-worker            0  12,345'],
		[20, '○ 漢字-wor…        0'],
		[16, '○ 漢字-worker'],
		[10, '○ 漢字-wo…'],
		[3, '○ …'],
		[1, '○'],
	])('leave out what matters less in %i columns', (width, expected) => {
		expect(shown(width)[2]).toBe(expected);
	});

	it('say how many there are beyond those that fit, and how these are', () => {
		const many = Array.from({ length: 14 }, (_, i) =>
			liveWorker({ index: i, name: `w${i}`, state: i < 10 ? 'healthy' : 'gone' }),
		);
		expect(shown(60, 15, many)).toHaveLength(15);
		expect(shown(60, 3, many)[2]).toBe('… and 12 more: 8 healthy, 4 gone');
		expect(shown(60, 4, many)[3]).toBe('… and 12 more: 8 healthy, 4 gone');
		expect(shown(60, 1, many)).toEqual(['… and 14 more: 10 healthy, 4 gone']);
		expect(shown(60, 0, many)).toEqual([]);
		expect(shown(60, 10, [])).toEqual([]);
	});

	it('have the colour of their state, of which a name changes nothing', () => {
		const workers = [liveWorker({ name: 'a\u001b[31m', state: 'gone', why: '\u202egone' })];
		const [, line] = workerLines(workers, { width: 140, lines: 5, colour: true, nowMs });
		expect(line).toMatch(/^\x1b\[2m✕\x1b\[0m a\\u\{1b\}\[31m {2}gone .*\\u\{202e\}gone$/);
		expect(stripVTControlCharacters(line!)).toBe(shown(140, 5, workers)[1]);
	});
});

const seed = Number(process.env.PINGPOOL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
const states: readonly WorkerState[] = ['healthy', 'slowed', 'aside', 'unmet', 'draining', 'gone'];
const alphabet = [
	'a',
	'B',
	'-',
	'.',
	'漢',
	'語',
	'ア',
	'한',
	'é',
	'e\u0301',
	'🚀',
	'\u202e',
	'\u001b',
	'ａ',
	'%',
];

it(`never wrap and stay where they are, at any width from 10 to 200 (seed ${seed})`, () => {
	const random = createRandom(seed);
	const below = (n: number): number => Math.floor(random.next() * n);
	const text = (length: number): string =>
		Array.from({ length: below(length) }, () => alphabet[below(alphabet.length)]).join('');
	const workerOf = (index: number): LiveWorker =>
		liveWorker({
			index,
			name: text(40),
			state: states[below(states.length)]!,
			why: below(2) === 0 ? null : text(80),
			asideUntilAtMs: below(2) === 0 ? null : nowMs + below(100_000),
			ratePerSecond: 10 ** below(7),
			unsentHosts: 10 ** below(7),
			windowHosts: 10 ** below(7),
			done: 10 ** below(10),
			failures: 10 ** below(5),
			latencyMs: below(2) === 0 ? null : { p50: random.next() * 10 ** below(6), p99: 1 },
		});
	for (let columns = 10; columns <= 200; columns += 1) {
		const rows = 2 + below(30);
		const terminal = new TerminalEmulator({ columns, rows, knowsAutowrap: false });
		const block = new LiveBlock(terminal);
		block.print('said\n');
		for (let step = 0; step < 3; step += 1) {
			const workers = Array.from({ length: below(40) }, (_, i) => workerOf(i));
			const width = columns - 1;
			const lines = workerLines(workers, { width, lines: rows - 2, colour: below(2) === 0, nowMs });
			const headings = rows - 2 >= 4 && workers.length > 0 ? 1 : 0;
			expect(lines).toHaveLength(Math.min(workers.length + headings, rows - 2));
			const byStatus = { up: 10 ** below(10), down: 0, unresolved: 0, denied: 0, error: below(100) };
			const run = { total: 100 + 10 ** below(10), done: below(100), inFlight: 0, byStatus };
			const all = [...lines, progressLine(run, random.next() * 10 ** below(7), width)];
			block.draw(all);
			const plain = all.map((line) => stripVTControlCharacters(line).trimEnd());
			expect([terminal.wraps, terminal.everything()], `${columns} columns`).toEqual([0, ['said', ...plain]]);
			expect(terminal.cursor().x).toBe(0);
		}
	}
});
