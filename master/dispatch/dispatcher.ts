/**
 * Pulls chunks from the list as capacity frees and pushes them to the workers.
 *
 * One lane per worker, each a loop: wait until the worker is well, has room and the fleet's rate allows it;
 * take a chunk that this worker can probe; send it; look at what came back. What was answered goes to the
 * results at once, whatever becomes of the request. What was not is given back to the source, with a try more
 * if a worker may have seen it, and goes to another worker where there is one. After `triesMax` the hosts are
 * recorded as `error`, never as down.
 */
import type { Clock } from '../../shared/clock.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { dnsTimeoutMs } from '../../shared/limits.ts';
import type { Pacer } from '../../shared/pacer.ts';
import type { ProbeSettings } from '../../shared/protocol.ts';
import type { Random } from '../../shared/random.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { ProbeName } from '../../shared/target.ts';
import { probeNames } from '../../shared/target.ts';
import type { OnRunEvent } from '../events.ts';
import { backoffMs } from './backoff.ts';
import { errorRows, sameForAll, withoutRows } from './block-rows.ts';
import type { Chunk, ChunkSource } from './chunk-source.ts';
import type { Lane } from './lane.ts';
import { WakeUp } from './wake-up.ts';
import { WorkerFailure } from './worker-link.ts';

/** Requests that may reach a worker with one host in them. */
const triesMax = 3;

/** Rows on their way to the store: row i of the block is `hosts[i]` at `positions[i]`. */
export interface AnsweredRows {
	/** the worker, or `master` for hosts that none answered for */
	readonly worker: string;
	readonly positions: readonly number[];
	readonly hosts: readonly string[];
	readonly block: ResultBlock;
}

export interface DispatcherOptions {
	readonly source: ChunkSource;
	readonly lanes: readonly Lane[];
	readonly settings: ProbeSettings;
	/** targets in the list */
	readonly total: number;
	/** takes rows; resolves when there is room for more */
	readonly onRows: (rows: AnsweredRows) => Promise<void>;
	readonly onEvent: OnRunEvent;
	/** ceiling of the whole fleet, in probes */
	readonly fleetPacer: Pacer;
	/** how long to wait when no worker is well before the run is given up */
	readonly workerTimeoutMs: number;
	readonly clock: Clock;
	readonly random: Random;
}

export class Dispatcher {
	readonly #options: DispatcherOptions;
	readonly #wakeUp = new WakeUp();
	/** ends requests that are under way */
	readonly #requests = new AbortController();
	/** ends waiting and intake */
	readonly #intake = new AbortController();
	#inFlight = 0;
	#taken = 0;
	#room: Promise<void> = Promise.resolve();
	#failure: unknown;
	#noneWellSinceMs: number | undefined;

	constructor(options: DispatcherOptions) {
		this.#options = options;
	}

	/** Hosts in requests under way. */
	get inFlight(): number {
		return this.#inFlight;
	}

