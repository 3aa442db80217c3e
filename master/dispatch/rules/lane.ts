/** One worker as the rules see it: what it can do, how much may be on its way to it, whether it is well. */
import { connectionsMax, connectionsPerWorkerMax, dnsLookupsMax } from '../../../shared/limits.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import type { ProbeName } from '../../../shared/target.ts';
import { turnsMax } from '../../../shared/turns.ts';
import type { Chunk } from './chunk.ts';
import { isAlone, isSuspect } from './chunk.ts';
import { ChunkSize } from './chunk-size.ts';
import type { FlightLimits } from './flight.ts';
import { Health } from './health.ts';
import type { SendWindowOptions } from './send-window.ts';
import { SendWindow } from './send-window.ts';

/** Hosts in a chunk for a worker without a rate ceiling, at most: a few tens of ms of a fast one's work. */
const chunkHostsDefault = 4_096;
/** A worker with a ceiling gets chunks of this much of its time. */
const chunkMs = 100;
/** Hosts of the last chunks of a list that several workers share: small, so that they end together. */
const lastChunkHosts = 64;
/** Hosts of the one request that a worker gets on trial. */
const trialHosts = 64;
/** Bytes of a request body that are no hosts. */
const settingsBytesMax = 512;
/** Chunks that may be on their way at first. */
const chunksAtFirst = 2;
/** How long to be content with the connections that this machine could open, before one more is tried. */
const roomAgainMs = 30_000;
/** What a healthy worker may be late by in anything, on a machine that is busy with other things. */
const slackMs = 10_000;

export interface LaneOptions {
	/** how messages and the database name the worker */
	readonly name: string;
	/** `undefined` when it has not been met: it must answer a check first */
	readonly capabilities: Capabilities | undefined;
	/** share of this worker relative to others; multiplies its chunks. Default of workers.txt: 1 */
	readonly weight: number;
	/** hosts per chunk, when the user has said so */
	readonly chunkHosts: number | undefined;
	/** requests at a time, when the user has said so */
	readonly concurrency: number | undefined;
	/** probes per host: max(count, attempts) */
	readonly probesPerHost: number;
	readonly nowMs: number;
}

/** Nothing is known of a worker that has not been met; it gets no work. */
const unmet: Capabilities = {
	protocol: 0,
	instance: '',
	version: '',
	runtime: 'node',
	probes: [],
	icmp: null,
	hostsPerRequestMax: 1,
	probesPerRequestMax: null,
	hostsInFlightMax: 1,
	bodyBytesMax: 1024,
	ratePerSecondMax: 0,
	connectionsMax,
	requestForms: [],
	heartbeatMs: 0,
	requestIds: false,
};

export class Lane {
	readonly name: string;
	readonly window: SendWindow;
	readonly health: Health;
	/** it gets no more work: it is no longer among the workers */
	isLeaving = false;
	/** when it left, as a monotonic time */
	leftMs = Number.NEGATIVE_INFINITY;
	/** nothing was heard of it for so long that it gets no more work before something is */
	isSilent = false;
	/** the last sign of life in any request */
	heardMs: number;
	/** when it said last that it holds probes back for their prefixes, as a monotonic time */
	holdingMs = Number.NEGATIVE_INFINITY;
	/** failures of requests and checks so far */
	failures = 0;
	readonly #weight: number;
	readonly #probesPerHost: number;
	readonly #chunkHostsAsked: number | undefined;
	readonly #concurrencyAsked: number | undefined;
	#capabilities: Capabilities;
	#probes: ReadonlySet<ProbeName>;
	/** the most hosts of a chunk; all chunks have them when the worker says its rate, or the user the size */
	#chunkHostsMax: number;
	/** hosts that the worker found too many for one request */
	#tooLargeHosts = Number.POSITIVE_INFINITY;
	#chunkSize: ChunkSize | undefined;
	#concurrency: number;
	/** requests at a time that this machine could not open more than */
	#concurrencyHere = Number.POSITIVE_INFINITY;
	#noRoomMs = Number.NEGATIVE_INFINITY;
	/** of requests whose worker says nothing of waits: the shortest, in ms */
	#shortestMs = Number.POSITIVE_INFINITY;
	#inFlight = 0;
	#requests = 0;
	#suspectHosts = 0;
	#isTaken = false;

