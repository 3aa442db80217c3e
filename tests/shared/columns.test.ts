import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBlock, decodeRequest, encodeBlock, encodeRequest } from '../../shared/columns.ts';
import { FrameSplitter, frameKinds } from '../../shared/frames.ts';
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

/** The payload of a block's frame. */
function payloadOf(value: ResultBlock): Uint8Array {
	const frames = new FrameSplitter(1e6).push(encodeBlock(value));
	expect(frames.map(({ kind }) => kind)).toEqual([frameKinds.block]);
	return frames[0]!.payload;
}

describe('a block in columns', () => {
	it('comes back as the block that it was', () => {
		fc.assert(
			fc.property(block, (value) => {
				const decoded = decodeBlock(payloadOf(value), hosts, rttMsMax);
				if (typeof decoded === 'string') throw new Error(decoded);
				expect(plain(decoded)).toEqual(plain(value));
			}),
			{ numRuns: 500 },
		);
	});

	it('comes back from wherever it lies in a larger buffer', () => {
		fc.assert(
			fc.property(block, fc.nat(9), (value, offset) => {
				const payload = payloadOf(value);
				const larger = new Uint8Array(offset + payload.length + 3).fill(255);
				larger.set(payload, offset);
				const decoded = decodeBlock(larger.subarray(offset, offset + payload.length), hosts, rttMsMax);
				expect(decoded).toEqual(decodeBlock(payload, hosts, rttMsMax));
			}),
		);
	});

	it('says a value that all rows have once, and leaves out what nobody has', () => {
		const same = {
			length: 3,
			index: [0, 1, 200],
			status: [0, 0, 0],
			reason: [0, 0, 0],
			address: undefined,
			sent: [1, 1, 1],
			received: [1, 1, 1],
			rttMs: [0.1, Number.NaN, 0.15],
			rtt: undefined,
		};
		// Length, folded columns, columns that are there, positions, sent, received, status, reason, times.
		const folded = [3, 0, 15, 1, 0, 0, 1, 0, 200, 0, 1, 0, 1, 0, 0, 0];
		const times = [100, 0, 0, 0, 255, 255, 255, 255, 150, 0, 0, 0];
		expect([...payloadOf(same)]).toEqual([...folded, ...times]);
		const silent = { ...same, rttMs: new Float64Array(3).fill(Number.NaN) };
		expect([...payloadOf(silent)]).toEqual([...folded.with(3, 0)]);
	});

	it('holds as many rows as a block may have', () => {
		const length = 65_535;
		const index = Uint32Array.from({ length }, (_, row) => row + 1);
		const column = new Uint16Array(length).fill(1);
		const rttMs = new Float64Array(length).fill(60_000);
		const status = new Uint8Array(length);
		const large = {
			length,
			index,
			status,
			reason: status,
			address: undefined,
			sent: column,
			received: column,
		};
		const decoded = decodeBlock(payloadOf({ ...large, rttMs, rtt: undefined }), 65_536, 60_000);
		if (typeof decoded === 'string') throw new Error(decoded);
		expect([decoded.length, decoded.index[65_534], decoded.rttMs[65_534]]).toEqual([length, 65_535, 60_000]);
	});

	/** Two rows with nothing folded: one up after 1.5 ms, one down. */
	const good = [2, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 220, 5, 0, 0, 255, 255, 255, 255];
	const at = { folded: 2, present: 3, index: 4, sent: 8, received: 12, status: 16, reason: 18, rtt: 20 };
	const text = (value: string) => [...new TextEncoder().encode(value)];
	/** The good block with addresses behind it. */
	const named = (...bytes: number[]) => [...good.with(at.present, 5), ...bytes];

	it('is refused only for what is wrong with it', () => {
		const decoded = decodeBlock(Uint8Array.from(good), hosts, rttMsMax);
		expect(decoded).toMatchObject({ length: 2, rttMs: Float64Array.of(1.5, Number.NaN) });
		const some = decodeBlock(Uint8Array.from(named(...text('\n10.0.0.1'))), hosts, rttMsMax);
		expect(some).toMatchObject({ address: [undefined, '10.0.0.1'] });
	});

	it.each<[string, readonly number[]]>([
		['nothing', []],
		['half a head', good.slice(0, 3)],
		['no rows', good.with(0, 0)],
		['more rows than hosts', good.with(0, hosts + 1)],
		['more rows than columns hold', good.with(0, 3)],
		['fewer rows than columns hold', good.with(0, 1)],
		['a byte too few', good.slice(0, -1)],
		['a byte too many', [...good, 0]],
		['columns that are not there', good.with(at.present, 3)],
		['columns that nobody announced', good.with(at.present, 0)],
		['a column that is not folded as it says', good.with(at.folded, 1)],
		['an unknown column', good.with(at.present, 1 + 8)],
		['an unknown column that is folded', good.with(at.folded, good[at.folded]! + 16)],
		['a position at the end', good.with(at.index + 2, hosts)],
		['a position far beyond', good.with(at.index + 3, 255)],
		['an unknown status', good.with(at.status, statuses.length)],
		['an unknown reason', good.with(at.reason + 1, reasons.length)],
		['too many sent', good.with(at.sent + 1, 255)],
		['too many received', good.with(at.received + 3, 255)],
		['a time beyond any', good.with(at.rtt + 3, 1)],
		['a time just below none', good.with(at.rtt + 4, 254)],
		['addresses too few', named(...text('10.0.0.1'))],
		['addresses too many', named(...text('\n\n'))],
		['a name for an address', named(...text('a.test\n'))],
		['control characters for an address', named(...text('\u001b[2J\n'))],
		['addresses that are no UTF-8', named(0xff, 0x0a)],
	])('with %s is refused in words', (_, bytes) => {
		expect(typeof decodeBlock(Uint8Array.from(bytes), hosts, rttMsMax)).toBe('string');
	});

	it('is refused for a lowest, highest or varying time beyond any', () => {
		for (let column = 0; column < 3; column += 1) {
			const times = Array.from({ length: 24 }, (_, byte) => (byte === 8 * column + 3 ? 1 : 0));
			expect(
				typeof decodeBlock(Uint8Array.from([...good.with(at.present, 3), ...times]), hosts, rttMsMax),
			).toBe('string');
		}
	});

	it('is judged, whatever bytes it is, and never throws', () => {
		const head = fc
			.tuple(fc.nat(6), fc.constant(0), fc.nat(16), fc.nat(8))
			.map((bytes) => Uint8Array.from(bytes));
		const small = fc.array(fc.oneof(fc.nat(2), fc.nat(255)), { maxLength: 120 });
		const hostile = fc.tuple(head, small).map(([one, other]) => Uint8Array.from([...one, ...other]));
		const damaged = fc
			.tuple(block, fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { maxLength: 4 }), fc.nat(3))
			.map(([value, changes, missing]) => {
				const payload = payloadOf(value).slice();
				for (const [position, byte] of changes) payload[position % payload.length] = byte;
				return payload.subarray(0, payload.length - missing);
			});
		fc.assert(
			fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), hostile, damaged), (bytes) => {
				const decoded = decodeBlock(bytes, hosts, rttMsMax);
				if (typeof decoded === 'string') return;
				const columns = [decoded.rttMs, decoded.rtt?.min, decoded.rtt?.max, decoded.rtt?.jitter];
				for (let row = 0; row < decoded.length; row += 1) {
					expect(decoded.index[row]).toBeLessThan(hosts);
					expect(statuses[decoded.status[row]!]).toBeDefined();
					expect(reasons[decoded.reason[row]!]).toBeDefined();
					for (const column of columns) expect(column === undefined || !(column[row]! > rttMsMax)).toBe(true);
				}
			}),
			{ numRuns: 5_000 },
		);
	});
});

