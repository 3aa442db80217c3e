import { describe, expect, it } from 'vitest';
import { RttCounts } from '../../../master/monitor/rtt-histogram.ts';
import { rttBucketOf, rttEdgesMs } from '../../../master/monitor/rtt-scale.ts';
import { createRandom } from '../../../shared/random.ts';
import { quantile } from '../../../shared/stats.ts';
import { blockOf } from '../dispatch/fake-link.ts';

function countsOf(times: readonly number[]): RttCounts {
	const counts = new RttCounts();
	for (const ms of times) counts.add(ms);
	return counts;
}

describe('counted times', () => {
	it('are told in the buckets of the scale', () => {
		const { edgesMs, counts } = countsOf([0.005, 1, 1.1, 1.2, 90_000]).histogram();
		expect(edgesMs).toBe(rttEdgesMs);
		expect(counts).toHaveLength(edgesMs.length);
		const found = new Map([...counts.entries()].filter(([, count]) => count > 0));
		expect(found).toEqual(
			new Map([
				[0, 1],
				[rttBucketOf(1), 2],
				[rttBucketOf(1.2), 1],
				[edgesMs.length - 1, 1],
			]),
		);
	});

	it('have percentiles that are off by a bucket at most', () => {
		const seed = (Math.random() * 2 ** 32) >>> 0;
		const random = createRandom(seed);
		for (let round = 0; round < 50; round += 1) {
			const [low, span] = [random.next() * 4 - 2, random.next() * 3];
			const times = Array.from({ length: 1 + random.below(3_000) }, () => 10 ** (low + span * random.next()));
			const found = countsOf(times).percentiles()!;
			for (const percent of [50, 90, 95, 99] as const) {
				const exact = quantile(times, percent / 100);
				const off = found[`p${percent}`] / exact;
				// A rank that falls between two buckets may be shown at the far side of either.
				if (off < 1 / 1.123 || off > 1.123)
					throw new Error(`seed ${seed}: p${percent} of ${times.length} is ${off} of it`);
			}
			expect(found.max).toBeCloseTo(Math.max(...times), 3);
		}
	});

	it('that are all the same have that one as each percentile', () => {
		for (const ms of [0.004, 0.011, 1, 17.5, 250, 70_000]) {
			expect(countsOf([ms, ms, ms]).percentiles()).toEqual({ p50: ms, p90: ms, p95: ms, p99: ms, max: ms });
		}
	});

	it('without any have no percentiles', () => {
		expect(new RttCounts().percentiles()).toBeNull();
		expect(new RttCounts().quantile(0.5)).toBe(0);
	});

	it('come in blocks as they come one by one; hosts without a time count for nothing', () => {
		const block = { ...blockOf([0, 1, 2, 3], 'up'), rttMs: [3, Number.NaN, 0.02, 40] };
		const counts = new RttCounts();
		counts.addBlock(block);
		counts.addBlock(block);
		expect(counts).toEqual(countsOf([3, 0.02, 40, 3, 0.02, 40]));
	});

	it('weigh half when they are halved, so that later ones show', () => {
		const counts = countsOf(Array.from({ length: 1_000 }, () => 1));
		for (let round = 0; round < 12; round += 1) counts.halve();
		expect(counts.total).toBe(0);
		counts.add(100);
		expect(counts.quantile(0.5)).toBeCloseTo(100, -1);
	});
});
