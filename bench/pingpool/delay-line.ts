/** A long wire that carries any amount: what goes in comes out a while later, in order. */
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Chunks that are on the way at a time; a socket reads up to 64 KiB each. */
const chunksMax = 1_024;

interface Stamped {
	readonly dueMs: number;
	readonly bytes: Uint8Array;
}

/**
 * The two stages of a pipeline: one notes when each chunk arrived and holds what is on the way, the other passes
 * on what is due.
 *
 * @param delayMs how long everything takes; 0 for the same stages without a wait
 */
export function delayStages(delayMs: number, nowMs: () => number) {
	const stamp = new Transform({
		readableObjectMode: true,
		readableHighWaterMark: chunksMax,
		transform(bytes: Uint8Array, _, done) {
			done(null, { dueMs: nowMs() + delayMs, bytes } satisfies Stamped);
		},
	});
	async function* passOn(source: AsyncIterable<Stamped>): AsyncGenerator<Uint8Array> {
		for await (const { dueMs, bytes } of source) {
			const waitMs = dueMs - nowMs();
			if (waitMs > 0) await sleep(waitMs);
			yield bytes;
		}
	}
	return [stamp, passOn] as const;
}
