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
import type { HostColumn } from '../../shared/host-column.ts';
import { selectHosts } from '../../shared/host-column.ts';
import { dnsTimeoutMs } from '../../shared/limits.ts';
import type { Pacer } from '../../shared/pacer.ts';
import type { ProbeSettings } from '../../shared/protocol.ts';
import type { Random } from '../../shared/random.ts';
import type { ResultBlock } from '../../shared/results.ts';
import { selectRows, unsentBlock } from '../../shared/results.ts';
import type { ProbeName } from '../../shared/target.ts';
import { probeNames } from '../../shared/target.ts';
import type { OnRunEvent } from '../events.ts';
import { backoffMs } from './backoff.ts';
import { hasOtherThanUp, rowsWithoutError } from './block-rows.ts';
import type { Chunk, ChunkSource } from './chunk-source.ts';
import type { Lane } from './lane.ts';
import { WakeUp } from './wake-up.ts';
import { WorkerFailure } from './worker-link.ts';

/** Requests that may reach a worker with one host in them. */
const triesMax = 3;

/** Rows on their way to the store: row i of the block is host `block.index[i]` of a chunk. */
export interface AnsweredRows {
	/** the worker, or `master` for hosts that none answered for */
	readonly worker: string;
	/** of all hosts of the chunk */
	readonly positions: Uint32Array;
	readonly hosts: HostColumn;
	/** its columns are used again once `onRows` has returned */
	readonly block: ResultBlock;
}

export interface DispatcherOptions {
	readonly source: ChunkSource;
	readonly lanes: readonly Lane[];
	readonly settings: ProbeSettings;
	/** targets in the list */
	readonly total: number;
	/** takes rows, at once; resolves when there is room for more */
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
	readonly #wakeUp: WakeUp;
	/** ends requests that are under way */
	readonly #requests = new AbortController();
	/** ends waiting and intake */
	readonly #intake = new AbortController();
	#inFlight = 0;
	/** lanes that may be holding a chunk that is neither in the source nor in flight */
	#taking = 0;
	/** hosts that have been sent at least once, or that nobody can probe */
	#taken = 0;
	#room: Promise<void> = Promise.resolve();
	#failure: unknown;
	/** since when no worker has been well, or done anything useful */
	#noneWellSinceMs: number | undefined;

