import { expect, it } from 'vitest';
import { freshChunk } from '../../../../master/dispatch/rules/chunk.ts';
import { Flight } from '../../../../master/dispatch/rules/flight.ts';
import { Lane } from '../../../../master/dispatch/rules/lane.ts';
import { hostColumn } from '../../../../shared/host-column.ts';
import { capabilities } from '../fake-link.ts';

const limits = { silenceMsMax: 1_000, progressMsMax: 3_000, totalMsMax: 10_000 };

function flightAt(nowMs: number): Flight {
	const lane = new Lane({
		name: 'w',
		capabilities: capabilities(),
		weight: 1,
		chunkHosts: undefined,
		concurrency: undefined,
		probesPerHost: 2,
		nowMs,
	});
	const chunk = freshChunk('icmp', { positions: Uint32Array.of(0), hosts: hostColumn(['10.0.0.1']) });
	return new Flight(1, { lane, chunk, limits, nowMs });
}

it('is overdue when nothing is heard of its worker', () => {
	const flight = flightAt(500);
	expect(flight.overdue(1_499)).toBeUndefined();
	expect(flight.overdue(1_500)).toBe('has been silent for 1.0 s');
	flight.heardMs = 1_500;
	expect(flight.overdue(1_500)).toBeUndefined();
});

it('is overdue when its worker lives and answers nothing', () => {
	const flight = flightAt(0);
	for (let nowMs = 0; nowMs < 3_000; nowMs += 250) {
		flight.heardMs = nowMs;
		expect(flight.overdue(nowMs)).toBeUndefined();
	}
	flight.heardMs = 3_000;
	expect(flight.overdue(3_000)).toBe('has answered nothing for 3.0 s');
});

it('is overdue in the end, however steadily it drips', () => {
	const flight = flightAt(0);
	for (let nowMs = 0; nowMs < 10_000; nowMs += 500) {
		flight.heardMs = nowMs;
		flight.progressMs = nowMs;
		expect(flight.overdue(nowMs)).toBeUndefined();
	}
	flight.heardMs = 10_000;
	flight.progressMs = 10_000;
	expect(flight.overdue(10_000)).toBe('has not finished a request in 10.0 s');
});

it('has all its time anew when nobody listened for a while', () => {
	const flight = flightAt(0);
	flight.postpone(60_000, 60_100);
	expect(flight.overdue(61_099)).toBeUndefined();
	expect(flight.overdue(61_100)).toBe('has been silent for 1.0 s');
	flight.heardMs = 69_999;
	flight.progressMs = 69_999;
	expect(flight.overdue(69_999)).toBeUndefined();
	expect(flight.overdue(70_000)).toBe('has not finished a request in 10.0 s');
});
