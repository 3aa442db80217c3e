/** Loss and round-trip statistics of one host. All times are milliseconds. */
export interface RttStats {
	readonly rttMinMs: number;
	readonly rttAvgMs: number;
	readonly rttMaxMs: number;
	/** mean of the absolute differences of consecutive round-trip times: the inter-packet delay variation of
	 * RFC 3393 for consecutive packets, averaged as fping and SmokePing users know it; 0 with one answer */
	readonly jitterMs: number;
}

/**
 * @param rttsMs round-trip times in the order of sending, lost ones left out
 * @returns `undefined` when nothing was received
 */
export function rttStats(rttsMs: ArrayLike<number>): RttStats | undefined {
	const received = rttsMs.length;
	if (received === 0) return undefined;
	let min = Number.POSITIVE_INFINITY;
	let max = 0;
	let sum = 0;
	let variation = 0;
	for (let i = 0; i < received; i += 1) {
		const rtt = rttsMs[i]!;
		if (rtt < min) min = rtt;
		if (rtt > max) max = rtt;
		sum += rtt;
		if (i > 0) variation += Math.abs(rtt - rttsMs[i - 1]!);
	}
	return {
		rttMinMs: min,
		rttAvgMs: sum / received,
		rttMaxMs: max,
		jitterMs: received > 1 ? variation / (received - 1) : 0,
	};
}

/** Share of probes without an answer, in percent; 0 when none was sent. */
export function lossPercent(sent: number, received: number): number {
	return sent === 0 ? 0 : (100 * (sent - received)) / sent;
}

/** Milliseconds to the microsecond, the precision that the protocol and the database carry. */
export function roundToMicroseconds(ms: number): number {
	return Math.round(ms * 1000) / 1000;
}

/**
 * A quantile of some samples: the smallest one that so large a share is not above.
 *
 * @param samples at least one, in any order
 * @param share above 0, at most 1
 */
export function quantile(samples: readonly number[], share: number): number {
	const sorted = Float64Array.from(samples).sort();
	return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}