	constructor(options: DispatcherOptions) {
		this.#options = options;
		this.#wakeUp = new WakeUp(options.clock);
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
				if (this.#intake.signal.aborted) break;
				if (lane.state === 'out') {
					if (this.#allOut()) this.fail(this.#noWorkerLeft());
					break;
				}
				if (!(await this.#isWell(lane)) || !(await this.#hasRoom(lane))) continue;
				const chunk = await this.#take(lane);
				if (chunk === undefined) continue;
				// The queue bounds requests at a time.
				lane.queue.add(() => this.#send(lane, chunk)).catch((error) => this.fail(error));
			}
		} catch (error) {
			this.fail(error);
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
			lane.rested();
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
			this.#noteUnwell(lane);
		}
		this.#wakeUp.all();
	}

	/** Whether another chunk may go to the lane now; otherwise waits for a change first. */
	async #hasRoom(lane: Lane): Promise<boolean> {
		if (lane.hasRoom()) return true;
		await this.#wakeUp.wait();
		return false;
	}

	/** A chunk for the lane, counted as in flight; otherwise waits for a change first. */
	async #take(lane: Lane): Promise<Chunk | undefined> {
		const { source, clock } = this.#options;
		await this.#room;
		// Both of the moment before the look at the source: what comes due meanwhile must not be slept through.
		const seen = this.#wakeUp.changes;
		const nowMs = clock.monotonicMs();
		// Until it is counted as in flight, a chunk is in nobody's books: the other lanes must not end meanwhile.
		this.#taking += 1;
		try {
			const chunk = await this.#nextChunk(lane, nowMs);
			if (chunk !== undefined) {
				if (await this.#openPaced(lane, chunk)) return chunk;
				source.giveBack(chunk);
				return undefined;
			}
		} finally {
			this.#taking -= 1;
		}
		// What nobody can probe made way for the rest of the list: look again at once.
		if (this.#dropOrphans()) return undefined;
		if (this.#finished()) this.#wakeUp.all();
		else {
			const retryMs = source.nextRetryMs(nowMs);
			const leftMs = retryMs === undefined ? undefined : Math.max(0, retryMs - clock.monotonicMs());
			await this.#wakeUp.wait(leftMs, seen);
		}
		return undefined;
	}

	#nextChunk(lane: Lane, nowMs: number): Promise<Chunk | undefined> {
		const { source, settings, fleetPacer, total } = this.#options;
		const sizeOf = (probe: ProbeName): number => {
			const size = lane.chunkSize(total - this.#taken, this.#others(lane, probe).length + 1);
			return fleetPacer.ratePerSecond > 0 ? Math.min(size, this.#rateShare(settings.count)) : size;
		};
		return source.take(
			lane,
			{ sizeOf, bytesMax: lane.hostBytesMax },
			nowMs,
			(failed) => failed.failedOn.has(lane.name) && this.#untried(lane, failed).length > 0,
		);
	}

	/** Hosts that the fleet's rate allows in a tenth of a second. */
	#rateShare(count: number): number {
		return Math.max(1, Math.floor(this.#options.fleetPacer.ratePerSecond / 10 / count));
	}

	/** Waits until the fleet's rate allows the chunk and counts it as in flight. @returns false when it must not
	 * leave any more: the run is ending, or the worker is not well */
	async #openPaced(lane: Lane, chunk: Chunk): Promise<boolean> {
		const { fleetPacer, clock, settings } = this.#options;
		const intake = this.#intake.signal;
		for (;;) {
			if (intake.aborted || lane.state !== 'ready') return false;
			const delayMs = fleetPacer.delayMs();
			if (delayMs <= 0) break;
			await clock.sleep(delayMs, intake).catch(() => undefined);
		}
		const { length } = chunk.hosts;
		fleetPacer.charge(length * settings.count);
		if (chunk.failedOn.size === 0) this.#taken += length;
		this.#inFlight += length;
		lane.opened(length);
		return true;
	}

	#closed(lane: Lane, chunk: Chunk): void {
		this.#inFlight -= chunk.hosts.length;
		lane.closed(chunk.hosts.length);
	}

	async #send(lane: Lane, chunk: Chunk): Promise<void> {
		const { source, settings } = this.#options;
		const { length } = chunk.hosts;
		const answered = new Uint8Array(length);
		const ahead = lane.window.unsent;
		const startedMs = this.#options.clock.monotonicMs();
		let lossMs = 0;
		let unsent = true;
		const passed = (waitMs: number | undefined): void => {
			if (unsent) lane.passed(length, ahead, waitMs);
			unsent = false;
			this.#wakeUp.all();
		};
		let failure: WorkerFailure | undefined;
		// While it waited for its turn in the queue, the worker may have failed at the chunks before.
		const mayLeave = lane.state === 'ready' && !this.#requests.signal.aborted;
		try {
			if (mayLeave) {
				await lane.link.ping({
					hosts: chunk.hosts,
					probe: chunk.probe,
					settings,
					onBlock: (block) => {
						if (hasOtherThanUp(block)) lossMs = spanMs(settings);
						this.#onBlock(lane, chunk, block, answered);
					},
					onSent: passed,
					onAlive: () => undefined,
					onRestarted: () => undefined,
					silenceMsMax: lane.silenceMsMax(chunk.probe, length, spanMs(settings), dnsTimeoutMs),
					signal: this.#requests.signal,
				});
				lane.succeeded();
				this.#worked(lane);
				// No mark has come: the worker is none of ours, or an old one.
				if (unsent)
					passed(lane.waitMsOf(Math.max(0, this.#options.clock.monotonicMs() - startedMs - lossMs)));
			}
		} catch (error) {
			if (error instanceof WorkerFailure) failure = error;
			else if (!this.#requests.signal.aborted) this.fail(error);
		} finally {
			passed(undefined);
			this.#closed(lane, chunk);
		}
		if (failure !== undefined) this.#setAside(lane, failure);
		if (mayLeave) this.#giveBackUnanswered(lane, chunk, answered, failure);
		else source.giveBack(chunk);
		this.#wakeUp.all();
	}

	#setAside(lane: Lane, failure: WorkerFailure): void {
		const { onEvent, clock, random } = this.#options;
		const before = lane.state;
		const forMs = lane.failed(failure, clock.monotonicMs(), random);
		const isOutNow = before !== 'out' && forMs === undefined;
		// Being busy now and then is how a full worker works; being busy all the time is worth a word.
		const worthAWord = failure.kind !== 'busy' || lane.failuresInARow === 3;
		if (isOutNow || (before === 'ready' && worthAWord)) {
			onEvent({ type: 'worker-set-aside', worker: lane.name, message: failure.message, forMs });
		}
		this.#noteUnwell(lane);
	}

	#onBlock(lane: Lane, chunk: Chunk, block: ResultBlock, answered: Uint8Array): void {
		this.#worked(lane);
		let kept = block;
		const untroubled = rowsWithoutError(block);
		// A worker's own trouble says nothing about a host: another worker may do better.
		if (untroubled !== undefined && chunk.tries + 1 < triesMax && this.#untried(lane, chunk).length > 0) {
			kept = selectRows(block, untroubled);
		}
		this.#chargeRetries(block);
		if (kept.length === 0) return;
		for (let row = 0; row < kept.length; row += 1) answered[kept.index[row]!] = 1;
		this.#emit({ worker: lane.name, positions: chunk.positions, hosts: chunk.hosts, block: kept });
	}

	/** Tries beyond the first were not foreseen when the chunk was paced: later chunks wait for them. */
	#chargeRetries(block: ResultBlock): void {
		const { fleetPacer, settings } = this.#options;
		if (fleetPacer.ratePerSecond === 0 || settings.count > 1) return;
		let extra = 0;
		for (let row = 0; row < block.length; row += 1) {
			// No more than was asked for: a worker that lies must not hold up the others.
			extra += Math.max(0, Math.min(block.sent[row]!, settings.attempts) - 1);
		}
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
		const seen = failure === undefined || ['broken', 'rejected', 'too-large', 'invalid'].includes(failure.kind);
		const tries = chunk.tries + (seen ? 1 : 0);
		const { positions, hosts } = chunk;
		if (tries >= triesMax) {
			const block = unsentBlock(rows, 'error', 'worker-failed');
			this.#emit({ worker: 'master', positions, hosts, block });
			return;
		}
		if (failure !== undefined && seen) {
			const { onEvent } = this.#options;
			onEvent({ type: 'chunk-failed', worker: lane.name, hosts: rows.length, message: failure.message });
		}
		source.giveBack({
			probe: chunk.probe,
			positions: Uint32Array.from(rows, (row) => positions[row]!),
			hosts: selectHosts(hosts, rows),
			tries,
			failedOn: new Set([...chunk.failedOn, lane.name]),
			notBeforeMs: clock.monotonicMs() + (seen && failure !== undefined ? backoffMs(tries, random) : 0),
		});
	}

	/** Records hosts whose probe no worker offers any more, or none that has been well for too long. @returns
	 * whether there were any */
	#dropOrphans(): boolean {
		// Then the run ends, and what is left has no answer.
		if (this.#noneWell()) return false;
		let dropped = false;
		for (const probe of probeNames) {
			if (this.#options.lanes.some((lane) => lane.probes.has(probe) && !this.#isGone(lane))) continue;
			for (const { positions, hosts } of this.#options.source.takeAll(probe)) {
				dropped = true;
				this.#taken += hosts.length;
				const all = Uint32Array.from({ length: hosts.length }, (_, row) => row);
				this.#emit({
					worker: 'master',
					positions,
					hosts,
					block: unsentBlock(all, 'error', 'no-worker'),
				});
			}
		}
		return dropped;
	}

	#emit(rows: AnsweredRows): void {
		this.#room = Promise.all([this.#room, this.#options.onRows(rows)]).then(() => undefined);
		this.#room.catch((error) => this.fail(error));
	}

	/** Other lanes that may take this probe now. */
	#others(lane: Lane, probe: ProbeName): Lane[] {
		return this.#options.lanes.filter(
			(other) => other !== lane && other.state === 'ready' && other.probes.has(probe),
		);
	}