	/** Resolves when every target is answered for, or `stop` was called and nothing is in flight. */
	async run(): Promise<void> {
		const watch = this.#watchForWorkers();
		await Promise.all(this.#options.lanes.map((lane) => this.#runLane(lane)));
		this.#intake.abort();
		this.#wakeUp.all();
		await watch;
		if (this.#failure !== undefined) throw this.#failure;
		await this.#room;
	}

	/** Takes no more targets; what is under way may end until `giveUp` aborts. */
	stop(giveUp: AbortSignal): void {
		this.#intake.abort();
		giveUp.addEventListener('abort', () => this.#requests.abort(), { once: true });
		if (giveUp.aborted) this.#requests.abort();
		this.#wakeUp.all();
	}

	async #runLane(lane: Lane): Promise<void> {
		try {
			while (!this.#finished()) {
				await lane.queue.onSizeLessThan(1);
				if (this.#intake.signal.aborted || lane.state === 'out') {
					if (this.#allOut()) this.#fail(noWorkerLeft());
					break;
				}
				if (!(await this.#isWell(lane)) || !(await this.#hasRoom(lane))) continue;
				const chunk = await this.#take(lane);
				if (chunk === undefined) continue;
				this.#open(lane, chunk);
				// The queue bounds requests at a time; #send never rejects.
				void lane.queue.add(() => this.#send(lane, chunk));
			}
		} catch (error) {
			this.#fail(error);
		}
		await lane.queue.onIdle();
	}

	/** Whether the lane may get work now; otherwise waits for a change first. */
	async #isWell(lane: Lane): Promise<boolean> {
		if (lane.state !== 'resting') return true;
		const { clock } = this.#options;
		const leftMs = lane.restUntilMs - clock.monotonicMs();
		if (leftMs > 0) {
			await this.#wakeUp.wait(leftMs);
			return false;
		}
		if (!lane.needsCheck) {
			lane.state = 'ready';
			return true;
		}
		await this.#check(lane);
		return false;
	}

	async #check(lane: Lane): Promise<void> {
		const { clock, random, onEvent } = this.#options;
		try {
			lane.isBack(await lane.link.capabilities(this.#intake.signal));
			onEvent({ type: 'worker-back', worker: lane.name });
		} catch (error) {
			if (!(error instanceof WorkerFailure)) {
				if (this.#intake.signal.aborted) return;
				throw error;
			}
			const forMs = lane.checkFailed(error, clock.monotonicMs(), random);
			if (forMs === undefined) {
				onEvent({ type: 'worker-set-aside', worker: lane.name, message: error.message, forMs });
			}
		}
		this.#wakeUp.all();
	}

	/** Whether another chunk may go to the lane now; otherwise waits for a change first. */
	async #hasRoom(lane: Lane): Promise<boolean> {
		if (lane.window.hasRoom() && lane.inFlight < lane.capabilities.hostsInFlightMax) return true;
		await this.#wakeUp.wait();
		return false;
	}

	async #take(lane: Lane): Promise<Chunk | undefined> {
		const { source, clock, settings, fleetPacer, total } = this.#options;
		await this.#room;
		const sharedBy = (probe: ProbeName): number => this.#others(lane, probe).length + 1;
		const chunk = await source.take(
			lane,
			(probe) => {
				const free = lane.capabilities.hostsInFlightMax - lane.inFlight;
				const size = Math.min(lane.chunkSize(total - this.#taken, sharedBy(probe)), Math.max(1, free));
				return fleetPacer.ratePerSecond > 0 ? Math.min(size, this.#rateShare(settings.count)) : size;
			},
			clock.monotonicMs(),
			(failed) => failed.failedOn.has(lane.name) && this.#others(lane, failed.probe).length > 0,
		);
		this.#dropOrphans();
		if (chunk === undefined) {
			if (this.#finished()) this.#wakeUp.all();
			else {
				const retryMs = source.nextRetryMs();
				await this.#wakeUp.wait(
					retryMs === undefined ? undefined : Math.max(1, retryMs - clock.monotonicMs()),
				);
			}
			return undefined;
		}
		this.#taken += chunk.tries === 0 ? chunk.hosts.length : 0;
		await this.#paced(chunk.hosts.length * settings.count);
		return chunk;
	}

	/** Hosts that the fleet's rate allows in a tenth of a second. */
	#rateShare(count: number): number {
		return Math.max(1, Math.floor(this.#options.fleetPacer.ratePerSecond / 10 / count));
	}

	async #paced(probes: number): Promise<void> {
		const { fleetPacer, clock } = this.#options;
		for (;;) {
			const delayMs = fleetPacer.delayMs();
			if (delayMs <= 0 || this.#intake.signal.aborted) break;
			await clock.sleep(delayMs, this.#intake.signal).catch(() => undefined);
		}
		fleetPacer.charge(probes);
	}

	#open(lane: Lane, chunk: Chunk): void {
		this.#inFlight += chunk.hosts.length;
		lane.inFlight += chunk.hosts.length;
		lane.window.opened(chunk.hosts.length);
	}

	async #send(lane: Lane, chunk: Chunk): Promise<void> {
		const { settings, onEvent, clock, random } = this.#options;
		const { length } = chunk.hosts;
		const answered = new Uint8Array(length);
		let unsent = true;
		const passed = (waitMs: number | undefined): void => {
			if (unsent) lane.window.passed(length, waitMs);
			unsent = false;
			this.#wakeUp.all();
		};
		let failure: WorkerFailure | undefined;
		try {
			if (this.#requests.signal.aborted) return;
			await lane.link.ping({
				hosts: chunk.hosts,
				probe: chunk.probe,
				settings,
				onBlock: (block) => this.#onBlock(lane, chunk, block, answered),
				onSent: passed,
				silenceMsMax: lane.silenceMsMax(spanMs(settings), dnsTimeoutMs),
				signal: this.#requests.signal,
			});
			lane.succeeded();
			this.#noneWellSinceMs = undefined;
			lane.tally.chunks += 1;
		} catch (error) {
			if (error instanceof WorkerFailure) failure = error;
			else if (!this.#requests.signal.aborted) this.#fail(error);
		} finally {
			passed(undefined);
			this.#inFlight -= length;
			lane.inFlight -= length;
		}
		if (failure !== undefined) {
			const wasReady = lane.state === 'ready';
			const forMs = lane.failed(failure, clock.monotonicMs(), random);
			if (wasReady && failure.kind !== 'busy') {
				onEvent({ type: 'worker-set-aside', worker: lane.name, message: failure.message, forMs });
			}
			if (this.#noneWell()) this.#noneWellSinceMs ??= clock.monotonicMs();
		}
		this.#giveBackUnanswered(lane, chunk, answered, failure);
		this.#wakeUp.all();
	}

	#onBlock(lane: Lane, chunk: Chunk, block: ResultBlock, answered: Uint8Array): void {
		this.#noneWellSinceMs = undefined;
		let kept = block;
		const troubled = errorRows(block);
		// A worker's own trouble says nothing about a host: another worker may do better.
		if (troubled !== undefined && chunk.tries + 1 < triesMax && this.#untried(lane, chunk).length > 0) {
			kept = withoutRows(block, troubled);
		}
		this.#chargeRetries(block);
		if (kept.length === 0) return;
		const positions = new Array<number>(kept.length);
		const hosts = new Array<string>(kept.length);
		for (let row = 0; row < kept.length; row += 1) {
			const at = kept.index[row]!;
			answered[at] = 1;
			positions[row] = chunk.positions[at]!;
			hosts[row] = chunk.hosts[at]!;
		}
		this.#emit({ worker: lane.name, positions, hosts, block: kept });
	}

	/** Tries beyond the first were not foreseen when the chunk was paced: later chunks wait for them. */
	#chargeRetries(block: ResultBlock): void {
		const { fleetPacer, settings } = this.#options;
		if (fleetPacer.ratePerSecond === 0 || settings.count > 1) return;
		let extra = 0;
		for (let row = 0; row < block.length; row += 1) extra += Math.max(0, block.sent[row]! - 1);
		if (extra > 0) fleetPacer.charge(extra);
	}

	#giveBackUnanswered(
		lane: Lane,
		chunk: Chunk,
		answered: Uint8Array,
		failure: WorkerFailure | undefined,
	): void {
		const { source, clock, random } = this.#options;
		const rows: number[] = [];
		for (let row = 0; row < answered.length; row += 1) if (answered[row] === 0) rows.push(row);
		if (rows.length === 0) return;
		if (this.#requests.signal.aborted) return;
		const seen = failure === undefined || failure.kind === 'broken' || failure.kind === 'rejected';
		const invalid = failure?.kind === 'invalid';
		const tries = chunk.tries + (seen || invalid ? 1 : 0);
		const positions = rows.map((row) => chunk.positions[row]!);
		const hosts = rows.map((row) => chunk.hosts[row]!);
		if (tries >= triesMax) {
			this.#emit({
				worker: 'master',
				positions,
				hosts,
				block: sameForAll(rows.length, 'error', 'worker-failed'),
			});
			return;
		}
		if (failure !== undefined && seen) {
			const { onEvent } = this.#options;
			onEvent({ type: 'chunk-failed', worker: lane.name, hosts: rows.length, message: failure.message });
		}
		source.giveBack({
			probe: chunk.probe,
			positions,
			hosts,
			tries,
			failedOn: new Set([...chunk.failedOn, lane.name]),
			notBeforeMs: clock.monotonicMs() + (seen && failure !== undefined ? backoffMs(tries, random) : 0),
		});
	}

	/** Records hosts whose probe no worker offers any more. */
	#dropOrphans(): void {
		if (this.#allOut()) return;
		for (const probe of probeNames) {
			if (this.#options.lanes.some((lane) => lane.state !== 'out' && lane.probes.has(probe))) continue;
			for (const { positions, hosts } of this.#options.source.takeAll(probe)) {
				this.#taken += hosts.length;
				this.#emit({
					worker: 'master',
					positions,
					hosts,
					block: sameForAll(hosts.length, 'error', 'no-worker'),
				});
			}
		}
	}

	#emit(rows: AnsweredRows): void {
		this.#room = Promise.all([this.#room, this.#options.onRows(rows)]).then(() => undefined);
		this.#room.catch((error) => this.#fail(error));
	}

	/** Other lanes that may yet take this probe. */
	#others(lane: Lane, probe: ProbeName): Lane[] {
		return this.#options.lanes.filter(
			(other) => other !== lane && other.state === 'ready' && other.probes.has(probe),
		);
	}

	#untried(lane: Lane, chunk: Chunk): Lane[] {
		return this.#others(lane, chunk.probe).filter((other) => !chunk.failedOn.has(other.name));
	}

	#finished(): boolean {
		return (
			this.#failure !== undefined ||
			this.#intake.signal.aborted ||
			(this.#options.source.exhausted && this.#inFlight === 0)
		);
	}

	#allOut(): boolean {
		return this.#options.lanes.every((lane) => lane.state === 'out');
	}

	#noneWell(): boolean {
		return this.#options.lanes.every((lane) => lane.state !== 'ready');
	}

