/** Times counted on the scale of rtt-scale.ts, and what can be said of them: memory does not grow with their number. */
import type { RttHistogram, RttPercentiles } from '../../shared/dashboard-api.ts';
import type { ResultBlock } from '../../shared/results.ts';
import { roundToMicroseconds } from '../../shared/stats.ts';
import { rttBucketOf, rttEdgesMs } from './rtt-scale.ts';

export class RttCounts {
	readonly counts = new Uint32Array(rttEdgesMs.length);
	total = 0;
	/** the shortest and the longest, exactly; without any, as far off as can be */
	minMs = Number.POSITIVE_INFINITY;
	maxMs = 0;

	add(ms: number): void {
		this.counts[rttBucketOf(ms)]! += 1;
		this.total += 1;
		if (ms < this.minMs) this.minMs = ms;
		if (ms > this.maxMs) this.maxMs = ms;
	}

	/** Counts the round-trip times of a block; hosts that have none are left out. */
	addBlock({ length, rttMs }: ResultBlock): void {
		const { counts } = this;
		let { total, minMs, maxMs } = this;
		for (let row = 0; row < length; row += 1) {
			const ms = rttMs[row]!;
			if (Number.isNaN(ms)) continue;
			counts[rttBucketOf(ms)]! += 1;
			total += 1;
			if (ms < minMs) minMs = ms;
			if (ms > maxMs) maxMs = ms;
		}
		this.total = total;
		this.minMs = minMs;
		this.maxMs = maxMs;
	}

	/** Lets what was counted so far weigh half: of a stream of times, what is long ago is forgotten by and by. The extremes
	 * stay. */
	halve(): void {
		let total = 0;
		for (let bucket = 0; bucket < this.counts.length; bucket += 1) {
			this.counts[bucket]! >>>= 1;
			total += this.counts[bucket]!;
		}
		this.total = total;
	}

	/** The time that so large a share is not above, in ms; 0 without any. */
	quantile(share: number): number {
		return quantileOf(this.counts, share, this);
	}

	percentiles(): RttPercentiles | null {
		return percentilesOf(this.counts, this);
	}

	histogram(): RttHistogram {
		return { edgesMs: rttEdgesMs, counts: Array.from(this.counts) };
	}
}

/** What is known of counted times beyond their buckets, in ms. */
export interface RttRange {
	readonly minMs: number;
	readonly maxMs: number;
}

/** @param counts per bucket of `rttEdgesMs`. @returns `null` without any */
export function percentilesOf(counts: ArrayLike<number>, range: RttRange): RttPercentiles | null {
	let total = 0;
	for (let bucket = 0; bucket < counts.length; bucket += 1) total += counts[bucket]!;
	if (total === 0) return null;
	const at = (share: number): number => quantileOf(counts, share, range);
	return { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: roundToMicroseconds(range.maxMs) };
}

/** Within its bucket, times are taken to be spread evenly on the scale: a bucket off at most, 12 %, and 6 % as a rule. */
function quantileOf(counts: ArrayLike<number>, share: number, { minMs, maxMs }: RttRange): number {
	let total = 0;
	for (let bucket = 0; bucket < counts.length; bucket += 1) total += counts[bucket]!;
	if (total === 0) return 0;
	const rank = Math.max(1, Math.ceil(share * total));
	let below = 0;
	let bucket = 0;
	while (below + counts[bucket]! < rank) {
		below += counts[bucket]!;
		bucket += 1;
	}
	const lower = rttEdgesMs[bucket]!;
	const upper = rttEdgesMs[bucket + 1] ?? Math.max(lower, maxMs);
	const ms = lower * (upper / lower) ** ((rank - below - 0.5) / counts[bucket]!);
	return roundToMicroseconds(Math.min(maxMs, Math.max(minMs, ms)));
}
