import { describe, expect, it } from 'vitest';
import type { ByteWriter } from '../../worker/byte-stream.ts';
import { byteStream } from '../../worker/byte-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const forever = () => new Promise<void>(() => undefined);

describe('byteStream', () => {
	it('sends what was written between two reads as one chunk, and then ends', async () => {
		let closed = 0;
		const stream = byteStream({
			async produce({ write }) {
				write(bytes('one'));
				write(bytes('two'));
			},
			drainTime: forever,
			closed: () => {
				closed += 1;
			},
		});
		const reader = stream.getReader();
		expect(new TextDecoder().decode((await reader.read()).value)).toBe('onetwo');
		expect(await reader.read()).toEqual({ done: true, value: undefined });
		expect(closed).toBe(1);
	});

	it('is cut when its pieces can not be made', async () => {
		let closed = 0;
		const stream = byteStream({
			async produce({ write }) {
				write(bytes('one'));
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
		let writer: ByteWriter | undefined;
		const produced = Promise.withResolvers<void>();
		const stream = byteStream({
			produce: (given) => {
				writer = given;
				return produced.promise;
			},
			drainTime: () => drained.promise,
			closed: closed.resolve,
		});
		const reader = stream.getReader();
		writer!.write(bytes('one'));
		await reader.read();
		writer!.write(bytes('two'));
		produced.resolve();
		drained.resolve();
		await closed.promise;
		await expect(reader.read().then(() => reader.read())).rejects.toThrow('did not read');
	});

	it('tells its producer that nobody reads any more', async () => {
		const closed = Promise.withResolvers<void>();
		let signal: AbortSignal | undefined;
		const stream = byteStream({
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