	/** Ends the run when no worker has been well for too long. */
	async #watchForWorkers(): Promise<void> {
		const { clock, workerTimeoutMs, onEvent } = this.#options;
		let said = false;
		while (!this.#finished()) {
			const sinceMs = this.#noneWellSinceMs;
			if (sinceMs === undefined || !this.#noneWell()) {
				said = false;
				await this.#wakeUp.wait();
				continue;
			}
			if (!said) onEvent({ type: 'waiting-for-workers', forMs: workerTimeoutMs });
			said = true;
			const leftMs = sinceMs + workerTimeoutMs - clock.monotonicMs();
			if (leftMs <= 0) {
				this.#fail(noWorkerLeft());
				return;
			}
			await this.#wakeUp.wait(leftMs);
		}
	}

	#fail(error: unknown): void {
		this.#failure ??= error;
		this.#intake.abort();
		this.#requests.abort();
		this.#wakeUp.all();
	}
}

function noWorkerLeft(): PingpoolError {
	return new PingpoolError('no-worker', 'no worker is left to ask', {
		hint: 'start the workers again and run the same command; what was answered is in the database',
	});
}

/** How long one host can take on a worker by its settings, in ms. */
function spanMs({ count, attempts, timeoutMs, intervalMs }: ProbeSettings): number {
	return count > 1 ? (count - 1) * intervalMs + timeoutMs : attempts * timeoutMs;
}
