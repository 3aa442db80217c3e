/**
 * Watches what the rules do, from outside, and holds it against the invariants; their numbers are those of the
 * README. It is told of every step before the rules go on.
 */
import type { AnsweredRows, Step } from '../../../master/dispatch/rules/rules-io.ts';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import type { RunEvent } from '../../../master/events.ts';
import { statusCode } from '../../../shared/outcome.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import type { Fault } from '../swarm.ts';
import type { Exchange } from '../world/exchange.ts';
import type { Targets } from '../world/simulated-list.ts';
import type { SimulatedMaster } from '../world/simulated-master.ts';
import type { SimulatedWorker } from '../world/simulated-worker.ts';
import type { World } from '../world/world.ts';
import { checkAsk } from './ask-check.ts';
import { checkEnd, checkProgress, liveMsMax } from './end-check.ts';
import { Life } from './life.ts';
import { checkPlaces } from './place-check.ts';
import { checkRows } from './row-check.ts';
import { mustHold } from './violation.ts';

const errorCode = statusCode('error');
/** However many hosts there are: requests are not waited for less. */
const patienceMsMin = 10_000;
/** Held up for this long, a process knows that it was. */
const heldUpMs = 500;
const tickMs = 50;
/** A worker that lives for so long after the last probe of a request does not die of it. */
const survivedMs = 500;
/** And what breaks within 5 s of it is no worker's fault; nor within a little more, where it may not have known. */
const heldUpGraceMs = 6_000;
/** Faults for which no worker may be set aside, nor a request given up. */
const nobodysFaults: ReadonlySet<Fault> = new Set<Fault>([
	'master-crash',
	'master-stopped',
	'interrupt',
	'disk-slow',
	'disk-fails',
	'late-words',
	'blind-spots',
]);

/** What was known of a request before it ended. */
interface Before {
	/** whether its hosts were its own, and nobody else's by then */
	readonly isOwner: boolean;
	/** whether its worker could get work */
	readonly wasUsable: boolean;
}

export interface Counts {
	asks: number;
	hedges: number;
	again: number;
	cancels: number;
	errors: number;
}

export class Checker {
	readonly #world: World;
	/** what each worker said last of itself */
	readonly #said = new Map<string, Capabilities>();
	readonly #isNobodysFault: boolean;
	/** how often what happened, to see that it does */
	readonly counts: Counts = { asks: 0, hedges: 0, again: 0, cancels: 0, errors: 0 };
	#life: Life | undefined;
	#heldMs = 0;
	#holds = 0;
	/** when it was stopped last */
	#heldAtMs = Number.NEGATIVE_INFINITY;
	/** something changed since the places of all hosts were looked at */
	#isDirty = false;
	#pumps = 0;
	#endsByMs = Number.POSITIVE_INFINITY;

	constructor(world: World) {
		this.#world = world;
		this.#isNobodysFault =
			world.swarm.workers.every(({ vice }) => vice === undefined) &&
			[...world.swarm.faults.keys()].every((fault) => nobodysFaults.has(fault));
	}

