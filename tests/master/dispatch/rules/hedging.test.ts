import { describe, expect, it } from 'vitest';
import { Flight } from '../../../../master/dispatch/rules/flight.ts';
import { Hedging } from '../../../../master/dispatch/rules/hedging.ts';
import type { Capabilities } from '../../../../shared/protocol.ts';
import { chunkOfSize, laneOf } from './chunk-fixture.ts';

const spanMs = 2_000;

/** One that left at 0. */
function flightOf(said: Partial<Capabilities> = {}): Flight {
	const lane = laneOf(said);
	const chunk = chunkOfSize(10);
	return new Flight(1, { lane, chunk, limits: lane.limitsOf(chunk, spanMs, 0), nowMs: 0 });
}

/** When it is hedged, to a ms. */
function dueMs(hedging: Hedging, flight: Flight, nothingLeft: boolean): number {
	for (let nowMs = 0; nowMs < 60_000; nowMs += 1)
		if (hedging.isDue(flight, nowMs, spanMs, nothingLeft)) return nowMs;
	return Number.POSITIVE_INFINITY;
}

describe('a request is hedged', () => {
	it('when a worker with a heartbeat has been silent for a second, whatever else there is to do', () => {
		const flight = flightOf({ heartbeatMs: 250 });
		flight.heard(400);
		flight.lane.heardMs = 1_000;
		expect(dueMs(new Hedging(), flight, false)).toBe(1_400);
	});

	it('when its worker has been silent in all its requests for 600 ms', () => {
		const flight = flightOf({ heartbeatMs: 250 });
		flight.lane.heardMs = 400;
		expect(dueMs(new Hedging(), flight, false)).toBe(1_000);
	});

	it('not for what its worker did not say before it left', () => {
		const lane = laneOf({ heartbeatMs: 250 });
		const chunk = chunkOfSize(10);
		const limits = lane.limitsOf(chunk, spanMs, 0);
		const flight = new Flight(1, { lane, chunk, limits, nowMs: 5_000 });
		expect(dueMs(new Hedging(), flight, false)).toBe(5_600);
	});

	it('not for the silence of a worker that has no heartbeat', () => {
		expect(dueMs(new Hedging(), flightOf(), false)).toBe(Number.POSITIVE_INFINITY);
	});

	it('when it has been sent and all answers should be there: soon where others are idle, later where not', () => {
		const flight = flightOf();
		flight.sentMs = 300;
		expect(dueMs(new Hedging(), flight, true)).toBe(300 + spanMs + 250);
		expect(dueMs(new Hedging(), flight, false)).toBe(300 + spanMs + 2_000);
	});

	it('when others are idle and it has not been sent within twice what nearly all need', () => {
		const hedging = new Hedging();
		for (let i = 1; i <= 100; i += 1) hedging.sent(i * 4);
		expect(dueMs(hedging, flightOf(), true)).toBeGreaterThanOrEqual(2 * 376);
		expect(dueMs(hedging, flightOf(), true)).toBeLessThanOrEqual(2 * 384);
		expect(dueMs(hedging, flightOf(), false)).toBe(Number.POSITIVE_INFINITY);
	});

	it('not before 100 ms, however fast others are', () => {
		const hedging = new Hedging();
		for (let i = 0; i < 100; i += 1) hedging.sent(1);
		expect(dueMs(hedging, flightOf(), true)).toBe(100);
	});

	it('after a second as long as little is known of the others', () => {
		const hedging = new Hedging();
		for (let i = 0; i < 15; i += 1) hedging.sent(5);
		expect(dueMs(hedging, flightOf(), true)).toBe(1_000);
		hedging.sent(5);
		expect(dueMs(hedging, flightOf(), true)).toBe(100);
	});

	it('by what is usual of late: old times are forgotten', () => {
		const hedging = new Hedging();
		for (let i = 0; i < 256; i += 1) hedging.sent(10);
		expect(dueMs(hedging, flightOf(), true)).toBe(100);
		for (let i = 0; i < 256; i += 1) hedging.sent(900);
		expect(dueMs(hedging, flightOf(), true)).toBe(1_800);
	});
});
