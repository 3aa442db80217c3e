import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { LineWriter } from '../../shared/line-writer.ts';

/** A stream whose reader takes a piece when the test says so. */
function slowStream() {
	const taken: string[] = [];
	let waiting: (() => void)[] = [];
	const stream = new Writable({
		highWaterMark: 100,
		decodeStrings: false,
		write(piece: string, _, done) {
			waiting.push(() => {
				taken.push(piece);
				done();
			});
		},
	});
	return {
		stream,
		taken,
		async takeAll() {
			while (waiting.length > 0) {
				const due = waiting;
				waiting = [];
				for (const take of due) take();
				await new Promise((resolve) => setImmediate(resolve));
			}
		},
	};
}

const options = { droppedLine: (lines: number) => `${lines} dropped\n`, bytesMax: 1_000 };

it('keeps a bounded number of characters for a slow reader, and counts what it drops', async () => {
	const { stream, taken, takeAll } = slowStream();
	const writer = new LineWriter({ stream, ...options });
	for (let i = 0; i < 10_000; i += 1) writer.write(`line number ${String(i).padStart(6, '0')}\n`);
	expect(stream.writableLength).toBeLessThanOrEqual(options.bytesMax);
	await takeAll();
	const text = taken.join('');
	expect(text.match(/line number/g)).toHaveLength(52);
	expect(text).toMatch(/line number 000051\n9948 dropped\n$/);
	writer.write('after\n');
	await takeAll();
	expect(taken.at(-1)).toBe('after\n');
});

it('waits at its end until everything is read, but not for ever', async () => {
	const { stream, takeAll } = slowStream();
	const writer = new LineWriter({ stream, ...options });
	writer.write('one\n');
	expect(await writer.close(20)).toBe(false);
	const again = new LineWriter({ stream, ...options });
	const closing = again.close(60_000);
	await takeAll();
	expect(await closing).toBe(true);
	expect([stream.listenerCount('drain'), stream.listenerCount('error')]).toEqual([0, 0]);
});

it('survives a stream that breaks', async () => {
	const { stream } = slowStream();
	const writer = new LineWriter({ stream, ...options });
	writer.write('one\n');
	stream.destroy(new Error('EPIPE'));
	await new Promise((resolve) => stream.once('close', resolve));
	writer.write('two\n');
	expect(await writer.close(1_000)).toBe(true);
});
