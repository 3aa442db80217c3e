/**
 * The rules of dispatch: which worker gets which hosts when, and what becomes of them. Pure: no clock, no timer,
 * no network; whatever happens is told by a method with the time, `next` says what to do, and `wakeAtMs` when to
 * ask again at the latest. The real run (../dispatcher.ts) and the simulation (tests/sim/) drive the same rules.
 *
 * - Hosts go out in chunks, to workers that are well (health.ts) and have room (lane.ts, send-window.ts), within
 *   the fleet's rate. What has to be asked again goes first, elsewhere where it can, within a budget
 *   (retry-budget.ts).
 * - Every host that has no answer belongs to exactly one of: the list, the hosts pending here, a flight that owns
 *   it. A flight that fails gives the hosts back that it owns and has no answer for. The first answer counts
 *   (ledger.ts); later ones change nothing.
 * - A flight whose worker is silent or late is hedged: a chunk with its hosts takes over, and it owns them no
 *   longer, although it may still answer: as long as it may, none of them becomes an `error`.
 * - A host may reach probes in three requests. If workers die of them, its chunk goes out in pieces first, then
 *   host by host, each with a worker to itself, so that only the host that is why becomes an `error`.
 * - A run without a worker that is well waits, and is given up in the end; nothing is recorded for what is left.
 *   It does not wait where nobody may come: all workers are out for good, or have left and none can join.
 */
import type { ChunkKind } from '../../../shared/dashboard-api.ts';
import { dnsTimeoutMs } from '../../../shared/limits.ts';
import { reasons } from '../../../shared/outcome.ts';
import { Pacer } from '../../../shared/pacer.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import { selectRows } from '../../../shared/results.ts';
import type { ProbeName } from '../../../shared/target.ts';
import { probeNames } from '../../../shared/target.ts';
import { WorkerFailure } from '../worker-link.ts';
import { hasOtherThanUp, isError, isWorkersTrouble } from './block-rows.ts';
import type { Chunk } from './chunk.ts';
import { dispatchesMax, isSuspect } from './chunk.ts';
import { Fleet } from './fleet.ts';
import { Flight } from './flight.ts';
import { Hedging, isLaneSilent } from './hedging.ts';
import { HeldUp } from './held-up.ts';
import type { Lane } from './lane.ts';
import { isCrash, isDispatch } from './losses.ts';
import { LostHosts } from './lost-hosts.ts';
import { Pending } from './pending.ts';
import { RetryBudget } from './retry-budget.ts';
import type { AnsweredRows, NewWorker, RulesOptions, Step } from './rules-io.ts';
import { Suspects } from './suspects.ts';
import type { Dealt } from './target-queue.ts';

/** How often deadlines are looked at. */
const tickMs = 50;

export class DispatchRules {
	readonly #options: RulesOptions;
	readonly #fleet: Fleet;
	readonly #flights = new Map<number, Flight>();
	readonly #pending: Pending;
	readonly #budget: RetryBudget;
	readonly #hedging = new Hedging();
	readonly #suspects = new Suspects();
	readonly #heldUp = new HeldUp();
	readonly #lost: LostHosts;
	readonly #pacer: Pacer;
	#steps: Step[] = [];
	#nowMs: number;
	#tickedMs: number;
	#wakeAtMs: number;
	#nextId = 1;
	/** the lane that is looked at first */
	#turn = 0;
	#listEnded = false;
	#storeHasRoom = true;
	#stopping = false;
	#ended = false;
	#failure: unknown;
	/** hosts that have been sent at least once, or need not be */
	#taken: number;

