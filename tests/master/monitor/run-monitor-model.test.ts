/**
 * A monitor against a model that keeps everything: whatever is said in whatever order, what it holds is what the model
 * has, and readers who were told piece by piece know what one is told who comes at the end.
 */
import { expect, test } from 'vitest';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { rttEdgesMs } from '../../../master/monitor/rtt-scale.ts';
import type { RunMonitor } from '../../../master/monitor/run-monitor.ts';
import type {
	LiveChunk,
	LiveEvent,
	LiveHello,
	LiveUpdate,
	SeriesPoint,
} from '../../../shared/dashboard-api.ts';
import { chunkKinds } from '../../../shared/dashboard-api.ts';
import { statuses } from '../../../shared/outcome.ts';
import type { Random } from '../../../shared/random.ts';
import { createRandom } from '../../../shared/random.ts';
import { sizeOf } from '../../requirements.ts';
import type { Answer } from './monitor-fixture.ts';
import { blockOfAnswers, laneOf, monitorFixture } from './monitor-fixture.ts';

const rounds = sizeOf({ usual: 1, ci: 4, long: 500 });

/** Who was told everything once, and then what is new. */
class Reader {
	readonly #monitor: RunMonitor;
	#cursor: number;
	readonly chunks = new Map<number, LiveChunk>();
	readonly events: LiveEvent[];
	points: SeriesPoint[];
	counts: readonly number[];
	skipped = 0;

	constructor(monitor: RunMonitor) {
		this.#monitor = monitor;
		const { message, cursor } = monitor.hello();
		this.#cursor = cursor;
		for (const chunk of message.chunks) this.chunks.set(chunk.id, chunk);
		this.events = [...message.events];
		this.points = [...message.series.points];
		this.counts = message.rttHistogram.counts;
	}

	read(): LiveUpdate {
		const { message, cursor } = this.#monitor.updateSince(this.#cursor)!;
		this.#cursor = cursor;
		for (const chunk of message.chunks) this.chunks.set(chunk.id, chunk);
		this.events.push(...message.events);
		if (message.series !== undefined) {
			this.points = [...this.points.slice(0, message.series.from), ...message.series.points];
		}
		this.counts = message.rttHistogram?.counts ?? this.counts;
		this.skipped += message.chunksSkipped;
		return message;
	}

	expectToKnow(hello: LiveHello): void {
		expect([...this.chunks.values()].sort((a, b) => a.id - b.id)).toEqual(hello.chunks);
		expect(this.events).toEqual(hello.events);
		expect(this.points).toEqual(hello.series.points);
		expect(this.counts).toEqual(hello.rttHistogram.counts);
	}
}

function pick<Value>(values: readonly Value[], random: Random): Value {
	return values[random.below(values.length)]!;
}

function answersOf(hosts: number, random: Random): Answer[] {
	return Array.from({ length: hosts }, () => {
		const status = pick(statuses, random);
		if (status === 'up') return { status, rttMs: 10 ** (random.next() * 7 - 2) };
		return random.next() < 0.5 ? { status } : { status, reason: 'timeout' as const };
	});
}

