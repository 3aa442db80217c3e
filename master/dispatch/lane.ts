/**
 * One worker as the dispatcher sees it: what it can do, how much may be on its way to it, whether it is well.
 *
 * A lane is `ready`, `resting` until a time after a failure (growing, jittered) and then checked, or `out` for
 * good: its token is not accepted, or what answers is no worker of ours.
 */
import PQueue from 'p-queue';
import { connectionsPerWorkerMax } from '../../shared/limits.ts';
import type { Capabilities } from '../../shared/protocol.ts';
import type { Random } from '../../shared/random.ts';
import type { ProbeName } from '../../shared/target.ts';
import { turnsMax } from '../../shared/turns.ts';
import { backoffMs } from './backoff.ts';
import { ChunkSize } from './chunk-size.ts';
import type { SendWindowOptions } from './send-window.ts';
import { SendWindow } from './send-window.ts';
import type { WorkerFailure, WorkerLink } from './worker-link.ts';

/** Hosts in a chunk for a worker without a rate ceiling, at most: a few tens of ms of a fast one's work. */
const chunkHostsDefault = 4_096;
/** A worker with a ceiling gets chunks of this much of its time. */
const chunkMs = 100;
/** Hosts of the last chunks of a list that several workers share: small, so that they end together. */
const lastChunkHosts = 64;
/** Bytes of a request body that are no hosts. */
const settingsBytesMax = 512;
/** Chunks that may be on their way at first. */
const chunksAtFirst = 2;

export interface LaneOptions {
	readonly link: WorkerLink;
	readonly capabilities: Capabilities;
	/** share of this worker relative to others; multiplies its chunks. Default of workers.txt: 1 */
	readonly weight: number;
	/** hosts per chunk, when the user has said so */
	readonly chunkHosts: number | undefined;
	/** requests at a time, when the user has said so */
	readonly concurrency: number | undefined;
	/** probes per host: max(count, attempts) */
	readonly probesPerHost: number;
}

export interface LaneTally {
	up: number;
	down: number;
	unresolved: number;
	denied: number;
	error: number;
	failures: number;
	lastFailure: string | undefined;
}

export class Lane {
	readonly link: WorkerLink;
	readonly name: string;
	readonly queue: PQueue;
	readonly window: SendWindow;
	readonly tally: LaneTally = {
		up: 0,
		down: 0,
		unresolved: 0,
		denied: 0,
		error: 0,
		failures: 0,
		lastFailure: undefined,
	};
	readonly #weight: number;
	readonly #probesPerHost: number;
	readonly #chunkHostsAsked: number | undefined;
	readonly #concurrencyAsked: number | undefined;
	#capabilities: Capabilities;
	#probes: ReadonlySet<ProbeName>;
	/** the most hosts of a chunk; all chunks have them when the worker says its rate, or the user the size */
	#chunkHostsMax: number;
	#chunkSize: ChunkSize | undefined;
	/** of requests whose worker says nothing of waits: the shortest, in ms */
	#shortestMs = Number.POSITIVE_INFINITY;
	#inFlight = 0;
	#failuresInARow = 0;
	state: 'ready' | 'resting' | 'out' = 'ready';
	restUntilMs = 0;
	/** whether the worker must answer a check before it gets work again */
	needsCheck = false;
	/** since when it has not been well, or done anything useful; kept by the dispatcher */
	unwellSinceMs: number | undefined;

