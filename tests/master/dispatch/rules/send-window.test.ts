import { describe, expect, it } from 'vitest';
import { SendWindow } from '../../../../master/dispatch/rules/send-window.ts';

/** Fills the window with chunks; returns how many went out. */
function fill(window: SendWindow, chunk = 100): number {
	let chunks = 0;
	while (window.hasRoom()) {
		window.opened(chunk);
		chunks += 1;
	}
	return chunks;
}

describe('a window', () => {
	it('doubles per round while the worker sends at once, up to what it holds', () => {
		const window = new SendWindow({ min: 200, max: 1_500 });
		const rounds: number[] = [];
		for (let round = 0; round < 5; round += 1) {
			let chunks = fill(window);
			rounds.push(chunks);
			for (; chunks > 0; chunks -= 1) {
				window.passed(100, 1);
				if (chunks > 1) window.hasRoom();
			}
			window.hasRoom();
		}
		expect(rounds[0]).toBe(2);
		for (let i = 1; i < rounds.length; i += 1) expect(rounds[i]!).toBeGreaterThanOrEqual(rounds[i - 1]!);
		expect(window.limit).toBeLessThanOrEqual(1_500);
	});

	it('does not grow when it was not the limit', () => {
		const window = new SendWindow({ min: 200, max: 10_000 });
		for (let i = 0; i < 50; i += 1) {
			expect(window.hasRoom()).toBe(true);
			window.opened(100);
			window.passed(100, 1);
		}
		expect(window.limit).toBe(200);
	});

	it('shrinks when chunks wait in the worker, by no more than half a round, and never below its start', () => {
		const window = new SendWindow({ min: 200, max: 10_000 });
		for (let i = 0; i < 100; i += 1) {
			fill(window);
			window.passed(100, 1);
		}
		const { limit } = window;
		expect(limit).toBeGreaterThan(5_000);
		for (let i = 0; i < limit / 100; i += 1) window.passed(100, 60_000);
		expect(window.limit).toBeGreaterThanOrEqual(limit / 2 - 100);
		for (let i = 0; i < 1_000; i += 1) window.passed(100, 60_000);
		expect(window.limit).toBe(200);
	});

	it('stays as it is for a worker that does not say, or says something between', () => {
		const window = new SendWindow({ min: 200, max: 10_000 });
		fill(window);
		window.hasRoom();
		window.passed(100, undefined);
		window.passed(100, 100);
		expect(window.limit).toBe(200);
	});

	it('goes back to its start when the worker fails, and to other bounds when it is another', () => {
		const window = new SendWindow({ min: 200, max: 10_000 });
		for (let i = 0; i < 20; i += 1) {
			fill(window);
			window.passed(100, 1);
		}
		expect(window.limit).toBeGreaterThan(200);
		window.resize({ min: 50, max: 300 });
		expect(window.limit).toBe(300);
		window.collapse();
		expect(window.limit).toBe(50);
		window.resize({ min: 1_000, max: 600 });
		expect(window.limit).toBe(600);
	});
});
