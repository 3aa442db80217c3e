import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { delayStages } from '../../bench/pingpool/delay-line.ts';

const chunks = Array.from({ length: 4_000 }, (_, i) => Buffer.from([i % 256]));

/** What came out, and how long after the start the first and the last of it did. */
async function pass(delayMs: number) {
	const [stamp, passOn] = delayStages(delayMs, () => performance.now());
	const startedAt = performance.now();
	const arrivals: { byte: number; ms: number }[] = [];
	await pipeline(Readable.from(chunks), stamp, passOn, async (source: AsyncIterable<Uint8Array>) => {
		for await (const bytes of source)
			for (const byte of bytes) arrivals.push({ byte, ms: performance.now() - startedAt });
	});
	return arrivals;
}

test('everything arrives, in order, not before its time', async () => {
	const arrivals = await pass(25);
	expect(arrivals.map(({ byte }) => byte)).toEqual(chunks.map(([byte]) => byte));
	// Timers may fire a millisecond early.
	expect(arrivals[0]!.ms).toBeGreaterThan(23);
});

test('chunks are on the way together: their delays do not add up', async () => {
	const arrivals = await pass(25);
	expect(arrivals.at(-1)!.ms).toBeLessThan((25 * chunks.length) / 2);
});
