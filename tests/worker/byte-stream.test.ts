import { describe, expect, it } from 'vitest';
import type { LineWriter } from '../../worker/line-stream.ts';
import { lineStream } from '../../worker/line-stream.ts';

const forever = () => new Promise<void>(() => undefined);

describe('lineStream', () => {
	it('sends what was written between two reads as one chunk, and then ends', async () => {
		let closed = 0;
		const stream = lineStream({
			async produce({ write }) {
				write('one');
				write('two');
			},
			drainTime: forever,
			closed: () => {
				closed += 1;
			},
		});
		const reader = stream.getReader();
		expect(new TextDecoder().decode((await reader.read()).value)).toBe('one\ntwo\n');
		expect(await reader.read()).toEqual({ done: true, value: undefined });
		expect(closed).toBe(1);
	});

	it('is cut when its lines can not be made', async () => {
		let closed = 0;
		const stream = lineStream({
			async produce({ write }) {
				write('one');
				await null;
				throw new Error('broken');
			},
			drainTime: forever,
			closed: () => {
				closed += 1;
			},
		});
		await expect(new Response(stream).text()).rejects.toThrow('broken');
		expect(closed).toBe(1);
	});

	it('cuts a reader that does not read what is left', async () => {
		const drained = Promise.withResolvers<void>();
		const closed = Promise.withResolvers<void>();
		let writer: LineWriter | undefined;
		const produced = Promise.withResolvers<void>();
		const stream = lineStream({
			produce: (given) => {
				writer = given;
				return produced.promise;
			},
			drainTime: () => drained.promise,
			closed: closed.resolve,
		});
		const reader = stream.getReader();
		writer!.write('one');
		await reader.read();
		writer!.write('two');
		produced.resolve();
		drained.resolve();
		await closed.promise;
		await expect(reader.read().then(() => reader.read())).rejects.toThrow('did not read');
	});

	it('tells its producer that nobody reads any more', async () => {
		const closed = Promise.withResolvers<void>();
		let signal: AbortSignal | undefined;
		const stream = lineStream({
			produce(_, given) {
				signal = given;
				return forever();
			},
			drainTime: forever,
			closed: closed.resolve,
		});
		await stream.cancel();
		await closed.promise;
		expect(signal?.aborted).toBe(true);
	});
});
