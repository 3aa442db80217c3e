/**
 * The logarithmic scale that times are counted on: 20 buckets per decade, from 10 µs on, each 12.2 % wider than the one
 * before. Bucket k begins at 0.01 ms × 10^(k/20), to four digits; the last one, at 56.2 s, has all that is longer, and
 * the first one all that is shorter.
 *
 * A logarithm per row would cost more than all other counting. The exponent and the first six bits of the mantissa of a
 * double are such a scale already, of 64 steps per octave, none of which is wide enough for more than one edge of ours:
 * a table says in which bucket a step begins, and one comparison whether the time is beyond it.
 */

const bucketsPerDecade = 20;
const firstMs = 0.01;
const lastMsMax = 60_000;

/** Lower edges of all buckets, in ms, ascending. */
export const rttEdgesMs: readonly number[] = Array.from(
	{ length: Math.floor(bucketsPerDecade * Math.log10(lastMsMax / firstMs)) + 1 },
	(_, bucket) => Number((firstMs * 10 ** (bucket / bucketsPerDecade)).toPrecision(4)),
);

const edges = Float64Array.from(rttEdgesMs);
const last = edges.length - 1;

const value = new Float64Array(1);
const words = new Uint32Array(value.buffer);
/** which of the two words of a double has its exponent */
const high = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;
/** behind sign and exponent, six bits of the mantissa stay */
const shift = 20 - 6;

function stepOf(ms: number): number {
	value[0] = ms;
	return words[high]! >>> shift;
}

const firstStep = stepOf(edges[0]!);
const bucketOfStep = new Uint8Array(stepOf(edges[last]!) - firstStep + 1);
for (let step = 0, bucket = 0; step < bucketOfStep.length; step += 1) {
	value.fill(0);
	words[high] = (firstStep + step) << shift;
	while (bucket < last && value[0]! >= edges[bucket + 1]!) bucket += 1;
	bucketOfStep[step] = bucket;
}

/** The bucket of a time, in ms: a place in `rttEdgesMs`. */
export function rttBucketOf(ms: number): number {
	if (ms >= edges[last]!) return last;
	if (!(ms >= edges[0]!)) return 0;
	value[0] = ms;
	const bucket = bucketOfStep[(words[high]! >>> shift) - firstStep]!;
	return ms >= edges[bucket + 1]! ? bucket + 1 : bucket;
}
