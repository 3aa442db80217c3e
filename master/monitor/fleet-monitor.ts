/** The requests of a run and the workers that they go to, as numbers. */
import type { LiveWorker } from '../../shared/dashboard-api.ts';
import type { Capabilities } from '../../shared/protocol.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { WorkerLoad } from '../../shared/worker-load.ts';
import type { AskedChunk, DispatchObserver } from '../dispatch/observer.ts';
import type { Lane } from '../dispatch/rules/lane.ts';
import type { WorkerFailure } from '../dispatch/worker-link.ts';
import type { Tally } from '../tally.ts';
import { ChunkLog } from './chunk-log.ts';
import type { RunTime, Versions } from './run-time.ts';
import { WorkerMonitor } from './worker-monitor.ts';

export class FleetMonitor implements DispatchObserver {
	readonly chunks = new ChunkLog();
	/** requests so far, and of them such that asked again, took over from a late one, failed */
	requests = 0;
	retries = 0;
	hedges = 0;
	failures = 0;
	readonly #time: RunTime;
	readonly #versions: Versions;
	readonly #workers = new Map<string, WorkerMonitor>();
	#lanes: ReadonlyMap<string, Lane> = new Map();
	#tally: Tally | undefined;

	constructor(time: RunTime, versions: Versions) {
		this.#time = time;
		this.#versions = versions;
	}

	/** What there is to look at from the first request on. */
	begin(lanes: ReadonlyMap<string, Lane>, tally: Tally): void {
		this.#lanes = lanes;
		this.#tally = tally;
	}

	met(worker: string, capabilities: Capabilities): void {
		this.#versions.next();
		this.#workerOf(worker).capabilities = capabilities;
	}

	unmet(worker: string, { message }: WorkerFailure): void {
		this.#versions.next();
		this.#workerOf(worker).failures.add(message, this.#time.wallMsOf(this.#time.nowMs));
	}

	asked(chunk: AskedChunk): void {
		const worker = this.#workerOf(chunk.worker);
		this.requests += 1;
		if (chunk.kind === 'again') {
			this.retries += 1;
			worker.retries += 1;
		} else if (chunk.kind === 'hedge') {
			this.hedges += 1;
			worker.hedges += 1;
		}
		this.chunks.asked(chunk, worker.index, this.#time.atMs, this.#versions.next());
	}

	sent(id: number): void {
		this.chunks.sent(id, this.#time.atMs, this.#versions.next());
	}

	answered(id: number, block: ResultBlock): void {
		this.chunks.answered(id, block, this.#versions.next());
	}

	late(id: number): void {
		const chunk = this.chunks.late(id, this.#versions.next());
		if (chunk !== undefined) this.#workerOf(chunk.asked.worker).late += 1;
	}

	closed(id: number, failure: WorkerFailure | undefined, isCancelled: boolean): void {
		const { nowMs, atMs } = this.#time;
		// That nobody wants to know any more is nobody's failure.
		const isOver = isCancelled && (failure === undefined || failure.kind === 'local');
		const message = isOver ? undefined : failure?.message;
		const end = message === undefined ? 'ok' : 'failed';
		const how = { end: isOver ? 'cancelled' : end, failure: message } as const;
		const closed = this.chunks.closed(id, how, atMs, this.#versions.next());
		if (closed === undefined) return;
		const { chunk, wasLate } = closed;
		const worker = this.#workerOf(chunk.asked.worker);
		if (wasLate) worker.late -= 1;
		if (chunk.end === 'ok') worker.answeredIn(atMs - chunk.startMs);
		if (message === undefined) return;
		this.failures += 1;
		worker.failures.add(message, this.#time.wallMsOf(nowMs));
	}

	load(worker: string, load: WorkerLoad): void {
		this.#versions.next();
		this.#workerOf(worker).takeLoad(load);
	}

	/** Notes how far each worker has come, for its rate. */
	sample(): void {
		const tally = this.#tally;
		if (tally === undefined) return;
		this.#findWorkers();
		const { nowMs } = this.#time;
		for (const { name, rate } of this.#workers.values()) rate.sample(nowMs, tally.doneOf(name));
	}

	/** All workers that there have been, by their indexes. */
	workers(): LiveWorker[] {
		this.#findWorkers();
		const [time, tally] = [this.#time, this.#tally];
		return [...this.#workers.values()].map((worker) =>
			worker.live({ lane: this.#lanes.get(worker.name), tally, time }),
		);
	}

	/** Those that have not been asked yet have their places, too. */
	#findWorkers(): void {
		if (this.#lanes.size === this.#workers.size) return;
		for (const name of this.#lanes.keys()) this.#workerOf(name);
	}

	#workerOf(name: string): WorkerMonitor {
		let worker = this.#workers.get(name);
		if (worker === undefined) {
			worker = new WorkerMonitor(this.#workers.size, name);
			this.#workers.set(name, worker);
		}
		return worker;
	}
}
