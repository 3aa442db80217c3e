import { describe, expect, it } from 'vitest';
import { LiveBlock } from '../../../master/view/live-block.ts';
import { createRandom } from '../../../shared/random.ts';
import { TerminalEmulator } from './terminal-emulator.ts';

function shown(columns: number, rows: number, options = {}) {
	const terminal = new TerminalEmulator({ columns, rows, ...options });
	return { terminal, block: new LiveBlock(terminal, options) };
}

describe('lines at the end of a terminal', () => {
	it('are drawn over, and what is printed stays above them', () => {
		const { terminal, block } = shown(40, 10);
		block.print('before\n');
		block.draw(['one', 'two', 'three']);
		expect(terminal.screen()).toEqual(['before', 'one', 'two', 'three']);
		expect(terminal.cursor()).toEqual({ x: 0, y: 3 });
		block.draw(['1', '2']);
		expect(terminal.screen()).toEqual(['before', '1', '2']);
		block.print('in between\nof two lines\n');
		expect(terminal.screen()).toEqual(['before', 'in between', 'of two lines', '1', '2']);
		block.draw(['a', 'b', 'c']);
		block.clear();
		expect(terminal.screen()).toEqual(['before', 'in between', 'of two lines']);
		expect(terminal.cursor()).toEqual({ x: 0, y: 3 });
		block.print('after\n');
		expect(terminal.screen().at(-1)).toBe('after');
		expect(terminal.isAsBefore).toBe(true);
	});

	it('scroll with what is printed', () => {
		const { terminal, block } = shown(20, 4);
		for (let i = 0; i < 10; i += 1) {
			block.draw([`worker ${i}`, `progress ${i}`]);
			block.print(`message ${i}\n`);
		}
		expect(terminal.screen()).toEqual(['message 8', 'message 9', 'worker 9', 'progress 9']);
		expect(terminal.everything()).toEqual([
			...Array.from({ length: 10 }, (_, i) => `message ${i}`),
			'worker 9',
			'progress 9',
		]);
	});

	it('survive what a terminal echoes at the cursor', () => {
		const { terminal, block } = shown(20, 5);
		block.draw(['a worker', 'a line as wide as 19']);
		terminal.write('^C');
		block.draw(['a worker', 'stopping']);
		expect(terminal.screen()).toEqual(['a worker', 'stopping']);
	});

	const steps = Array.from({ length: 13 }, (_, i) => [200 - 13 * i, 50 - 3 * i] as const);
	const sizes = {
		'at once': [
			[40, 10],
			[80, 24],
			[40, 10],
			[10, 3],
			[200, 50],
		],
		'step by step': [...steps, ...steps.toReversed()],
		'one way, then the other': [
			[40, 50],
			[40, 8],
			[120, 8],
			[120, 50],
			[200, 50],
		],
	} as const;

	describe.each([{}, { takesBack: false }, { keepsEmptyRows: true }])('on a terminal with %j', (options) => {
		// Of small steps, where empty rows stay is known to the terminal alone (live-block.ts).
		const ways = (Object.keys(sizes) as (keyof typeof sizes)[]).filter(
			(how) => !('keepsEmptyRows' in options && how === 'step by step'),
		);
		it.each(ways)('leave nothing when it gets narrower and lower, and wider and higher again, %s', (how) => {
			const { terminal, block } = shown(200, 50, options);
			// A terminal in use, whose last row is the cursor's.
			const said = Array.from({ length: 60 }, (_, i) => `said ${i}`);
			block.print(`${said.join('\n')}\n`);
			const wide = Array.from({ length: 4 }, (_, i) => `worker ${i} `.padEnd(120, '.'));
			const draw = (): void => {
				const width = terminal.columns - 1;
				const lines = [...wide.slice(-Math.min(4, terminal.rows - 2)), 'progress'.padEnd(100, '.')];
				block.draw(lines.map((line) => line.slice(0, width)));
			};
			terminal.on('resize', draw);
			draw();
			for (const [columns, rows] of sizes[how]) {
				terminal.resize(columns, rows);
				draw();
				const starts = terminal.screen().map((line) => line.slice(0, 8));
				expect(starts.filter((start) => start === 'progress')).toHaveLength(1);
				expect(starts.filter((start) => start === 'worker 3')).toHaveLength(rows > 3 ? 1 : starts.length - 1);
			}
			const starts = terminal.screen().map((line) => line.slice(0, 8));
			expect(starts.slice(starts.indexOf('worker 0'))).toEqual([
				'worker 0',
				'worker 1',
				'worker 2',
				'worker 3',
				'progress',
			]);
			expect(terminal.everything().slice(0, 60)).toEqual(said);
		});
	});

	it('leave nothing on a terminal that cuts lines when it gets narrower', () => {
		const { terminal, block } = shown(60, 12, { reflows: false, takesBack: false });
		block.print('first\nsecond\n');
		block.draw(['a'.repeat(59), 'b'.repeat(59)]);
		terminal.resize(20, 12);
		block.draw(['a'.repeat(19), 'b'.repeat(19)]);
		expect(terminal.screen()).toEqual(['first', 'second', 'a'.repeat(19), 'b'.repeat(19)]);
	});
});

const seed = Number(process.env.PINGPOOL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));

it(`show what they should after any sequence of events (seed ${seed})`, () => {
	const random = createRandom(seed);
	const below = (n: number): number => Math.floor(random.next() * n);
	for (let round = 0; round < 60; round += 1) {
		// High enough that nothing leaves the screen: there, everything must be exactly what was said.
		const { terminal, block } = shown(10 + below(190), 2_000, { takesBack: below(2) === 0 });
		const messages: string[] = [];
		let lines: string[] = [];
		for (let step = 0; step < 20; step += 1) {
			switch (below(4)) {
				case 0: {
					messages.push(`message ${messages.length} `.padEnd(below(60), 'x').trimEnd());
					block.print(`${messages.at(-1)}\n`);
					break;
				}
				case 1:
					terminal.resize(10 + below(190), 2_000);
					break;
				case 2:
					block.clear();
					lines = [];
					break;
			}
			const width = terminal.columns - 1;
			lines = Array.from({ length: 1 + below(6) }, (_, i) =>
				`line ${i}`.padEnd(below(width), '=').slice(0, width),
			);
			block.draw(lines);
			const all = terminal.everything().join('');
			expect(all, `round ${round}, step ${step}`).toBe([...messages, ...lines].join(''));
		}
	}
});