	/** The time, without that in which the process was stopped and could know it. */
	get #activeMs(): number {
		return this.#world.time.nowMs - this.#heldMs;
	}

	that(holds: boolean, invariant: number, message: string): void {
		mustHold(holds, invariant, message);
	}

	/** A life of the master begins. */
	begun(master: SimulatedMaster): void {
		const { swarm, time, disk } = this.#world;
		this.#life = new Life(master, swarm, time.nowMs, this.#activeMs);
		for (let position = 0; position < swarm.hosts; position += 1) {
			if (disk.statusOf(position) !== undefined) this.#life.rows[position] = 1;
		}
		mustHold(master.ledger.count === disk.count, 15, 'a life goes on with other rows than are on the disk');
	}

	joined({ name }: SimulatedWorker, met: Capabilities | WorkerFailure | undefined): void {
		if (met === undefined || met instanceof WorkerFailure) this.#said.delete(name);
		else this.#said.set(name, met);
		if (this.#life) this.#life.attemptMs = this.#activeMs;
	}

	left({ name }: SimulatedWorker): void {
		const lane = this.#life?.master.rules.lanes.get(name);
		mustHold(lane === undefined || !lane.usable, 9, () => `${name} left, and may get work`);
	}

	/** The process was, or is about to be, stopped for so long. */
	held(ms: number): void {
		// With the time since its last tick, a little less may do as well.
		if (ms >= heldUpMs - tickMs) this.#heldAtMs = this.#activeMs;
		if (ms < heldUpMs) return;
		this.#heldMs += ms;
		this.#holds += 1;
	}

	read(targets: Targets): void {
		const { listed } = this.#life!;
		for (const { positions } of targets) for (const position of positions) listed[position] = 1;
		this.#isDirty = true;
	}

	asked(master: SimulatedMaster, step: Step & { type: 'ask' }): void {
		const life = this.#life!;
		const said = this.#said.get(step.worker);
		const worker = this.#world.workers.get(step.worker)!;
		mustHold(said !== undefined, 9, () => `${step.worker} is asked before it said what it can do`);
		const { isHedge, isAgain } = checkAsk(this.#world, life, step, {
			said: said!,
			workerBit: 1 << worker.index,
			activeMs: this.#activeMs,
		});
		mustHold(!master.isStopping, 14, 'something is asked after the run was stopped');
		mustHold(master.store.hasRoom, 9, 'something is asked while the store has no room');
		life.attemptMs = this.#activeMs;
		this.#isDirty = true;
		this.counts.asks += 1;
		if (isHedge) this.counts.hedges += 1;
		if (isAgain) this.counts.again += 1;
	}

	/** A worker has taken a request, and will probe its hosts. */
	reached({ positions, life: number }: Exchange): void {
		const life = this.#life;
		if (life === undefined || number !== this.#world.lives) return;
		for (const position of positions) {
			life.reached[position]! += 1;
			mustHold(
				life.reached[position]! <= 3,
				8,
				() => `host ${position} was in four requests that reached a worker`,
			);
		}
	}

	/** A worker says so much; it is on its way to the master. */
	answeredByWorker(
		{ positions, worker, life: number }: Exchange,
		block: ResultBlock,
		rows: readonly number[],
	): void {
		const life = this.#life;
		if (life === undefined || number !== this.#world.lives) return;
		for (const row of rows) {
			if (block.status[row] === errorCode) life.troubledAt[positions[row]!]! |= 1 << worker.index;
		}
	}

	/** Rows are kept. @param id of the request that brought them; `undefined` for those of the master itself */
	kept(rows: AnsweredRows, id: number | undefined): void {
		const life = this.#life!;
		this.counts.errors += checkRows(this.#world, life, rows, id, this.#activeMs);
		if (id !== undefined) life.usefulMs = this.#activeMs;
		this.#isDirty = true;
	}

	/** A block was heard, and what counts of it was kept. */
	heard(master: SimulatedMaster, id: number, block: ResultBlock, before: number): void {
		const { settings } = this.#world.swarm;
		if (this.#life!.flights.has(id)) {
			if (settings.count > 1) return;
			let more = 0;
			for (let row = 0; row < block.length; row += 1) more += Math.max(0, block.sent[row]! - 1);
			this.#life!.rate.sentMore(more, this.#world.time.nowMs);
			return;
		}
		mustHold(master.ledger.count === before, 6, () => `late words of request #${id} count`);
	}

	/** What is to be known of a request before the rules hear that it is over. */
	before(id: number): Before {
		const life = this.#life!;
		const isOwner = life.master.rules.ownsHosts(id);
		return { isOwner, wasUsable: life.flights.get(id)?.lane.health.usable ?? false };
	}

	/** A worker says that all hosts of a request have been sent a probe. */
	sent(id: number): void {
		const flight = this.#life!.flights.get(id);
		if (flight !== undefined) flight.sentMs ??= this.#activeMs;
	}

	/** A request is over; the rules know. */
	ended(id: number, failure: WorkerFailure | undefined, { isOwner, wasUsable }: Before): void {
		const life = this.#life!;
		const flight = life.flights.get(id);
		if (flight === undefined) return;
		const { nowMs } = this.#world.time;
		this.#over(id, failure, isOwner);
		if (failure === undefined) life.rests.succeeded(flight.lane, nowMs);
		else if (failure.kind !== 'too-large' || flight.positions.length === 1) {
			// What broke just after the process was held up is nobody's fault.
			const isOurs = failure.kind === 'broken' && this.#activeMs - this.#heldAtMs < heldUpGraceMs;
			const seen = isOurs ? new WorkerFailure('local', failure.message) : failure;
			life.rests.failed(flight.lane, seen, wasUsable ? 'work' : 'rest', nowMs);
		}
	}

	cancelled(id: number, reason: WorkerFailure): void {
		const life = this.#life!;
		const flight = life.flights.get(id);
		mustHold(flight !== undefined, 2, () => `request #${id} is given up, which is over`);
		if (reason.kind === 'silent') {
			this.counts.cancels += 1;
			const waitedMs = this.#activeMs - flight!.askedMs;
			mustHold(waitedMs >= patienceMsMin - 1e-6, 6, () => `request #${id} is given up after ${waitedMs} ms`);
			mustHold(
				!this.#isNobodysFault,
				6,
				() => `request #${id} is given up, and nothing is wrong with anybody`,
			);
		}
		// Its hosts went back before this is told.
		this.#over(id, reason, undefined);
	}

	checks({ name }: SimulatedWorker): void {
		this.#life!.attemptMs = this.#activeMs;
		mustHold(this.#life!.master.rules.lanes.has(name), 9, () => `${name} is checked, which is no worker`);
	}

	/** A check is over. @param tell tells the rules */
	hasChecked(
		master: SimulatedMaster,
		{ name }: SimulatedWorker,
		result: Capabilities | WorkerFailure,
		tell: () => void,
	): void {
		const lane = master.rules.lanes.get(name);
		const wasChecking = lane?.health.checking;
		tell();
		if (lane === undefined || lane.isLeaving || wasChecking !== true) return;
		if (!(result instanceof WorkerFailure)) {
			this.#said.set(name, result);
			this.#life!.rests.checked(lane, this.#world.time.nowMs);
		} else this.#life!.rests.failed(lane, result, 'check', this.#world.time.nowMs);
	}

	told(event: RunEvent): void {
		if (event.type !== 'worker-set-aside') return;
		mustHold(
			!this.#isNobodysFault,
			12,
			() => `${event.worker} is set aside, and nothing is wrong with it: ${event.message}`,
		);
	}

	closes(name: string): void {
		const life = this.#life!;
		const lane = life.master.rules.lanes.get(name);
		mustHold(lane?.isLeaving === true, 9, () => `${name} is closed, and was not removed`);
		for (const flight of life.flights.values()) {
			mustHold(flight.lane !== lane, 9, () => `${name} is closed while request #${flight.id} is under way`);
		}
	}

	/** The rules have nothing more to say for now. */
	pumped(master: SimulatedMaster): void {
		const life = this.#life!;
		const { hosts } = this.#world.swarm;
		this.#pumps += 1;
		// Of a long list, every place is looked at now and then.
		if (this.#isDirty && this.#pumps % Math.ceil(hosts / 50) === 0) {
			checkPlaces(life, hosts);
			this.#isDirty = false;
		}
		if (master.rules.ended) return;
		checkProgress(this.#world, life, this.#activeMs);
	}

	/** A run has ended, for whatever reason. */
	runEnded(): void {
		checkEnd(this.#world, this.#life!, { activeMs: this.#activeMs, holds: this.#holds });
	}

	/** A row is on the disk. */
	committed(position: number, isNew: boolean): void {
		mustHold(isNew, 1, () => `host ${position} has two rows`);
		mustHold(this.#life!.rows[position] === 1, 3, () => `host ${position} has a row that nobody gave`);
	}

	/** There are no faults from now on. */
	healed(): void {
		this.#endsByMs = this.#world.time.nowMs + liveMsMax(this.#world);
	}

	/** Time goes on. */
	passed(): void {
		const { time, disk, swarm } = this.#world;
		mustHold(
			time.nowMs <= this.#endsByMs,
			14,
			() => `${swarm.hosts - disk.count} of ${swarm.hosts} hosts have no row long after all faults ended`,
		);
	}

	#over(id: number, failure: WorkerFailure | undefined, isOwner: boolean | undefined): void {
		const life = this.#life!;
		const { positions, workerBit, sentMs } = life.flights.get(id)!;
		life.flights.delete(id);
		// What fails makes its worker rest anew.
		life.lonelyMs = undefined;
		const isWrong = failure?.kind === 'rejected' || (failure?.kind === 'too-large' && positions.length === 1);
		const isLoss = failure === undefined || failure.probed || isWrong;
		// Who went on for a while after the last probe did not die of one.
		const isSurvived = this.#activeMs - (sentMs ?? this.#activeMs) >= survivedMs;
		const isCrash = (failure?.kind === 'broken' || failure?.kind === 'rejected') && !isSurvived;
		const keepsTrust = failure?.kind === 'too-large' && !isWrong && isOwner === true;
		for (const position of positions) {
			life.flying[position]! -= 1;
			if (isOwner === false) life.hedged[position] = 1;
			if (life.rows[position] === 1) continue;
			if (isLoss) life.lost[position]! += 1;
			if (isLoss && failure !== undefined && isOwner === true)
				life.failedMs[position] = this.#world.time.nowMs;
			// What a hedge has taken over is not known to have killed anybody.
			if (isLoss && isCrash && isOwner === true) life.crashed[position]! += 1;
			if (!keepsTrust) life.failedAt[position]! |= workerBit;
		}
		this.#isDirty = true;
	}
}
