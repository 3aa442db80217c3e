/**
 * The workers of a run: who joins and leaves, who is well, who is checked when, and whether there is still anybody
 * to wait for.
 */
import { PingpoolError } from '../../../shared/errors.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import type { Random } from '../../../shared/random.ts';
import type { ProbeName } from '../../../shared/target.ts';
import { WorkerFailure } from '../worker-link.ts';
import type { Chunk } from './chunk.ts';
import { Lane } from './lane.ts';
import type { NewWorker, RulesOptions, Step } from './rules-io.ts';

/** With no worker that is well, one of them is tried again within this time. */
const lonelyRestMsMax = 1_000;
/** Between two checks of a worker that is another one than was met. */
const recheckMsMin = 5_000;

export class Fleet {
	readonly #options: RulesOptions;
	readonly #random: Random;
	readonly #lanes = new Map<string, Lane>();
	readonly #emit: (step: Step) => void;
	/** for how long no worker has been well, since one last answered for a host */
	#idleMs = 0;
	/** whether none was well at the last tick */
	#wasNoneWell = false;
	#tickedMs: number;
	#saidWaiting = false;
	readonly #recheckedMs = new WeakMap<Lane, number>();

	/** @param emit takes what is to be done */
	constructor(options: RulesOptions, emit: (step: Step) => void) {
		this.#options = options;
		this.#tickedMs = options.nowMs;
		this.#random = options.random;
		this.#emit = emit;
	}

	/** All workers there have been, by name. */
	get lanes(): ReadonlyMap<string, Lane> {
		return this.#lanes;
	}

	/** Whether none is well. A busy worker is: it will come to us. One that is always busy is not. */
	get noneWell(): boolean {
		for (const lane of this.#lanes.values()) {
			if (lane.usable || (!lane.isLeaving && lane.health.isBusy)) return false;
		}
		return true;
	}