	constructor(options: RulesOptions) {
		const { ledger, nowMs, ratePerSecond } = options;
		this.#options = options;
		this.#fleet = new Fleet(options, (step) => this.#steps.push(step));
		this.#pending = new Pending(ledger);
		this.#lost = new LostHosts({
			ledger,
			random: options.random,
			pending: this.#pending,
			suspects: this.#suspects,
			flights: this.#flights,
			onStep: (step) => this.#steps.push(step),
		});
		this.#budget = new RetryBudget(nowMs);
		this.#pacer = new Pacer({ ratePerSecond, nowUs: () => this.#nowMs * 1000 });
		this.#nowMs = nowMs;
		this.#tickedMs = nowMs - tickMs;
		this.#wakeAtMs = nowMs;
		this.#taken = ledger.count;
	}

	/** All workers there have been. */
	get lanes(): ReadonlyMap<string, Lane> {
		return this.#fleet.lanes;
	}

	/** Hosts in requests under way. */
	get inFlight(): number {
		let hosts = 0;
		for (const flight of this.#flights.values()) hosts += flight.chunk.hosts.length;
		return hosts;
	}

	/** Hosts that wait here to go out. */
	get pendingHosts(): number {
		return this.#pending.freshHosts + this.#pending.againHosts;
	}

	/** Positions of hosts that wait here, are in a request that owns them, or in a late one that is their last hope:
	 * every host that was handed in and has no answer is there exactly once (and some that have one by now). For
	 * whoever checks that. */
	heldPositions(): Uint32Array[] {
		const held = this.#pending.positions();
		for (const { isOwner, chunk, lastHopeOf } of this.#flights.values()) {
			if (isOwner) held.push(chunk.positions);
			if (lastHopeOf.size > 0) held.push(Uint32Array.from(lastHopeOf));
		}
		return held;
	}

	/** Whether a request is under way, and what it does not answer is asked again when it ends. */
	ownsHosts(id: number): boolean {
		return this.#flights.get(id)?.isOwner ?? false;
	}

	/** Whether nothing more will be done; `failure` says whether that is because something failed. */
	get ended(): boolean {
		return this.#ended;
	}

	get failure(): unknown {
		return this.#failure;
	}

	/** When `next` must be called again at the latest, as a monotonic time, if nothing happens before. */
	get wakeAtMs(): number {
		return this.#wakeAtMs;
	}

	/** Whether the next targets of the list should be read. */
	get wantsTargets(): boolean {
		const { pendingHostsMax = 16_384 } = this.#options;
		return (
			!this.#ended &&
			!this.#stopping &&
			!this.#listEnded &&
			// Half a window waits while the next one is read.
			this.#pending.freshHosts <= pendingHostsMax / 2 &&
			this.#pending.againHosts <= pendingHostsMax
		);
	}

	/** A worker joins; one that left and comes back is met again first. */
	addWorker(worker: NewWorker, nowMs: number): void {
		this.#fleet.add(worker, nowMs);
		// One of that name that left is for whoever carries this out to end.
		this.#steps = this.#steps.filter((step) => step.type !== 'close' || step.worker !== worker.name);
	}

	/** A worker gets no more work; what it has under way may end. */
	removeWorker(name: string): void {
		this.#fleet.remove(name);
	}

	/** Targets of the list, in the order in which they are to go out. */
	addTargets(targets: readonly (Dealt & { readonly probe: ProbeName })[]): void {
		for (const { probe, ...dealt } of targets) this.#pending.add(probe, dealt);
	}

	/** The list has no more targets. */
	endTargets(): void {
		this.#listEnded = true;
	}

	/** Whether the store takes rows; without room nothing is asked. */
	setStoreRoom(hasRoom: boolean): void {
		this.#storeHasRoom = hasRoom;
	}

	/** A worker that was asked for a check has answered, or failed to. */
	checked(name: string, result: Capabilities | WorkerFailure, nowMs: number): void {
		this.#listen(nowMs);
		this.#fleet.checked(name, result, nowMs);
	}

	/** The worker of a request shows that it lives. `isHolding`: it holds probes back for their prefixes. */
	alive(id: number, nowMs: number, isHolding = false): void {
		this.#listen(nowMs);
		const flight = this.#flights.get(id);
		flight?.heard(nowMs);
		if (flight !== undefined && isHolding) flight.holdsBack(nowMs);
	}

	/** Every host of a request has had its first probe; the longest of them waited this long in the worker. */
	sent(id: number, waitMs: number, nowMs: number): void {
		this.#listen(nowMs);
		const flight = this.#flights.get(id);
		if (flight === undefined || flight.sentMs !== undefined) return;
		flight.heard(nowMs);
		flight.progressMs = nowMs;
		this.#passed(flight, waitMs, nowMs);
	}

	/** The worker of a request is another one than was met: started anew, perhaps with other settings. */
	restarted(id: number, nowMs: number): void {
		const flight = this.#flights.get(id);
		if (flight !== undefined) this.#fleet.recheck(flight.lane, nowMs);
	}

	/**
	 * Results of a request.
	 *
	 * @param block every position of the request at most once over all calls, all values plausible
	 * @returns the rows that count, to be kept; `undefined` when none does
	 */
	answered(id: number, block: ResultBlock, nowMs: number): AnsweredRows | undefined {
		this.#listen(nowMs);
		const flight = this.#flights.get(id);
		if (flight === undefined) return undefined;
		const { lane, chunk } = flight;
		flight.heard(nowMs);
		flight.progressMs = nowMs;
		if (hasOtherThanUp(block)) flight.lossMs = this.#spanMs();
		this.#chargeRetries(block);
		const kept = this.#keep(flight, block, nowMs);
		if (kept === undefined) return undefined;
		this.#fleet.worked(lane);
		if (flight.troubled === 0) lane.health.passed();
		return { worker: lane.name, positions: chunk.positions, hosts: chunk.hosts, block: kept };
	}

	/** A request is over: well, with an answer for every host, or not. */
	closed(id: number, failure: WorkerFailure | undefined, nowMs: number): void {
		this.#listen(nowMs);
		const flight = this.#flights.get(id);
		if (flight === undefined) return;
		const { lane } = flight;
		if (failure === undefined) {
			if (flight.sentMs === undefined) {
				// No mark has come: the worker is none of ours, or an old one.
				const tookMs = Math.max(0, nowMs - flight.startedMs - flight.lossMs);
				this.#passed(flight, lane.waitMsOf(tookMs), nowMs);
			}
			this.#close(flight);
			lane.health.succeeded(nowMs);
			lane.foundRoomHere(nowMs);
			if (isSuspect(flight.chunk)) this.#suspects.passed();
			this.#judgeTrouble(flight, nowMs);
		} else this.#fail(flight, failure, nowMs);
		if (flight.isOwner) this.#lost.giveBack(flight, failure, nowMs);
		else if (!isDispatch(failure, flight.chunk.hosts.length)) this.#lost.neverArrived(flight, nowMs);
		this.#lost.giveUp(flight.chunk, flight.lastHopeOf);
		this.#fleet.closeIfGone(lane);
	}

	/** Nothing more is asked; what is under way may end. */
	stop(): void {
		this.#stopping = true;
	}

	/** Ends what is under way, and the run. */
	end(failure?: unknown): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#failure = failure;
		const reason = new WorkerFailure('local', 'is not asked any more');
		for (const flight of this.#flights.values()) {
			this.#steps.push({ type: 'cancel', id: flight.id, worker: flight.lane.name, reason });
			this.#close(flight);
		}
	}

	/** What is to be done next; `undefined` when nothing is, until something happens or `wakeAtMs`. */
	next(nowMs: number): Step | undefined {
		this.#listen(nowMs);
		const waiting = this.#steps.shift();
		if (waiting !== undefined) return waiting;
		if (this.#ended) return undefined;
		if (this.#isDone()) this.end();
		else {
			if (nowMs - this.#tickedMs >= tickMs) this.#tick(nowMs);
			this.#wakeAtMs = this.#tickedMs + tickMs;
			if (this.#steps.length === 0 && !this.#ended) this.#ask(nowMs);
		}
		return this.#steps.shift();
	}

	#isDone(): boolean {
		if (this.#options.ledger.complete) return true;
		if (this.#flights.size > 0) return false;
		// A list that is shorter than it was said to be ends as well; whoever counts will tell.
		return this.#stopping || (this.#listEnded && this.pendingHosts === 0);
	}

	/** Takes note of the time. Nobody listened for a while: what was not heard then counts against nobody. */
	#listen(nowMs: number): void {
		this.#nowMs = nowMs;
		const gapMs = nowMs - this.#tickedMs;
		if (!this.#heldUp.notes(gapMs, nowMs)) return;
		this.#tickedMs = nowMs - tickMs;
		for (const flight of this.#flights.values()) flight.postpone(gapMs, nowMs);
	}

	/** Looks at everything that time alone changes. */
	#tick(nowMs: number): void {
		const elapsedMs = nowMs - this.#tickedMs;
		this.#tickedMs = nowMs;
		for (const flight of this.#flights.values()) {
			const why = flight.overdue(nowMs);
			if (why !== undefined) this.#cancel(flight, new WorkerFailure('silent', why), nowMs);
		}
		for (const lane of this.#fleet.lanes.values()) lane.isSilent = false;
		for (const flight of this.#flights.values()) if (isLaneSilent(flight, nowMs)) flight.lane.isSilent = true;
		this.#fleet.tick(elapsedMs, nowMs);
		if (this.#stopping) return;
		this.#hedge(nowMs);
		this.#dropOrphans(nowMs);
		const failure = this.#fleet.lost();
		if (failure !== undefined) this.end(failure);
	}

	/** Sends one chunk, where there are a chunk and a worker for it. */
	#ask(nowMs: number): void {
		if (this.#stopping || !this.#storeHasRoom) return;
		const waitMs = this.#pacer.delayMs();
		if (waitMs > 0) {
			this.#wakeBy(nowMs + waitMs);
			return;
		}
		const lanes = [...this.#fleet.lanes.values()];
		for (let i = 0; i < lanes.length; i += 1) {
			const lane = lanes[(this.#turn + i) % lanes.length]!;
			if (!lane.usable || lane.isSilent || !lane.hasRoom()) continue;
			const chunk = this.#take(lane, nowMs);
			if (chunk === undefined) continue;
			this.#turn = (this.#turn + i + 1) % lanes.length;
			this.#open(lane, chunk, nowMs);
			return;
		}
		const againMs = this.#pending.nextAgainMs(nowMs);
		if (againMs !== undefined) this.#wakeBy(againMs);
	}

	#take(lane: Lane, nowMs: number): Chunk | undefined {
		const bounds = {
			hostsOf: (probe: ProbeName): number => this.#hostsFor(lane, probe),
			bytesMax: lane.hostBytesMax,
		};
		const freeMs = this.#budget.freeAtMs(nowMs);
		if (this.#pending.againHosts > 0) {
			const again = this.#pending.takeAgain(
				(chunk) => this.#mayAskAgain(lane, chunk, nowMs, freeMs <= nowMs),
				bounds,
			);
			if (again !== undefined) return again;
			if (freeMs > nowMs) this.#wakeBy(freeMs);
		}
		// A fleet that loses more than it answers must not take in ever more.
		if (this.#pending.againHosts > (this.#options.pendingHostsMax ?? 16_384)) return undefined;
		return this.#pending.takeFresh(lane.probes, bounds);
	}

	#mayAskAgain(lane: Lane, chunk: Chunk, nowMs: number, isInBudget: boolean): boolean {
		if (!lane.probes.has(chunk.probe) || chunk.notBeforeMs > nowMs) return false;
		if (!isInBudget && isRepeat(chunk)) return false;
		if (chunk.hedgeOf.some((id) => this.#flights.get(id)?.lane === lane)) return false;
		if (chunk.failedOn.has(lane.name) && this.#fleet.untried(lane, chunk).length > 0) return false;
		return lane.takes(chunk, this.#suspects.hostsMax);
	}

	/** Hosts of the next chunk for a lane. */
	#hostsFor(lane: Lane, probe: ProbeName): number {
		const { ledger, settings } = this.#options;
		const hosts = lane.nextChunkHosts(ledger.total - this.#taken, this.#fleet.others(lane, probe).length + 1);
		if (this.#pacer.ratePerSecond === 0) return hosts;
		// A tenth of a second of the fleet's rate.
		return Math.max(1, Math.min(hosts, Math.floor(this.#pacer.ratePerSecond / 10 / settings.count)));
	}

	#open(lane: Lane, chunk: Chunk, nowMs: number): void {
		const { length } = chunk.hosts;
		this.#pacer.charge(length * this.#options.settings.count);
		this.#budget.resize(lane.chunkHosts);
		if (isRepeat(chunk)) this.#budget.withdraw(length, nowMs);
		else if (chunk.isFresh) {
			this.#budget.deposit(length);
			this.#taken += length;
		}
		const limits = lane.limitsOf(chunk, this.#spanMs(), dnsTimeoutMs);
		lane.opened(chunk);
		const id = this.#nextId;
		this.#nextId += 1;
		this.#flights.set(id, new Flight(id, { lane, chunk, limits, nowMs }));
		const { probe, positions, hosts } = chunk;
		this.#steps.push({
			type: 'ask',
			id,
			worker: lane.name,
			probe,
			kind: this.#kindOf(chunk),
			positions,
			hosts,
		});
	}

	/** How it comes about. Of one that took over from a request that has ended, nobody else has the hosts any more. */
	#kindOf({ isFresh, hedgeOf }: Chunk): ChunkKind {
		if (isFresh) return 'first';
		return hedgeOf.some((id) => this.#flights.has(id)) ? 'hedge' : 'again';
	}

	#passed(flight: Flight, waitMs: number | undefined, nowMs: number): void {
		if (flight.sentMs !== undefined) return;
		flight.sentMs = nowMs;
		flight.lane.passed(flight.chunk.hosts.length, flight.aheadHosts, waitMs);
		if (waitMs !== undefined) this.#hedging.sent(nowMs - flight.startedMs);
	}

	#close(flight: Flight): void {
		this.#passed(flight, undefined, this.#nowMs);
		this.#flights.delete(flight.id);
		flight.lane.closed(flight.chunk);
	}

	/** Gives up a request that is under way. */
	#cancel(flight: Flight, reason: WorkerFailure, nowMs: number): void {
		this.#steps.push({ type: 'cancel', id: flight.id, worker: flight.lane.name, reason });
		this.closed(flight.id, reason, nowMs);
	}

	/** The rows of a block that count; the ledger has them then. */
	#keep(flight: Flight, block: ResultBlock, nowMs: number): ResultBlock | undefined {
		const { ledger } = this.#options;
		const { positions } = flight.chunk;
		let mayTryElsewhere: boolean | undefined;
		let kept: number[] | undefined;
		for (let row = 0; row < block.length; row += 1) {
			const at = block.index[row]!;
			let counts = true;
			if (isError(block, row)) {
				flight.trouble = block.reason[row]!;
				if (isWorkersTrouble(block, row)) flight.troubled += 1;
				// A worker's own trouble says nothing about a host: another worker may do better, or is doing so.
				mayTryElsewhere ??= this.#mayTryElsewhere(flight, nowMs);
				counts = flight.isOwner && !mayTryElsewhere;
			}
			if (counts) {
				flight.answered[at] = 1;
				counts = ledger.add(positions[at]!);
			}
			if (counts) kept?.push(row);
			else kept ??= Array.from({ length: row }, (_, before) => before);
		}
		if (kept === undefined) return block;
		return kept.length === 0 ? undefined : selectRows(block, kept);
	}

	#mayTryElsewhere({ lane, chunk }: Flight, nowMs: number): boolean {
		return (
			this.#lost.dispatchesOf(chunk) + 1 < dispatchesMax &&
			this.#fleet.untried(lane, chunk).length > 0 &&
			this.#budget.freeAtMs(nowMs) <= nowMs
		);
	}

	/** A worker that answers with little but its own trouble is no better than one that does not answer. */
	#judgeTrouble(flight: Flight, nowMs: number): void {
		const { lane, chunk, troubled, trouble } = flight;
		if (2 * troubled < chunk.hosts.length || this.#fleet.others(lane, chunk.probe).length === 0) return;
		this.#fleet.setAside(lane, new WorkerFailure('troubled', `answers with ${reasons[trouble]}`), nowMs);
	}

	#fail(flight: Flight, failure: WorkerFailure, nowMs: number): void {
		const { lane, chunk } = flight;
		const { length } = chunk.hosts;
		this.#close(flight);
		// Not counting this one.
		if (failure.kind === 'local') lane.foundNoRoomHere(nowMs);
		if (isSuspect(chunk) && isCrash(failure)) this.#suspects.crashed();
		if (failure.kind === 'too-large' && length > 1) lane.foundTooLarge(length);
		else if (this.#heldUp.explains(failure, nowMs)) {
			this.#fleet.rest(lane, new WorkerFailure('local', failure.message), nowMs);
			const event = this.#heldUp.tell();
			if (event !== undefined) this.#steps.push({ type: 'tell', event });
		} else this.#fleet.setAside(lane, failure, nowMs);
	}

	/** Lets a chunk take over from flights that are silent, or late where nothing else is left to do. */
	#hedge(nowMs: number): void {
		const nothingLeft = this.#listEnded && this.#pending.freshHosts === 0;
		for (const flight of this.#flights.values()) {
			const { lane, chunk } = flight;
			if (!flight.isOwner || chunk.dispatches + 1 >= dispatchesMax || isSuspect(chunk)) continue;
			if (!this.#hedging.isDue(flight, nowMs, this.#spanMs(), nothingLeft)) continue;
			// What is only late is not asked for a third time.
			if (isRepeat(chunk) && !lane.isSilent) continue;
			if (this.#budget.freeAtMs(nowMs) > nowMs || this.#fleet.others(lane, chunk.probe).length === 0)
				continue;
			this.#lost.hedge(flight);
		}
	}

	/** Records hosts whose probe no worker offers any more, or none that has been well for too long. */
	#dropOrphans(nowMs: number): void {
		// Then the run ends, and what is left has no answer.
		if (this.#fleet.noneWell) return;
		// Else a list that nobody can probe would be read into the memory as fast as it can be read.
		if (!this.#storeHasRoom) return;
		for (const probe of probeNames) {
			if (this.#fleet.mayOffer(probe, nowMs)) continue;
			for (const dealt of this.#pending.takeAll(probe)) {
				this.#lost.record(dealt, [...dealt.hosts.ipv4.keys()], 'no-worker');
			}
		}
	}

	/** Tries beyond the first were not foreseen when the chunk was paced: later chunks wait for them. */
	#chargeRetries(block: ResultBlock): void {
		const { settings } = this.#options;
		if (this.#pacer.ratePerSecond === 0 || settings.count > 1) return;
		let extra = 0;
		for (let row = 0; row < block.length; row += 1) {
			// No more than was asked for: a worker that lies must not hold up the others.
			extra += Math.max(0, Math.min(block.sent[row]!, settings.attempts) - 1);
		}
		if (extra > 0) this.#pacer.charge(extra);
	}

	/** How long one host can take on a worker by its settings, in ms. */
	#spanMs(): number {
		const { count, attempts, timeoutMs, intervalMs } = this.#options.settings;
		return count > 1 ? (count - 1) * intervalMs + timeoutMs : attempts * timeoutMs;
	}

	#wakeBy(atMs: number): void {
		this.#wakeAtMs = Math.min(this.#wakeAtMs, atMs);
	}
}

/** Whether its hosts may have been probed before. */
function isRepeat(chunk: Chunk): boolean {
	return chunk.dispatches > 0;
}