	constructor({ name, capabilities, weight, chunkHosts, concurrency, probesPerHost, nowMs }: LaneOptions) {
		this.name = name;
		this.heardMs = nowMs;
		this.health = new Health(capabilities !== undefined, nowMs);
		this.#weight = weight;
		this.#probesPerHost = probesPerHost;
		this.#chunkHostsAsked = chunkHosts;
		this.#concurrencyAsked = concurrency;
		this.#capabilities = capabilities ?? unmet;
		this.#probes = new Set(this.#capabilities.probes);
		this.#chunkHostsMax = this.#bestChunkHosts();
		this.#chunkSize = this.#newChunkSize();
		this.#concurrency = this.#bestConcurrency();
		this.window = new SendWindow(this.#windowBounds());
	}

	get probes(): ReadonlySet<ProbeName> {
		return this.#probes;
	}

	/** Whether it has ever said what it can do. */
	get isMet(): boolean {
		return this.#capabilities !== unmet;
	}

	/** Whether it may get work now, as far as its health goes. */
	get usable(): boolean {
		return this.health.usable && !this.isLeaving;
	}

	/** Hosts in requests under way. */
	get inFlight(): number {
		return this.#inFlight;
	}

	/** Requests under way. */
	get requests(): number {
		return this.#requests;
	}

	/** The most hosts that it may have under way. */
	get hostsInFlightMax(): number {
		return this.#capabilities.hostsInFlightMax;
	}

	/** Whether it says that it lives while it has nothing else to say. */
	get hasHeartbeat(): boolean {
		return this.#capabilities.heartbeatMs > 0;
	}

	/** Bytes of hosts, as JSON strings with their commas, that fit a request beside its settings. */
	get hostBytesMax(): number {
		return this.#capabilities.bodyBytesMax - settingsBytesMax;
	}

	/** Hosts of a whole chunk, now. */
	get chunkHosts(): number {
		return Math.min(this.#chunkSize?.hosts ?? this.#chunkHostsMax, this.#tooLargeHosts);
	}

	/** Whether another chunk may go out now. A whole one: rests of room would only breed small chunks. */
	hasRoom(): boolean {
		if (this.#isTaken) return false;
		if (this.health.state === 'trial') return this.#requests === 0;
		if (this.#requests >= Math.min(this.#concurrency, this.#concurrencyHere)) return false;
		const free = this.#capabilities.hostsInFlightMax - this.#inFlight;
		return this.window.hasRoom() && (this.#inFlight === 0 || free >= this.chunkHosts);
	}

	/** Whether a chunk that was asked before may go here beside what is under way. */
	takes(chunk: Chunk, suspectHostsMax: number): boolean {
		if (isAlone(chunk)) return this.#requests === 0;
		if (!isSuspect(chunk) || this.#suspectHosts === 0) return true;
		return this.#suspectHosts + Math.min(chunk.hosts.length, chunk.hostsMax) <= suspectHostsMax;
	}

	/** A chunk is on its way. */
	opened(chunk: Chunk): void {
		const { length } = chunk.hosts;
		this.#inFlight += length;
		this.#requests += 1;
		if (isSuspect(chunk)) this.#suspectHosts += length;
		this.#isTaken ||= isAlone(chunk);
		this.window.opened(length);
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
		const before = this.chunkHosts;
		this.#chunkSize.passed(hosts, ahead, waitMs);
		if (this.chunkHosts !== before) this.#resize();
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
	closed(chunk: Chunk): void {
		this.#inFlight -= chunk.hosts.length;
		this.#requests -= 1;
		if (isSuspect(chunk)) this.#suspectHosts -= chunk.hosts.length;
		if (isAlone(chunk)) this.#isTaken = false;
	}

	/**
	 * Hosts of the next chunk.
	 *
	 * @param left hosts of the run that nobody has taken yet
	 * @param sharedBy workers that could take them
	 */
	nextChunkHosts(left: number, sharedBy: number): number {
		if (this.health.state === 'trial') return Math.min(this.chunkHosts, trialHosts);
		if (sharedBy < 2) return this.chunkHosts;
		return Math.min(this.chunkHosts, Math.max(lastChunkHosts, Math.ceil(left / (2 * sharedBy))));
	}

	/**
	 * How long a request may take before its worker is taken for dead, stuck or dripping.
	 *
	 * @param chunk not opened yet
	 * @param spanMs how long one host may take
	 * @param dnsMs how long one name may take to be looked up
	 */
	limitsOf({ probe, hosts }: Chunk, spanMs: number, dnsMs: number): FlightLimits {
		const { ratePerSecondMax } = this.#capabilities;
		const inFlight = this.window.limit + this.#inFlight + hosts.length;
		// With the first probes of a chunk away the next one leaves, while all others of this one are still to be sent.
		const held = inFlight + this.window.limit * (this.#probesPerHost - 1);
		const queueMs = ratePerSecondMax > 0 ? (held * this.#probesPerHost * 1000) / ratePerSecondMax : 0;
		// First tries go before second ones: where all are dead, the first result comes with the last turn.
		const turns = turnsMax(this.#capabilities, probe, { inRequest: hosts.length, inFlight });
		// Bare addresses are not looked up. Names are, so many at a time, of all requests in turns: where DNS is silent,
		// each turn takes as long.
		const names = hosts.texts === undefined ? 0 : Math.min(inFlight, hosts.length * this.#concurrency);
		const namesMs = Math.ceil(names / dnsLookupsMax) * dnsMs;
		const expectedMs = namesMs + turns * spanMs + queueMs;
		const progressMsMax = expectedMs + slackMs;
		return {
			silenceMsMax: this.hasHeartbeat ? slackMs : progressMsMax,
			progressMsMax,
			totalMsMax: 2 * progressMsMax,
		};
	}

	/** The worker found a request of so many hosts too large. */
	foundTooLarge(hosts: number): void {
		this.#tooLargeHosts = Math.max(1, Math.floor(hosts / 2));
		this.#resize();
	}

	/** This machine could not open another connection to it. */
	foundNoRoomHere(nowMs: number): void {
		this.#noRoomMs = nowMs;
		this.#concurrencyHere = Math.max(1, this.#requests);
	}

	/** A request ended well. A shortage on this machine may be over: now and then, one more is tried. */
	foundRoomHere(nowMs: number): void {
		if (nowMs - this.#noRoomMs < roomAgainMs) return;
		this.#noRoomMs = nowMs;
		this.#concurrencyHere += 1;
	}

	/** What the worker can do, as it says at a check. It may have been started anew with other settings. */
	met(capabilities: Capabilities): void {
		this.#capabilities = capabilities;
		this.#probes = new Set(capabilities.probes);
		this.#tooLargeHosts = Number.POSITIVE_INFINITY;
		this.#chunkHostsMax = this.#bestChunkHosts();
		this.#chunkSize = this.#newChunkSize();
		this.#shortestMs = Number.POSITIVE_INFINITY;
		this.#resize();
	}

	#newChunkSize(): ChunkSize | undefined {
		const isGiven = this.#chunkHostsAsked !== undefined || this.#capabilities.ratePerSecondMax > 0;
		return isGiven ? undefined : new ChunkSize(this.#chunkHostsMax);
	}

	#resize(): void {
		this.#concurrency = this.#bestConcurrency();
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
		const needed = Math.max(2, Math.ceil(this.#capabilities.hostsInFlightMax / this.chunkHosts));
		return Math.min(this.#concurrencyAsked ?? needed, connectionsPerWorkerMax);
	}

	#windowBounds(): SendWindowOptions {
		return { min: this.chunkHosts * chunksAtFirst, max: this.#capabilities.hostsInFlightMax };
	}
}
