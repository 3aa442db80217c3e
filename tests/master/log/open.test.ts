import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OpenLogOptions } from '../../../master/log/open.ts';
import { openLog } from '../../../master/log/open.ts';
import { logBytesMax } from '../../../shared/limits.ts';
import { liveWorker } from '../view/live-worker.ts';
import { everyEvent } from './every-event.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const byStatus = { up: 30, down: 10, unresolved: 1, denied: 2, error: 3 };

function stream(traits: { isTTY?: boolean; columns?: number; rows?: number } = {}) {
	let text = '';
	let waiting: (() => void) | undefined;
	let isStuck = false;
	const writable = new Writable({
		decodeStrings: false,
		write(piece: string, _, done) {
			text += piece;
			if (isStuck) waiting = done;
			else done();
		},
	});
	return {
		stream: Object.assign(writable, traits),
		text: () => text,
		lines: () => text.split('\n').slice(0, -1),
		stick() {
			isStuck = true;
		},
		takeAll() {
			isStuck = false;
			waiting?.();
		},
	};
}

async function opened(output: ReturnType<typeof stream>, options: Partial<OpenLogOptions> = {}) {
	const clock = { wallMs: () => Date.now(), monotonicMs: () => Date.now() };
	return openLog({
		stream: output.stream,
		format: 'text',
		level: 'info',
		quiet: false,
		environment: {},
		clock,
		workers: undefined,
		...options,
	});
}

const runProgress = { total: 100, done: 40, inFlight: 7, byStatus };

describe('the progress of a run', () => {
	it('is a record every few seconds in JSON', async () => {
		const output = stream();
		const { log, progress, close } = await opened(output, { format: 'json' });
		log.event(everyEvent['run-started']);
		const read = { ...runProgress };
		progress.start(() => read);
		read.done = 50;
		vi.advanceTimersByTime(5_000);
		expect(JSON.parse(output.lines()[1]!)).toEqual({
			level: 'info',
			time: expect.any(String),
			event: 'progress',
			runId: 7,
			hosts: 100,
			done: 50,
			inFlight: 7,
			hostsPerSecond: 2,
			etaSeconds: 25,
			...byStatus,
			msg: '50% 50/100  2/s  ETA 0:25  up 30 down 10 other 6',
		});
		await close();
		vi.advanceTimersByTime(60_000);
		expect(output.lines()).toHaveLength(2);
		expect(vi.getTimerCount()).toBe(0);
	});

	it.each([
		['text', { quiet: true }],
		['json', { quiet: true }],
		['text', { level: 'warn' }],
		['json', { level: 'warn' }],
	] as const)('is not said in %s with %j', async (format, options) => {
		const output = stream();
		const { progress, close } = await opened(output, { format, ...options });
		progress.start(() => runProgress);
		vi.advanceTimersByTime(60_000);
		expect(output.text()).toBe('');
		await close();
	});

	it('is drawn on a terminal whatever the level, with the workers', async () => {
		const output = stream({ isTTY: true, columns: 80, rows: 24 });
		const workers = () => [liveWorker({ name: 'worker-a' })];
		const { progress, close } = await opened(output, { level: 'error', workers });
		progress.start(() => runProgress);
		vi.advanceTimersByTime(200);
		expect(output.text()).toContain('worker-a');
		expect(output.text()).toContain('40% 40/100');
		await close();
		expect(output.stream.listenerCount('resize')).toBe(0);
	});

	it('and the workers are lines like others on a dumb terminal', async () => {
		const output = stream({ isTTY: true, columns: 80, rows: 24 });
		const environment = { TERM: 'dumb' };
		const workers = () => [liveWorker({})];
		const { progress, close } = await opened(output, { environment, workers });
		progress.start(() => runProgress);
		vi.advanceTimersByTime(5_000);
		expect(output.lines()).toEqual(['40% 40/100  0/s  ETA -  up 30 down 10 other 6']);
		await close();
	});
});

describe.each(['text', 'json'] as const)('a log as %s', (format) => {
	it('that nobody reads drops lines, says how many, and ends', async () => {
		vi.useRealTimers();
		const output = stream();
		output.stick();
		const { log, close } = await opened(output, { format });
		const lines = 10_000;
		for (let i = 0; i < lines; i += 1) log.event(everyEvent['dashboard-ready']);
		expect(output.stream.writableLength).toBeLessThanOrEqual(logBytesMax);
		// Does not wait for ever.
		await close();
		output.takeAll();
		await new Promise((resolve) => output.stream.end(resolve));
		const last = output.lines().at(-1)!;
		const said = format === 'json' ? JSON.parse(last) : { msg: last, level: 'warn', event: 'log-dropped' };
		expect(said).toMatchObject({ level: 'warn', event: 'log-dropped' });
		const [, dropped] = /^([\d,]+) lines of this log were dropped/.exec(said.msg)!;
		expect(Number(dropped!.replaceAll(',', '')) + output.lines().length - 1).toBe(lines);
	});

	it('survives that its reader has gone', async () => {
		const output = stream();
		const { log, close } = await opened(output, { format });
		log.event(everyEvent['worker-back']);
		output.stream.destroy(new Error('EPIPE'));
		await vi.advanceTimersByTimeAsync(1);
		log.event(everyEvent['worker-back']);
		await close();
		expect(output.lines().length).toBeLessThanOrEqual(2);
	});
});
