import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { LedgerPages } from '../../../master/dispatch/rules/ledger.ts';
import type { RowSink } from '../../../master/store/buffered-store.ts';
import { BufferedStore } from '../../../master/store/buffered-store.ts';
import { RowBuffer, rowsPerCommit } from '../../../master/store/row-buffer.ts';
import type { RunCounts } from '../../../master/store/store.ts';
import { rowsOf } from '../../contract/store-contract.ts';

interface Write {
	readonly runId: number;
	readonly positions: number[];
	readonly texts: (string | undefined)[];
	readonly said: string[];
	finish(error?: Error): void;
}

/** A sink whose writes end when the test says so. */
class HeldSink implements RowSink {
	readonly writes: Write[] = [];
	closed = 0;

	startRun(): Promise<number> {
		return Promise.resolve(1);
	}

	lastRun(): Promise<undefined> {
		return Promise.resolve(undefined);
	}

	continueRun(): Promise<LedgerPages> {
		return Promise.resolve({ full: [], partial: [] });
	}

	countsOf(): Promise<undefined> {
		return Promise.resolve(undefined);
	}

	write(runId: number, buffer: RowBuffer): Promise<void> {
		// As the thread sees it: by its memory and what goes along.
		const seen = new RowBuffer({ memory: buffer.memory, length: buffer.length, texts: buffer.texts() });
		return new Promise((resolve, reject) => {
			this.writes.push({
				runId,
				positions: [...seen.position.subarray(0, seen.length)],
				texts: Array.from({ length: seen.length }, (_, place) => seen.textAt(place)),
				said: seen.said.events.map(({ text }) => text),
				finish: (error) => (error === undefined ? resolve() : reject(error)),
			});
		});
	}

	finishRun(): Promise<RunCounts> {
		return Promise.resolve({ up: 0, down: 0, unresolved: 0, denied: 0, error: 0 });
	}

	close(): Promise<void> {
		this.closed += 1;
		return Promise.resolve();
	}
}

function rowsFrom(position: number, count: number, runId = 1) {
	return rowsOf(
		runId,
		Array.from({ length: count }, (_, i) => ({ position: position + i, host: `10.0.0.${i % 256}` })),
	);
}

/** Whether a promise is settled when everything that can run has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
	let settled = false;
	promise.then(
		() => {
			settled = true;
		},
		() => {
			settled = true;
		},
	);
	await setImmediate();
	return settled;
}

describe('a store that gathers rows', () => {
	test('makes who appends wait while three buffers are full, and no sooner', async () => {
		const sink = new HeldSink();
		const store = new BufferedStore(sink);
		await store.append(rowsFrom(0, rowsPerCommit));
		await store.append(rowsFrom(rowsPerCommit, rowsPerCommit));
		const third = store.append(rowsFrom(2 * rowsPerCommit, rowsPerCommit));
		expect(await isSettled(third)).toBe(false);
		// One at a time, in the order in which they were filled.
		expect(sink.writes.map(({ positions }) => positions[0])).toEqual([0]);
		sink.writes[0]!.finish();
		await third;
		await setImmediate();
		expect(sink.writes.map(({ positions }) => positions[0])).toEqual([0, rowsPerCommit]);
	});

	test('keeps what could not be written, says so once, and writes it first at the next flush', async () => {
		const sink = new HeldSink();
		const store = new BufferedStore(sink);
		await store.append(rowsFrom(0, 3));
		const flushed = store.flush();
		sink.writes[0]!.finish(new Error('disk full'));
		await expect(flushed).rejects.toThrow('disk full');
		await store.append(rowsFrom(3, 2));
		const again = store.flush();
		await setImmediate();
		sink.writes[1]!.finish();
		await setImmediate();
		sink.writes[2]!.finish();
		await again;
		expect(sink.writes.map(({ positions }) => positions)).toEqual([
			[0, 1, 2],
			[0, 1, 2],
			[3, 4],
		]);
	});

	test('tells who appends next of a write that nobody waited for, and lets nobody wait in vain', async () => {
		const sink = new HeldSink();
		const store = new BufferedStore(sink);
		const appended = [0, 1, 2].map((n) => store.append(rowsFrom(n * rowsPerCommit, rowsPerCommit)));
		const outcomes = Promise.allSettled(appended);
		await setImmediate();
		sink.writes[0]!.finish(new Error('disk full'));
		expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
	});

	test('keeps the rows of two runs apart', async () => {
		const sink = new HeldSink();
		const store = new BufferedStore(sink);
		await store.append(rowsFrom(0, 2, 1));
		await store.append(rowsFrom(0, 1, 2));
		const flushed = store.flush();
		for (let i = 0; i < 2; i += 1) {
			await setImmediate();
			sink.writes[i]!.finish();
		}
		await flushed;
		expect(sink.writes.map(({ runId, positions }) => [runId, positions])).toEqual([
			[1, [0, 1]],
			[2, [0]],
		]);
	});

	test('gives names to their places, also in a buffer that is used again', async () => {
		const sink = new HeldSink();
		const store = new BufferedStore(sink);
		const batches = [['10.0.0.1', 'a.test', '10.0.0.2'], ['10.0.0.3'], ['b.test']];
		for (const [i, hosts] of batches.entries()) {
			await store.append(
				rowsOf(
					1,
					hosts.map((host, position) => ({ position, host })),
				),
			);
			const flushed = store.flush();
			await setImmediate();
			sink.writes[i]!.finish();
			await flushed;
		}
		expect(sink.writes.map(({ texts }) => texts)).toEqual([
			[undefined, 'a.test', undefined],
			[undefined],
			['b.test'],
		]);
	});

	test('hands on what was said once it was written, and not before', async () => {
		const sink = new HeldSink();
		const store = new BufferedStore(sink);
		const said = (text: string) => ({
			events: [{ atMs: 1, level: 'info', type: 'notice', worker: null, text } as const],
			leftOut: 0,
		});
		store.say(1, said('first'));
		await store.append(rowsFrom(0, 2));
		const flushed = store.flush();
		sink.writes[0]!.finish(new Error('disk full'));
		await expect(flushed).rejects.toThrow('disk full');
		store.say(1, said('second'));
		const again = store.flush();
		await setImmediate();
		sink.writes[1]!.finish();
		await setImmediate();
		sink.writes[2]!.finish();
		await again;
		await store.append(rowsFrom(2, 1));
		const last = store.flush();
		await setImmediate();
		sink.writes[3]!.finish();
		await last;
		expect(sink.writes.map(({ positions, said }) => [positions, said])).toEqual([
			[[0, 1], ['first']],
			[[0, 1], ['first']],
			[[], ['second']],
			[[2], []],
		]);
	});

	test('closes what it writes to, also when the last rows could not be written', async () => {
		const sink = new HeldSink();
		const store = new BufferedStore(sink);
		await store.append(rowsFrom(0, 1));
		const closed = store.close();
		await setImmediate();
		sink.writes[0]!.finish(new Error('disk full'));
		await expect(closed).rejects.toThrow('disk full');
		expect(sink.closed).toBe(1);
	});
});