	constructor({ link, capabilities, weight, chunkHosts, concurrency, probesPerHost }: LaneOptions) {
		this.link = link;
		this.name = link.name;
		this.#weight = weight;
		this.#probesPerHost = probesPerHost;
		this.#chunkHostsAsked = chunkHosts;
		this.#concurrencyAsked = concurrency;
		this.#capabilities = capabilities;
		this.#probes = new Set(capabilities.probes);
		this.#chunkHostsMax = this.#bestChunkHosts();
		this.#chunkSize = this.#newChunkSize();
		this.queue = new PQueue({ concurrency: this.#bestConcurrency() });
		this.window = new SendWindow(this.#windowBounds());
	}

	get probes(): ReadonlySet<ProbeName> {
		return this.#probes;
	}

	/** Failures since the last success, those of chunks that fail together counted once. */
	get failuresInARow(): number {
		return this.#failuresInARow;
	}

	/** Bytes of hosts, as JSON strings with their commas, that fit a request beside its settings. */
	get hostBytesMax(): number {
		return this.#capabilities.bodyBytesMax - settingsBytesMax;
	}

	/** Whether another chunk may go out now. A whole one: rests of room would only breed small chunks. */
	hasRoom(): boolean {
		const free = this.#capabilities.hostsInFlightMax - this.#inFlight;
		return this.window.hasRoom() && (this.#inFlight === 0 || free >= this.#chunkHosts);
	}

	/** A chunk is on its way. */
	opened(hosts: number): void {
		this.#inFlight += hosts;
		this.window.opened(hosts);
	}

	/**
	 * Every host of a chunk has had its first probe.
	 *
	 * @param ahead hosts that were unsent when it left, its own included
	 * @param waitMs how long the last of them waited in the worker; `undefined` when the request failed
	 */
	passed(hosts: number, ahead: number, waitMs: number | undefined): void {
		this.window.passed(hosts, waitMs);
		if (waitMs === undefined || this.#chunkSize === undefined) return;
		const before = this.#chunkHosts;
		this.#chunkSize.passed(hosts, ahead, waitMs);
		if (this.#chunkHosts !== before) this.#resize();
	}

	/**
	 * What stands in for the wait of a chunk whose worker does not say it: how much longer its request took than
	 * the shortest one.
	 *
	 * @param ms how long the request took, the time apart in which hosts that are down keep one waiting
	 */
	waitMsOf(ms: number): number {
		this.#shortestMs = Math.min(this.#shortestMs, ms);
		return ms - this.#shortestMs;
	}

	/** Nothing of a chunk is under way any more. */
	closed(hosts: number): void {
		this.#inFlight -= hosts;
	}

	/**
	 * Hosts of the next chunk.
	 *
	 * @param left hosts of the run that nobody has taken yet
	 * @param sharedBy workers that could take them
	 */
	chunkSize(left: number, sharedBy: number): number {
		if (sharedBy < 2) return this.#chunkHosts;
		return Math.min(this.#chunkHosts, Math.max(lastChunkHosts, Math.ceil(left / (2 * sharedBy))));
	}

	/**
	 * A longest time without a sign of life that a healthy worker can need.
	 *
	 * @param hosts of the request
	 * @param probeMs how long one host may take
	 * @returns milliseconds
	 */
	silenceMsMax(probe: ProbeName, hosts: number, probeMs: number, dnsMs: number): number {
		const { ratePerSecondMax } = this.#capabilities;
		const inFlight = this.window.limit + this.#inFlight;
		const queueMs = ratePerSecondMax > 0 ? (inFlight * this.#probesPerHost * 1000) / ratePerSecondMax : 0;
		// First tries go before second ones: where all are dead, the first result comes with the last turn.
		const turns = turnsMax(this.#capabilities, probe, { inRequest: hosts, inFlight });
		return dnsMs + turns * probeMs + queueMs + 10_000;
	}

	/** Work was done: failures of the past are forgotten. */
	succeeded(): void {
		this.#failuresInARow = 0;
	}

	/** Sets the lane aside as this failure asks for. @returns for how long in ms, or `undefined` for good */
	failed(failure: WorkerFailure, nowMs: number, random: Random): number | undefined {
		this.tally.failures += 1;
		this.tally.lastFailure = failure.message;
		this.window.collapse();
		// What is out stays out, whatever becomes of its other chunks.
		if (this.state === 'out' || failure.kind === 'refused' || failure.kind === 'invalid') {
			this.state = 'out';
			return undefined;
		}
		// Chunks that fail together are one failure.
		if (this.state === 'ready') this.#failuresInARow += 1;
		const askedMs = failure.kind === 'busy' ? (failure.retryAfterMs ?? 0) : 0;
		const restMs = Math.max(askedMs, backoffMs(this.#failuresInARow, random));
		this.state = 'resting';
		this.needsCheck ||= failure.kind !== 'busy';
		this.restUntilMs = Math.max(this.restUntilMs, nowMs + restMs);
		return restMs;
	}

	/** The worker answered a check. It may have been started anew with other settings. */
	isBack(capabilities: Capabilities): void {
		this.#capabilities = capabilities;
		this.#probes = new Set(capabilities.probes);
		this.#chunkHostsMax = this.#bestChunkHosts();
		this.#chunkSize = this.#newChunkSize();
		this.#shortestMs = Number.POSITIVE_INFINITY;
		this.#resize();
		this.state = 'ready';
		this.needsCheck = false;
	}

	/** Waited long enough: may get work again, when it needs no check before. */
	rested(): void {
		this.state = 'ready';
	}

	/** The check failed as well: rest longer. */
	checkFailed(failure: WorkerFailure, nowMs: number, random: Random): number | undefined {
		this.state = 'ready';
		return this.failed(failure, nowMs, random);
	}

	get #chunkHosts(): number {
		return this.#chunkSize?.hosts ?? this.#chunkHostsMax;
	}

	#newChunkSize(): ChunkSize | undefined {
		const isGiven = this.#chunkHostsAsked !== undefined || this.#capabilities.ratePerSecondMax > 0;
		return isGiven ? undefined : new ChunkSize(this.#chunkHostsMax);
	}

	#resize(): void {
		this.queue.concurrency = this.#bestConcurrency();
		this.window.resize(this.#windowBounds());
	}

	#bestChunkHosts(): number {
		const { ratePerSecondMax, hostsPerRequestMax, probesPerRequestMax, hostsInFlightMax } =
			this.#capabilities;
		const byRate = ratePerSecondMax > 0 ? Math.ceil((ratePerSecondMax * chunkMs) / 1000) : chunkHostsDefault;
		const wanted = this.#chunkHostsAsked ?? Math.ceil(Math.min(byRate, chunkHostsDefault) * this.#weight);
		const byProbes =
			probesPerRequestMax === null ? wanted : Math.floor(probesPerRequestMax / this.#probesPerHost);
		return Math.max(1, Math.min(wanted, hostsPerRequestMax, hostsInFlightMax, byProbes));
	}

	/** Hosts in flight are bounded by the worker; requests by what that many hosts need, chunks being full. */
	#bestConcurrency(): number {
		const needed = Math.max(2, Math.ceil(this.#capabilities.hostsInFlightMax / this.#chunkHosts));
		return Math.min(this.#concurrencyAsked ?? needed, connectionsPerWorkerMax);
	}

	#windowBounds(): SendWindowOptions {
		return { min: this.#chunkHosts * chunksAtFirst, max: this.#capabilities.hostsInFlightMax };
	}
}
