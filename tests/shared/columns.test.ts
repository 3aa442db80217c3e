import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBlock, encodeBlock } from '../../shared/columns.ts';
import { reasons, statuses } from '../../shared/outcome.ts';
import type { ResultBlock } from '../../shared/results.ts';
import { roundToMicroseconds } from '../../shared/stats.ts';

const rttMsMax = 1_000;
const hosts = 200;

const ms = fc.oneof(fc.constant(Number.NaN), fc.double({ min: 0, max: rttMsMax, noNaN: true }));
const row = fc.record({
	status: fc.nat(statuses.length - 1),
	reason: fc.nat(reasons.length - 1),
	address: fc.option(fc.constantFrom('10.0.0.1', '2001:db8::1'), { nil: undefined }),
	sent: fc.nat(1_000),
	received: fc.nat(1_000),
	rttMs: ms,
	min: ms,
	max: ms,
	jitter: ms,
});

/** Blocks whose columns are often the same all over, as most are. */
const block: fc.Arbitrary<ResultBlock> = fc
	.record({
		rows: fc.oneof(
			fc.array(row, { minLength: 1, maxLength: 30 }),
			fc.tuple(row, fc.integer({ min: 1, max: 30 })).map(([one, n]) => Array<typeof one>(n).fill(one)),
		),
		first: fc.nat(hosts - 31),
		named: fc.boolean(),
		statistics: fc.boolean(),
	})
	.map(({ rows, first, named, statistics }) => ({
		length: rows.length,
		index: Uint32Array.from(rows, (_, i) => first + i),
		status: Uint8Array.from(rows, (r) => r.status),
		reason: Uint8Array.from(rows, (r) => r.reason),
		address: named ? rows.map((r) => r.address) : undefined,
		sent: Uint16Array.from(rows, (r) => r.sent),
		received: Uint16Array.from(rows, (r) => r.received),
		rttMs: Float64Array.from(rows, (r) => r.rttMs),
		rtt: statistics
			? {
					min: Float64Array.from(rows, (r) => r.min),
					max: Float64Array.from(rows, (r) => r.max),
					jitter: Float64Array.from(rows, (r) => r.jitter),
				}
			: undefined,
	}));

/** A block as plain arrays, times to the microsecond. */
function plain(value: ResultBlock) {
	const { length, rtt, address } = value;
	const times = (column: ArrayLike<number>): number[] =>
		Array.from({ length }, (_, i) => roundToMicroseconds(column[i]!));
	const numbers = (column: ArrayLike<number>): number[] => Array.from({ length }, (_, i) => column[i]!);
	return {
		length,
		index: numbers(value.index),
		status: numbers(value.status),
		reason: numbers(value.reason),
		address: address?.some((text) => text !== undefined) ? address : undefined,
		sent: numbers(value.sent),
		received: numbers(value.received),
		rttMs: times(value.rttMs),
		rtt: rtt && { min: times(rtt.min), max: times(rtt.max), jitter: times(rtt.jitter) },
	};
}

describe('a line of columns', () => {
	it('comes back as the block that it was', () => {
		fc.assert(
			fc.property(block, (value) => {
				const line = encodeBlock(value);
				expect(line).not.toContain('\n');
				const decoded = decodeBlock(JSON.parse(line), hosts, rttMsMax);
				if (typeof decoded === 'string') throw new Error(decoded);
				expect(plain(decoded)).toEqual(plain(value));
			}),
			{ numRuns: 500 },
		);
	});

	it('says a value that all rows have once', () => {
		const same = {
			length: 3,
			index: [0, 1, 2],
			status: [0, 0, 0],
			reason: [0, 0, 0],
			address: undefined,
			sent: [1, 1, 1],
			received: [1, 1, 1],
			rttMs: [0.1, 0.2, 0.15],
			rtt: undefined,
		};
		expect(encodeBlock(same)).toBe('{"i":[0,1,2],"s":0,"n":1,"k":1,"t":[0.1,0.2,0.15]}');
	});

	const good = { i: [0, 1], s: [0, 1], r: [0, 1], n: 1, k: [1, 0], t: [1.5, null] };
	it.each<[string, unknown]>([
		['nothing', undefined],
		['null', null],
		['a number', 1],
		['a text', 'x'],
		['a list', []],
		['no positions', { ...good, i: undefined }],
		['an empty list of positions', { ...good, i: [] }],
		['more positions than hosts', { ...good, i: Array(hosts + 1).fill(0) }],
		['a position at the end', { ...good, i: [0, hosts] }],
		['a negative position', { ...good, i: [0, -1] }],
		['half a position', { ...good, i: [0, 0.5] }],
		['a position as text', { ...good, i: [0, '1'] }],
		['a position that is null', { ...good, i: [0, null] }],
		['one position for all', { ...good, i: 0 }],
		['no status', { ...good, s: undefined }],
		['an unknown status', { ...good, s: statuses.length }],
		['an unknown reason', { ...good, r: [0, reasons.length] }],
		['a status too few', { ...good, s: [0] }],
		['a status too many', { ...good, s: [0, 0, 0] }],
		['a column that is a text', { ...good, s: '00' }],
		['a column that looks like a list', { ...good, s: { 0: 0, 1: 0, length: 2 } }],
		['no number sent', { ...good, n: undefined }],
		['too many sent', { ...good, n: 65_536 }],
		['half a probe', { ...good, k: 0.5 }],
		['a negative time', { ...good, t: [-0.1, 1] }],
		['a time beyond any', { ...good, t: [rttMsMax + 1, 1] }],
		['a time as text', { ...good, t: ['1', 1] }],
		['a time for all beyond any', { ...good, t: 1e308 }],
		['a truth for a time', { ...good, t: true }],
		['too few times', { ...good, t: [1] }],
		['a lowest time beyond any', { ...good, l: 1, h: rttMsMax + 1, j: 1 }],
		['a jitter as text', { ...good, l: 1, h: 1, j: ['1', '1'] }],
		['addresses too few', { ...good, a: ['10.0.0.1'] }],
		['one address for all', { ...good, a: '10.0.0.1' }],
		['a name for an address', { ...good, a: ['a.test', null] }],
		['control characters for an address', { ...good, a: ['\u001b[2J', null] }],
		['a number for an address', { ...good, a: [1, null] }],
	])('with %s is refused in words', (_, line) => {
		expect(typeof decodeBlock(line, hosts, rttMsMax)).toBe('string');
	});

	it('is judged, whatever JSON it is, and never throws', () => {
		const value = fc.jsonValue({ maxDepth: 3 });
		const keys = fc.constantFrom('i', 's', 'r', 'a', 'n', 'k', 't', 'l', 'h', 'j', '__proto__');
		fc.assert(
			fc.property(fc.oneof(value, fc.dictionary(keys, value)), (line) => {
				const decoded = decodeBlock(line, hosts, rttMsMax);
				if (typeof decoded === 'string') return;
				for (let at = 0; at < decoded.length; at += 1) expect(decoded.index[at]).toBeLessThan(hosts);
			}),
			{ numRuns: 2_000 },
		);
	});
});
