/** Who is told of a worker's load, and when, over a clock that stands until it is moved. */
import { expect, it } from 'vitest';
import { loadMsMin } from '../../../shared/limits.ts';
import { mediaTypes } from '../../../shared/protocol.ts';
import type { LoadMeter } from '../../../worker/load/load-reporter.ts';
import { LoadReporter } from '../../../worker/load/load-reporter.ts';
import { columnsOf, linesOf, testApp } from '../app-fixture.ts';

/** Measures how often it was asked to. */
class CountingMeter implements LoadMeter {
	measured = 0;
	readonly said: string[] = [];
	begin = (): void => void this.said.push('begin');
	end = (): void => void this.said.push('end');
	measure() {
		this.measured += 1;
		const rest = { cpu: 0.5, memoryBytes: 1, eventLoopDelayMs: 2, received: 3, dropped: 4, forged: 5 };
		return { ...rest, sent: this.measured };
	}
}

function standing() {
	const time = { nowMs: 0 };
	const meter = new CountingMeter();
	const clock = {
		wallMs: () => time.nowMs,
		monotonicMs: () => time.nowMs,
		sleep: () => new Promise<void>(() => undefined),
	};
	return { time, meter, clock, reporter: new LoadReporter({ meter, clock }) };
}

it('tells each caller each measurement once, and measures at most every 250 ms', () => {
	const { time, meter, reporter } = standing();
	expect(reporter.next('a')).toMatchObject({ sent: 1 });
	expect(reporter.next('a')).toBeUndefined();
	time.nowMs = loadMsMin - 1;
	expect(reporter.next('a')).toBeUndefined();
	expect(reporter.next('b')).toMatchObject({ sent: 1 });
	time.nowMs = loadMsMin;
	expect(reporter.next('b')).toMatchObject({ sent: 2 });
	expect(reporter.next('a')).toMatchObject({ sent: 2 });
	expect(reporter.newest()).toMatchObject({ sent: 2 });
	expect(meter.measured).toBe(2);
});

it('has the meter watch while any request is under way, and then only', () => {
	const { meter, reporter } = standing();
	const [first, second] = [reporter.began(), reporter.began()];
	expect(meter.said).toEqual(['begin']);
	first();
	first();
	expect(meter.said).toEqual(['begin']);
	second();
	expect(meter.said).toEqual(['begin', 'end']);
});

it('travels at the end of an answer in frames or lines, once in a while, and in capabilities', async () => {
	const { clock, meter, reporter } = standing();
	const { app, ping } = testApp({ load: reporter, clock });
	const hosts = ['192.0.2.1'];
	const load = { cpu: 0.5, memoryBytes: 1, eventLoopDelayMs: 2, sent: 1, received: 3, dropped: 4, forged: 5 };
	const ended = async () =>
		(await columnsOf(await ping({ hosts }, { accept: mediaTypes.frames }), 1)).marks.at(-1);
	expect(await ended()).toEqual({ done: true, results: 1, load });
	expect(await ended()).toEqual({ done: true, results: 1 });
	const lines = async () => (await linesOf(await ping({ hosts }, { accept: mediaTypes.ndjson }))).at(-1);
	expect(await lines()).toEqual({ done: true, results: 1 });
	const headers = { authorization: 'Bearer a-token-for-tests-only' };
	expect(await (await app.request('/capabilities', { headers })).json()).toMatchObject({ load });
	expect(meter.said).toEqual(['begin', 'end', 'begin', 'end', 'begin', 'end']);
});
