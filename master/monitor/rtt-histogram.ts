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

	/** Those of both. */
	plus(other: RttCounts): RttCounts {
		const sum = new RttCounts();
		for (const { counts, total, minMs, maxMs } of [this, other]) {
			for (let bucket = 0; bucket < counts.length; bucket += 1) sum.counts[bucket]! += counts[bucket]!;
			sum.total += total;
			sum.minMs = Math.min(sum.minMs, minMs);
			sum.maxMs = Math.max(sum.maxMs, maxMs);
		}
		return sum;
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

	/**
	 * The time that so large a share is not above, in ms; 0 without any. Within its bucket, times are taken to be spread
	 * evenly on the scale: it is a bucket off at most, 12 %, and 6 % as a rule.
	 */
	quantile(share: number): number {
		const { counts, total, minMs, maxMs } = this;
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

	/** @returns `null` without any */
	percentiles(): RttPercentiles | null {
		if (this.total === 0) return null;
		const [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map((share) => this.quantile(share));
		return { p50: p50!, p90: p90!, p95: p95!, p99: p99!, max: roundToMicroseconds(this.maxMs) };
	}

	histogram(): RttHistogram {
		return { edgesMs: rttEdgesMs, counts: Array.from(this.counts) };
	}

	/** All of it, as plain data. */
	kept(): KeptRtts {
		const { counts, minMs, maxMs, total } = this;
		return { counts: Array.from(counts), minMs: total === 0 ? null : minMs, maxMs };
	}

	/** What `kept` has made. @returns `undefined` for what it can not have made */
	static from(kept: unknown): RttCounts | undefined {
		const { counts, minMs, maxMs } = (kept ?? {}) as Partial<KeptRtts>;
		if (!Array.isArray(counts) || counts.length !== rttEdgesMs.length) return undefined;
		if (!counts.every((count) => Number.isInteger(count) && count >= 0 && count < 2 ** 32)) return undefined;
		const found = new RttCounts();
		found.counts.set(counts);
		found.total = counts.reduce((sum, count) => sum + count, 0);
		if (found.total === 0) return found;
		if (typeof minMs !== 'number' || typeof maxMs !== 'number' || !(minMs >= 0 && minMs <= maxMs)) {
			return undefined;
		}
		found.minMs = minMs;
		found.maxMs = maxMs;
		return found;
	}
}

/** Round-trip times that were counted, as plain data. */
export interface KeptRtts {
	/** by bucket */
	readonly counts: readonly number[];
	/** `null` without any */
	readonly minMs: number | null;
	readonly maxMs: number;
}