	/** A worker joins; one that left and comes back is met again first. */
	add({ name, weight, met }: NewWorker, nowMs: number): void {
		const { settings, chunkHosts, concurrency } = this.#options;
		const failure = met instanceof WorkerFailure ? met : undefined;
		const capabilities = met instanceof WorkerFailure ? undefined : met;
		const probesPerHost = settings.count > 1 ? settings.count : settings.attempts;
		const lane = new Lane({ name, weight, capabilities, chunkHosts, concurrency, probesPerHost, nowMs });
		lane.failures = this.#lanes.get(name)?.failures ?? 0;
		this.#lanes.set(name, lane);
		if (failure !== undefined) lane.health.checkFailed(failure, nowMs, this.#random);
	}

	/** A worker gets no more work; what it has under way may end. One that joins under its name is another one. */
	remove(name: string): void {
		const lane = this.#lanes.get(name);
		if (lane === undefined || lane.isLeaving) return;
		lane.isLeaving = true;
		lane.leftMs = this.#tickedMs;
		this.closeIfGone(lane);
	}

	/** Lets go of a worker that has left, when nothing of it is under way any more. */
	closeIfGone(lane: Lane): void {
		const { name, isLeaving, requests } = lane;
		// A worker of that name may have come back.
		if (!isLeaving || requests > 0 || this.#lanes.get(name) !== lane) return;
		this.#emit({ type: 'close', worker: name });
	}

	/** Other lanes that may take this probe now. */
	others(lane: Lane, probe: ProbeName): Lane[] {
		return [...this.#lanes.values()].filter(
			(other) => other !== lane && other.usable && !other.isSilent && other.probes.has(probe),
		);
	}

	/** Those of them that have not failed at the chunk: with none, a worker that has may try again. */
	untried(lane: Lane, chunk: Chunk): Lane[] {
		return this.others(lane, chunk.probe).filter((other) => !chunk.failedOn.has(other.name));
	}

	/** Whether a worker has this probe, or may have it when it comes back. */
	mayOffer(probe: ProbeName, nowMs: number): boolean {
		for (const { health, isLeaving, leftMs, isMet, probes } of this.#lanes.values()) {
			if (health.state === 'out' || (isMet && !probes.has(probe))) continue;
			// Who was taken out may be put back.
			const goneSinceMs = isLeaving ? leftMs : health.unwellSinceMs;
			if (goneSinceMs === undefined || nowMs - goneSinceMs < this.#options.workerTimeoutMs) return true;
		}
		return false;
	}

	/** Time goes by: who has rested is checked, or gets work again. */
	tick(elapsedMs: number, nowMs: number): void {
		this.#tickedMs = nowMs;
		// Who was well a tick ago may have been until now.
		const { noneWell } = this;
		if (noneWell && this.#wasNoneWell) this.#idleMs += elapsedMs;
		this.#wasNoneWell = noneWell;
		const lanes = [...this.#lanes.values()].filter(({ isLeaving }) => !isLeaving);
		this.#hurryOne(lanes, nowMs);
		for (const lane of lanes) {
			const { health } = lane;
			if (health.state !== 'resting' || health.restUntilMs > nowMs) continue;
			if (health.needsCheck) this.#check(lane);
			else health.rested();
		}
	}

	/** A worker is another one than was met: it is asked what it can do. Behind a balancer, that may be so with every
	 * request, so it is asked now and then only. */
	recheck(lane: Lane, nowMs: number): void {
		const checkedMs = this.#recheckedMs.get(lane);
		if (checkedMs !== undefined && nowMs - checkedMs < recheckMsMin) return;
		this.#recheckedMs.set(lane, nowMs);
		this.#check(lane);
	}

	/** A worker that was asked for a check has answered, or failed to. */
	checked(name: string, result: Capabilities | WorkerFailure, nowMs: number): void {
		const lane = this.#lanes.get(name);
		if (lane === undefined || !lane.health.checking) return;
		const { health, isMet } = lane;
		if (lane.isLeaving) {
			// Nobody waits for it, and being closed it can not answer.
			health.checking = false;
			return;
		}
		if (!(result instanceof WorkerFailure)) {
			const { probes, icmp } = result;
			lane.met(result);
			const isBack = health.checked();
			if (!isMet) this.#emit({ type: 'tell', event: { type: 'worker-joined', worker: name, probes, icmp } });
			else if (isBack) this.#emit({ type: 'tell', event: { type: 'worker-back', worker: name } });
			return;
		}
		lane.failures += 1;
		const isNews = !health.isStruck || result.kind === 'refused' || result.kind === 'invalid';
		const forMs = health.checkFailed(result, nowMs, this.#random);
		if (isNews) this.#tellSetAside(lane, result, forMs);
	}

	/** A worker did something useful: a host was answered for. */
	worked({ health }: Lane): void {
		// Passing a check does not end the time without a worker: it may fail at every request.
		this.#idleMs = 0;
		health.worked();
	}

	/** A worker failed at a request: it gets no more for a while, or for good, and that is said. */
	setAside(lane: Lane, failure: WorkerFailure, nowMs: number): void {
		const { health } = lane;
		const before = health.state;
		const forMs = this.rest(lane, failure, nowMs);
		const isOutNow = before !== 'out' && forMs === undefined;
		// Being busy now and then is how a full worker works; being busy all the time is worth a word.
		const isWorthAWord = failure.kind !== 'busy' || health.busyInARow === 3;
		if (isOutNow || ((before === 'ready' || before === 'trial') && isWorthAWord)) {
			this.#tellSetAside(lane, failure, forMs);
		}
	}

	/** A request to a worker failed: it gets no more for a while. @returns for how long, in ms; `undefined` for good */
	rest(lane: Lane, failure: WorkerFailure, nowMs: number): number | undefined {
		lane.failures += 1;
		lane.window.collapse();
		return lane.health.failed(failure, nowMs, this.#random);
	}

	/** Why the run must be given up for want of workers; `undefined` while there is somebody, or hope. */
	lost(): PingpoolError | undefined {
		const { workerTimeoutMs, workersMayJoin = false } = this.#options;
		const lanes = [...this.#lanes.values()];
		const staying = lanes.filter(({ isLeaving }) => !isLeaving);
		// Those that are out have to be mended by somebody: told sooner by an end, from which the run can go on.
		if (staying.every(({ health }) => health.state === 'out') && (staying.length > 0 || !workersMayJoin)) {
			return lanes.every(({ requests }) => requests === 0) ? this.#noWorkerLeft() : undefined;
		}
		if (!this.noneWell) {
			this.#saidWaiting = false;
			return undefined;
		}
		// One that is asked for the first time is likely to answer.
		const isExpected = staying.some(({ health }) => health.lastFailure === undefined);
		if (!this.#saidWaiting && !isExpected) {
			this.#emit({ type: 'tell', event: { type: 'waiting-for-workers', forMs: workerTimeoutMs } });
			this.#saidWaiting = true;
		}
		return this.#idleMs >= workerTimeoutMs ? this.#noWorkerLeft() : undefined;
	}

	/** With none that is well, the one that is due first is tried soon. */
	#hurryOne(lanes: readonly Lane[], nowMs: number): void {
		if (lanes.some((lane) => lane.usable)) return;
		let first: Lane | undefined;
		for (const lane of lanes) {
			const { state, restUntilMs, lastFailure } = lane.health;
			// What a worker asked for is its own to know.
			if (state !== 'resting' || lastFailure?.kind === 'busy') continue;
			if (first === undefined || restUntilMs < first.health.restUntilMs) first = lane;
		}
		const jitterMs = (lonelyRestMsMax / 2) * this.#random.next();
		first?.health.restAtMost(nowMs + lonelyRestMsMax / 2 + jitterMs);
	}

	/** Asks a worker what it can do, unless that is under way. */
	#check({ name, health }: Lane): void {
		if (health.checking) return;
		health.checking = true;
		this.#emit({ type: 'check', worker: name });
	}

	#noWorkerLeft(): PingpoolError {
		const failures = [...this.#lanes.values()]
			.filter(({ isLeaving }) => !isLeaving)
			.map(({ name, health }) => `${name} ${health.lastFailure?.message ?? 'is gone'}`);
		const shown = failures.slice(0, 3).join('; ') + (failures.length > 3 ? '; …' : '');
		return new PingpoolError('no-worker', `no worker is left to ask${shown === '' ? '' : `: ${shown}`}`, {
			hint: 'start the workers again, then run the same command',
		});
	}

	#tellSetAside({ name }: Lane, { message }: WorkerFailure, forMs: number | undefined): void {
		this.#emit({ type: 'tell', event: { type: 'worker-set-aside', worker: name, message, forMs } });
	}
}