describe('a request in columns', () => {
	const addresses = fc.uint32Array({ maxLength: 200 });
	// Within the form that is read (json-form.ts).
	const settings = fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 0 }), {
		maxKeys: 8,
		noNullPrototype: true,
	});

	it('comes back as what was asked, from wherever it lies in a buffer', () => {
		fc.assert(
			fc.property(settings, addresses, fc.nat(5), (asked, ipv4, offset) => {
				const body = encodeRequest(asked, ipv4);
				const larger = new Uint8Array(offset + body.length + 2);
				larger.set(body, offset);
				const decoded = decodeRequest(larger.subarray(offset, offset + body.length));
				expect(decoded.settings).toEqual(JSON.parse(JSON.stringify(asked)));
				expect([...decoded.ipv4]).toEqual([...ipv4]);
			}),
		);
	});

	it('is refused where it is cut, unless whole addresses are missing', () => {
		const body = encodeRequest({ count: 1 }, Uint32Array.of(1, 2, 3));
		for (let length = 0; length < body.length; length += 1) {
			const missing = body.length - length;
			const cut = body.subarray(0, length);
			if (missing <= 12 && missing % 4 === 0) expect(decodeRequest(cut).ipv4).toHaveLength(3 - missing / 4);
			else expect(() => decodeRequest(cut)).toThrow(expect.objectContaining({ code: 'bad-request' }));
		}
	});

	it('is refused with bad-request, or read, whatever bytes it is', () => {
		const lengths = fc.tuple(fc.nat(8), fc.uint8Array({ maxLength: 40 })).map(([length, rest]) => {
			return Uint8Array.from([length, 0, 0, 0, ...rest]);
		});
		fc.assert(
			fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), lengths), (bytes) => {
				try {
					decodeRequest(bytes);
				} catch (error) {
					expect(error).toMatchObject({ code: 'bad-request', details: { path: '' } });
				}
			}),
			{ numRuns: 2_000 },
		);
	});
});
