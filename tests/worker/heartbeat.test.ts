/** Signs of life in an answer, over a clock that the test moves. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../shared/clock.ts';
import { FrameSplitter } from '../../shared/frames.ts';
import { parseIp } from '../../shared/ip.ts';
import { heartbeatMs } from '../../shared/limits.ts';
import { mediaTypes } from '../../shared/protocol.ts';
import type { WorkerAppOptions } from '../../worker/app.ts';
import { LoadReporter } from '../../worker/load/load-reporter.ts';
import { ProbeRates } from '../../worker/rates/probe-rates.ts';
import { columnsOf, recordingProbe, testApp, upBlock } from './app-fixture.ts';

/** A clock that stands until it is moved, and knows who waits for it. */
class MovedClock implements Clock {
	#nowMs = 0;
	readonly #waiting = new Set<{ dueMs: number; wake: () => void }>();

	get timers(): number {
		return this.#waiting.size;
	}

	wallMs = (): number => this.#nowMs;
	monotonicMs = (): number => this.#nowMs;

	sleep(ms: number, signal?: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal?.aborted) {
				reject(signal.reason);
				return;
			}
			const gone = (): void => {
				this.#waiting.delete(one);
				reject(signal?.reason);
			};
			const one = {
				dueMs: this.#nowMs + ms,
				wake: () => {
					this.#waiting.delete(one);
					signal?.removeEventListener('abort', gone);
					resolve();
				},
			};
			this.#waiting.add(one);
			signal?.addEventListener('abort', gone, { once: true });
		});
	}

	/** Moves on, and lets everybody act who was waiting for it. */
	async move(ms: number): Promise<void> {
		this.#nowMs += ms;
		for (const one of [...this.#waiting]) if (one.dueMs <= this.#nowMs) one.wake();
		await new Promise(setImmediate);
	}
}

const hosts = ['192.0.2.1', '192.0.2.2'];
const accept = mediaTypes.frames;

/** A worker whose probe answers when it is told to. */
function slowWorker(clock: Clock, options: Partial<WorkerAppOptions> = {}) {
	const first = Promise.withResolvers<void>();
	const rest = Promise.withResolvers<void>();
	const probe = recordingProbe('icmp', async ({ hosts: some, report, signal }) => {
		const gone = new Promise<never>((_, reject) => {
			signal.addEventListener('abort', () => reject(signal.reason), { once: true });
		});
		await Promise.race([first.promise, gone]);
		report(upBlock(some.slice(0, 1)));
		await Promise.race([rest.promise, gone]);
		report(upBlock(some.slice(1)));
	});
	return { ...testApp({ probes: [probe], clock, ...options }), first: first.resolve, rest: rest.resolve };
}

/** The marks that an answer says before it is read on. */
async function marksIn(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<object[]> {
	const { value } = await reader.read();
	const frames = new FrameSplitter(value!.length).push(value!);
	return frames.map(({ payload }) => JSON.parse(new TextDecoder().decode(payload)));
}

describe('a worker that has nothing to say', () => {
	it('says every 250 ms that it is alive', async () => {
		const clock = new MovedClock();
		const { ping } = slowWorker(clock);
		const reader = (await ping({ hosts }, { accept })).body!.getReader();
		expect(await marksIn(reader)).toMatchObject([{ hosts: 2 }]);
		for (let beats = 0; beats < 5; beats += 1) {
			const next = marksIn(reader);
			await clock.move(heartbeatMs - 1);
			let heard = false;
			void next.then(() => {
				heard = true;
			});
			await new Promise(setImmediate);
			expect(heard).toBe(false);
			await clock.move(1);
			expect(await next).toEqual([{ alive: true }]);
		}
		await reader.cancel();
	});

	it('says nothing before the head of its answer, however long it waits for a processor in between', async () => {
		const clock = new MovedClock();
		let readings = 0;
		/** Between any two of its first readings so much time goes by. */
		const monotonicMs = (): number => {
			readings = Math.min(readings + 1, 100);
			return readings * heartbeatMs;
		};
		const late: Clock = { wallMs: clock.wallMs, monotonicMs, sleep: (ms, signal) => clock.sleep(ms, signal) };
		const { ping } = slowWorker(late);
		const reader = (await ping({ hosts }, { accept })).body!.getReader();
		expect((await marksIn(reader))[0]).toMatchObject({ hosts: 2 });
		await reader.cancel();
	});

	it('says as often that it holds probes back for their prefixes, whatever else it says', async () => {
		const clock = new MovedClock();
		const rates = new ProbeRates({
			prefixRatePerSecond: 1,
			prefixRateFor: 'all',
			callerRatePerSecond: 0,
			key: [1, 2],
			nowUs: () => clock.monotonicMs() * 1_000,
		});
		const prefix = rates.prefixOf(parseIp(hosts[0]!));
		expect(rates.gate.pass(prefix, -1, 0)).toBe(0);
		expect(rates.gate.pass(prefix, -1, 0)).toBeGreaterThan(0);
		const { ping, first, rest } = slowWorker(clock, { rates });
		const answer = columnsOf(await ping({ hosts }, { accept }), hosts.length);
		await clock.move(100);
		first();
		await clock.move(0);
		// Gathered for 50 ms, the first result leaves; and 100 ms later comes the sign nevertheless.
		await clock.move(50);
		await clock.move(heartbeatMs - 150);
		await clock.move(heartbeatMs);
		rates.gate.release(rates.gate.heldBy, prefix, -1);
		await clock.move(heartbeatMs);
		rest();
		await clock.move(0);
		const signs = (await answer).marks.filter((mark) => 'alive' in mark);
		expect(signs).toEqual([{ alive: true, holding: true }, { alive: true, holding: true }, { alive: true }]);
	});

	it('says its load with a sign of life, when it is new', async () => {
		const clock = new MovedClock();
		const load = { cpu: 1, memoryBytes: 2, eventLoopDelayMs: 3, sent: 4, received: 5, dropped: 6, forged: 7 };
		const meter = { begin: () => undefined, end: () => undefined, measure: () => load };
		const { ping } = slowWorker(clock, { load: new LoadReporter({ meter, clock }) });
		const [reader, other] = [
			(await ping({ hosts }, { accept })).body!.getReader(),
			(await ping({ hosts }, { accept })).body!.getReader(),
		];
		await Promise.all([marksIn(reader), marksIn(other)]);
		for (let beats = 0; beats < 2; beats += 1) {
			const next = Promise.all([marksIn(reader), marksIn(other)]);
			await clock.move(heartbeatMs);
			// Of two requests of one caller, one is enough.
			expect(await next).toEqual([[{ alive: true, load }], [{ alive: true }]]);
		}
		await Promise.all([reader.cancel(), other.cancel()]);
	});

	it('waits anew after everything that it says', async () => {
		const clock = new MovedClock();
		const { ping, first, rest } = slowWorker(clock);
		const response = await ping({ hosts }, { accept });
		const answer = columnsOf(response, hosts.length);
		await clock.move(200);
		first();
		await clock.move(0);
		// Gathered for 50 ms, the first result leaves 250 ms after the head.
		await clock.move(50);
		await clock.move(heartbeatMs - 1);
		rest();
		await clock.move(0);
		const { marks } = await answer;
		expect(marks).not.toContainEqual({ alive: true });
		expect(clock.timers).toBe(0);
	});

	it('does not say it again to who does not read', async () => {
		const clock = new MovedClock();
		const { ping } = slowWorker(clock);
		const reader = (await ping({ hosts }, { accept })).body!.getReader();
		await marksIn(reader);
		for (let beats = 0; beats < 40; beats += 1) await clock.move(heartbeatMs);
		// One was read ahead for the reader, one waits behind it.
		const said = [...(await marksIn(reader)), ...(await marksIn(reader))];
		expect(said.length).toBeLessThanOrEqual(2);
		await reader.cancel();
	});

	it('leaves no timer behind for a reader who leaves', async () => {
		const clock = new MovedClock();
		const { ping } = slowWorker(clock);
		const response = await ping({ hosts }, { accept });
		await clock.move(heartbeatMs);
		expect(clock.timers).toBeGreaterThan(0);
		await response.body!.cancel();
		await clock.move(0);
		expect(clock.timers).toBe(0);
	});

	it('leaves no timer behind for a caller who is gone', async () => {
		const clock = new MovedClock();
		const { ping } = slowWorker(clock);
		const gone = new AbortController();
		const response = await ping({ hosts }, { accept, signal: gone.signal });
		gone.abort('gone');
		await expect(response.arrayBuffer()).rejects.toBe('gone');
		await clock.move(0);
		expect(clock.timers).toBe(0);
	});

	it('says no such thing in lines, which people read', async () => {
		const clock = new MovedClock();
		const { ping } = slowWorker(clock);
		const response = await ping({ hosts }, { accept: mediaTypes.ndjson });
		const reader = response.body!.getReader();
		const read = reader.read();
		for (let beats = 0; beats < 10; beats += 1) await clock.move(heartbeatMs);
		await reader.cancel();
		expect((await read).value).toBeUndefined();
	});
});
