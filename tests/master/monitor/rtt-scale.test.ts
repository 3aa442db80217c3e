import { expect, test } from 'vitest';
import { rttBucketOf, rttEdgesMs } from '../../../master/monitor/rtt-scale.ts';
import { createRandom } from '../../../shared/random.ts';

/** By looking at every edge. */
function bucketOf(ms: number): number {
	let bucket = 0;
	while (bucket + 1 < rttEdgesMs.length && ms >= rttEdgesMs[bucket + 1]!) bucket += 1;
	return bucket;
}

test('twenty buckets per decade, from 10 µs to 60 s', () => {
	expect(rttEdgesMs[0]).toBe(0.01);
	expect(rttEdgesMs[20]).toBe(0.1);
	expect(rttEdgesMs[100]).toBe(1_000);
	expect(rttEdgesMs.at(-1)).toBe(56_230);
	for (const [bucket, edge] of rttEdgesMs.slice(1).entries()) {
		expect(edge / rttEdgesMs[bucket]!).toBeCloseTo(10 ** (1 / 20), 3);
	}
});

test('an edge is in its own bucket, and what is just below it in the one before', () => {
	for (const [bucket, edge] of rttEdgesMs.entries()) {
		expect(rttBucketOf(edge)).toBe(bucket);
		expect(rttBucketOf(edge * (1 - Number.EPSILON))).toBe(Math.max(0, bucket - 1));
		expect(rttBucketOf(edge * (1 + Number.EPSILON))).toBe(bucket);
	}
});

test('what is beyond the scale is in its outermost buckets', () => {
	for (const ms of [0, Number.MIN_VALUE, 0.000_001, 0.009_999]) expect(rttBucketOf(ms)).toBe(0);
	for (const ms of [56_230, 60_000, 3_600_000, Number.POSITIVE_INFINITY]) {
		expect(rttBucketOf(ms)).toBe(rttEdgesMs.length - 1);
	}
});

test('any time is where a look at every edge finds it', () => {
	const seed = (Math.random() * 2 ** 32) >>> 0;
	const random = createRandom(seed);
	for (let i = 0; i < 100_000; i += 1) {
		const ms = 10 ** (random.next() * 8 - 3);
		if (rttBucketOf(ms) !== bucketOf(ms)) throw new Error(`seed ${seed}: ${ms} ms`);
	}
});