function play(seed: number): void {
	const random = createRandom(seed);
	const workers = ['a', 'b', 'c'];
	const { monitor, observer, tally, dispatcher, begin, wait, keep, ask } = monitorFixture({
		lanes: workers.map((name) => laneOf(name)),
	});
	begin();
	const readers = [new Reader(monitor)];
	const open: { id: number; worker: string; hosts: number; left: number; isLate: boolean }[] = [];
	const model = {
		...{ requests: 0, retries: 0, hedges: 0, failures: 0, done: 0 },
		byStatus: { up: 0, down: 0, unresolved: 0, denied: 0, error: 0 },
		failuresOf: { a: 0, b: 0, c: 0 } as Record<string, number>,
		ends: new Map<number, string>(),
		rtt: rttEdgesMs.map(() => 0),
	};
	const steps: Record<string, () => void> = {
		ask() {
			const [worker, kind, hosts] = [pick(workers, random), pick(chunkKinds, random), 1 + random.below(40)];
			const id = ask(worker, hosts, kind);
			open.push({ id, worker, hosts, left: hosts, isLate: false });
			model.requests += 1;
			if (kind === 'again') model.retries += 1;
			if (kind === 'hedge') model.hedges += 1;
			model.ends.set(id, 'open');
		},
		answer() {
			const flight = open.find(({ left }) => left > 0);
			if (flight === undefined) return;
			const answers = answersOf(1 + random.below(flight.left), random);
			flight.left -= answers.length;
			const block = blockOfAnswers(answers);
			observer.answered!(flight.id, block);
			// The others are not the first answer.
			if (random.next() < 0.1) return;
			keep(flight.worker, block);
			for (const { status, rttMs } of answers) {
				model.done += 1;
				model.byStatus[status] += 1;
				if (rttMs !== undefined)
					model.rtt[
						Math.max(
							0,
							rttEdgesMs.findLastIndex((edge) => rttMs >= edge),
						)
					]! += 1;
			}
		},
		sent() {
			if (open.length > 0) observer.sent!(pick(open, random).id, 1);
		},
		late() {
			if (open.length === 0) return;
			const flight = pick(open, random);
			observer.late!(flight.id);
			model.ends.set(flight.id, 'late');
		},
		close() {
			if (open.length === 0) return;
			const [flight] = open.splice(random.below(open.length), 1);
			const { id, worker, left } = flight!;
			const how = random.below(left === 0 ? 1 : 4);
			if (how < 2) {
				observer.closed!(id, undefined, false);
				model.ends.set(id, 'ok');
			} else if (how === 2) {
				observer.closed!(id, new WorkerFailure('local', 'is not asked any more'), true);
				model.ends.set(id, 'cancelled');
			} else {
				observer.closed!(id, new WorkerFailure('broken', 'broke off'), false);
				model.ends.set(id, 'failed');
				model.failures += 1;
				model.failuresOf[worker]! += 1;
			}
		},
		/** more requests than anybody is told of */
		burst() {
			if (random.next() < 0.97) return;
			for (let i = 0; i < 700; i += 1) {
				const id = ask('a', 1);
				observer.closed!(id, undefined, false);
				model.requests += 1;
				model.ends.set(id, 'ok');
			}
		},
		say: () => monitor.event({ type: 'notice', message: `said ${random.below(1_000)}` }),
		wait: () => wait(random.next() < 0.02 ? random.below(60_000) : random.below(80)),
		inFlight: () => Object.assign(dispatcher, { inFlight: random.below(10_000) }),
		join: () => {
			if (readers.length < 4) readers.push(new Reader(monitor));
		},
		read: () => {
			const { run } = pick(readers, random).read();
			expect(run).toMatchObject({ done: model.done, requests: model.requests, byStatus: model.byStatus });
		},
	};
	const names = ['ask', 'ask', 'answer', 'answer', 'close', 'wait', 'wait', ...Object.keys(steps)];
	for (let step = 0; step < 3_000; step += 1) steps[pick(names, random)]!();
	monitor.end('finished');

	const hello = monitor.hello().message;
	const { requests, retries, hedges, failures, done, byStatus } = model;
	expect(hello.run).toMatchObject({ requests, retries, hedges, failures, done, byStatus });
	expect(hello.rttHistogram.counts).toEqual(model.rtt);
	for (const { name, failures: counted, byStatus: rows } of hello.workers) {
		expect(counted).toBe(model.failuresOf[name]);
		expect(rows).toEqual(tally.byStatusOf(name));
	}
	for (const { id, end } of hello.chunks) expect(end).toBe(model.ends.get(id));
	const sum = (of: (point: SeriesPoint) => number): number =>
		hello.series.points.reduce((total, point) => total + of(point), 0);
	expect([sum((point) => point.up), sum((point) => point.down), sum((point) => point.other)]).toEqual([
		byStatus.up,
		byStatus.down,
		byStatus.unresolved + byStatus.denied + byStatus.error,
	]);
	// The first reader was there from the start: what it was not told of, it was told the number of.
	expect(hello.chunks.length + skippedOf(readers[0]!)).toBe(requests - hiddenOpen(hello, model.ends));
	for (const reader of readers) {
		reader.read();
		reader.expectToKnow(hello);
	}
}

function skippedOf(reader: Reader): number {
	reader.read();
	return reader.skipped;
}

/** Requests under way that are not shown: they are counted when they end. */
function hiddenOpen({ chunks }: LiveHello, ends: ReadonlyMap<number, string>): number {
	const shown = new Set(chunks.map(({ id }) => id));
	return [...ends].filter(([id, end]) => (end === 'open' || end === 'late') && !shown.has(id)).length;
}

test('whatever is said in whatever order, a monitor and its readers know it', () => {
	const first = (Math.random() * 2 ** 32) >>> 0;
	for (let round = 0; round < rounds; round += 1) {
		try {
			play(first + round);
		} catch (error) {
			throw new Error(`seed ${first + round}`, { cause: error });
		}
	}
});