	/** Those of them that have not failed at the chunk: with none, a worker that has may try again. */
	#untried(lane: Lane, chunk: Chunk): Lane[] {
		return this.#others(lane, chunk.probe).filter((other) => !chunk.failedOn.has(other.name));
	}

	#finished(): boolean {
		return (
			this.#failure !== undefined ||
			this.#intake.signal.aborted ||
			(this.#options.source.exhausted && this.#inFlight === 0 && this.#taking === 0)
		);
	}

	#allOut(): boolean {
		return this.#options.lanes.every((lane) => lane.state === 'out');
	}

	/** A busy worker is well: it will come to us. */
	#noneWell(): boolean {
		return this.#options.lanes.every((lane) => lane.state === 'out' || lane.needsCheck);
	}

	/** Whether nothing is to be hoped for from this lane, while others are well. */
	#isGone({ state, needsCheck, unwellSinceMs }: Lane): boolean {
		if (state === 'out') return true;
		const { clock, workerTimeoutMs } = this.#options;
		return (
			needsCheck && unwellSinceMs !== undefined && clock.monotonicMs() - unwellSinceMs >= workerTimeoutMs
		);
	}

	#noteUnwell(lane: Lane): void {
		const nowMs = this.#options.clock.monotonicMs();
		if (lane.needsCheck) lane.unwellSinceMs ??= nowMs;
		if (this.#noneWell()) this.#noneWellSinceMs ??= nowMs;
	}

	/** A worker did something useful. Passing a check does not count: it may fail at every request. */
	#worked(lane: Lane): void {
		this.#noneWellSinceMs = undefined;
		lane.unwellSinceMs = undefined;
		this.#noteUnwell(lane);
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
				this.fail(this.#noWorkerLeft());
				return;
			}
			await this.#wakeUp.wait(leftMs);
		}
	}

	#noWorkerLeft(): PingpoolError {
		const failures = this.#options.lanes.map(
			({ name, tally }) => `${name} ${tally.lastFailure ?? 'is gone'}`,
		);
		const shown = failures.slice(0, 3).join('; ') + (failures.length > 3 ? '; …' : '');
		return new PingpoolError('no-worker', `no worker is left to ask: ${shown}`, {
			hint: 'start the workers again and run the same command; what was answered is in the database',
		});
	}

	/** Ends the run: nothing more is sent, and `run` rejects with the first error given. */
	fail(error: unknown): void {
		this.#failure ??= error;
		this.#intake.abort();
		this.#requests.abort();
		this.#wakeUp.all();
	}
}

/** How long one host can take on a worker by its settings, in ms. */
function spanMs({ count, attempts, timeoutMs, intervalMs }: ProbeSettings): number {
	return count > 1 ? (count - 1) * intervalMs + timeoutMs : attempts * timeoutMs;
}
