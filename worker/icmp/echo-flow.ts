/**
 * What becomes of an echo: sent, answered, timed out, refused, and what the host's next step is then. The rules
 * of tries (count 1) and of echoes at intervals (count above 1) are all here.
 *
 * One slot of each host leads: the next echo follows from it. When that is due while the leading echo is still in
 * flight, the next one takes a slot of its own and leads from then on. With count above 1 it is due after the
 * interval; with count 1 after `retryMs`, unless an answer has come, so that tries overlap and a dead host costs
 * less time than its tries one after the other, while each of them still has its whole timeout.
 */
import type { ProbeGate } from '../rates/probe-gate.ts';
import { ceilings } from '../rates/probe-gate.ts';
import type { EchoJob } from './echo-job.ts';
import type { JobList } from './job-list.ts';
import type { SlotTable } from './slot-table.ts';
import { addressWords, slotOutcome, slotState } from './slot-table.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** Between an unreachable and the next try: routes that flap come back, and routers limit what they say. */
const unreachablePauseMs = 50;

/** How often an echo is sent again when its answer may have come, and not been heard. */
const resendsMax = 3;

export interface EchoFlowOptions {
	readonly slots: SlotTable;
	readonly wheel: TimerWheel;
	readonly jobs: JobList;
	/** ceilings that echoes may have to wait for */
	readonly gate: ProbeGate | undefined;
	/** takes a slot whose echo is ready to leave */
	readonly enqueue: (slot: number) => void;
}

export class EchoFlow {
	/** the time of this turn, for all that needs no better */
	turnAtMs = 0;
	/** when the kernel was last seen to drop packets of ours, or a flood of strangers' kept us from reading them */
	unheardAtMs = Number.NEGATIVE_INFINITY;
	readonly #slots: SlotTable;
	readonly #wheel: TimerWheel;
	readonly #jobs: JobList;
	readonly #gate: ProbeGate | undefined;
	readonly #enqueueToSend: (slot: number) => void;

	constructor({ slots, wheel, jobs, gate, enqueue }: EchoFlowOptions) {
		this.#slots = slots;
		this.#wheel = wheel;
		this.#jobs = jobs;
		this.#gate = gate;
		this.#enqueueToSend = enqueue;
	}

	/** What a timer of a slot means. */
	readonly fire = (slot: number): void => {
		const slots = this.#slots;
		const job = this.jobOf(slot);
		if (slots.state[slot] === slotState.waiting) {
			if (this.superseded(slot)) return;
			if (job.hasRoom(slots.host[slot]!, slots.echo[slot]!)) this.enqueue(slot);
			else this.#wheel.set(slot, this.turnAtMs + 1);
			return;
		}
		if (slots.state[slot] === slotState.held) {
			this.releaseHeld(slot);
			slots.turns[slot]! |= slots.heldBy[slot]!;
			if (!this.superseded(slot)) this.enqueue(slot);
			return;
		}
		const timeoutAtMs = slots.leftByMs[slot]! + job.timeoutMs;
		if (this.turnAtMs < timeoutAtMs) this.#branch(slot, job, timeoutAtMs);
		else if (slots.sentAtMs[slot]! > this.unheardAtMs) this.#lost(slot, job, this.turnAtMs, true);
		else if (slots.resends[slot]! < resendsMax) {
			// The answer may have been among what was not heard: this time-out says nothing about the host.
			slots.resends[slot]! += 1;
			job.sent[slots.host[slot]!]! -= 1;
			this.enqueue(slot);
		} else this.#lost(slot, job, this.turnAtMs, false);
	};

	/** The next echo of a host is due while this one is still in flight: it goes on in a slot of its own. */
	#branch(slot: number, job: EchoJob, timeoutAtMs: number): void {
		const slots = this.#slots;
		const host = slots.host[slot]!;
		const echo = slots.echo[slot]! + 1;
		if (!this.#hasNext(slot, job) || (job.count === 1 && job.isSettled(host))) {
			this.#wheel.set(slot, timeoutAtMs);
			return;
		}
		if (slots.free === 0 || !job.hasRoom(host, echo)) {
			this.#wheel.set(slot, Math.min(this.turnAtMs + 1, timeoutAtMs));
			return;
		}
		const next = slots.take();
		slots.family[next] = slots.family[slot]!;
		const from = slot * addressWords;
		slots.address.copyWithin(next * addressWords, from, from + addressWords);
		slots.prefix[next] = slots.prefix[slot]!;
		slots.caller[next] = slots.caller[slot]!;
		slots.job[next] = slots.job[slot]!;
		slots.host[next] = host;
		slots.echo[next] = echo;
		slots.leads[next] = 1;
		job.slotTaken(host);
		slots.leads[slot] = 0;
		this.#wheel.set(slot, timeoutAtMs);
		this.enqueue(next);
	}

	/** Whether the echo of a slot that is not in flight is needed no more, because another try was answered: the
	 * slot is then free. */
	superseded(slot: number): boolean {
		const job = this.jobOf(slot);
		if (job.count > 1 || !job.isSettled(this.#slots.host[slot]!)) return false;
		job.slotReleased(this.#slots.host[slot]!);
		this.#slots.release(slot);
		return true;
	}

	enqueue(slot: number): void {
		this.#slots.state[slot] = slotState.ready;
		this.#enqueueToSend(slot);
	}

	wait(slot: number, untilMs: number): void {
		this.#slots.state[slot] = slotState.waiting;
		this.#wheel.set(slot, untilMs);
	}

	/** An echo that is due has no leave until then. A host whose prefix holds it keeps nobody waiting who asks whether
	 * this worker has more than it can send: it counts as sent on. */
	hold(slot: number, heldBy: number, untilMs: number): void {
		const slots = this.#slots;
		slots.state[slot] = slotState.held;
		slots.heldBy[slot] = heldBy;
		this.#wheel.set(slot, untilMs);
		if (heldBy !== ceilings.prefix) return;
		const job = this.jobOf(slot);
		job.begun(slots.host[slot]!, this.turnAtMs - job.startedAtMs);
	}

	/** An echo that is held waits for its ceiling no more. */
	releaseHeld(slot: number): void {
		const { heldBy, prefix, caller } = this.#slots;
		this.#gate!.release(heldBy[slot]!, prefix[slot]!, caller[slot]!);
	}

	left(slot: number, sentAtMs: number, leftByMs: number): void {
		const slots = this.#slots;
		const job = this.jobOf(slot);
		const host = slots.host[slot]!;
		slots.state[slot] = slotState.inFlight;
		slots.outcome[slot] = slotOutcome.none;
		slots.sentAtMs[slot] = sentAtMs;
		slots.leftByMs[slot] = leftByMs;
		job.begun(host, sentAtMs - job.startedAtMs);
		job.sent[host]! += 1;
		const followMs = job.count > 1 ? job.intervalMs : job.retryMs;
		const timeoutAtMs = leftByMs + job.timeoutMs;
		this.#wheel.set(
			slot,
			this.#hasNext(slot, job) ? Math.min(sentAtMs + followMs, timeoutAtMs) : timeoutAtMs,
		);
	}

	answered(slot: number, rttMs: number): void {
		const slots = this.#slots;
		const job = this.jobOf(slot);
		this.#wheel.clear(slot);
		slots.outcome[slot] = slotOutcome.answered;
		job.echoAnswered(slots.host[slot]!, slots.echo[slot]!, rttMs, this.turnAtMs);
		this.#next(slot, job);
	}

	unreachable(slot: number, reason: number): void {
		const job = this.jobOf(slot);
		job.noteReason(this.#slots.host[slot]!, reason);
		this.#wheel.clear(slot);
		this.#lost(slot, job, this.turnAtMs + unreachablePauseMs, true);
	}

	/** An echo is over without an answer; the next try may leave at `retryAtMs`.
	 *
	 * @param isProof whether an answer would have been heard, or somebody said that none will come */
	#lost(slot: number, job: EchoJob, retryAtMs: number, isProof: boolean): void {
		const slots = this.#slots;
		job.noteLoss(slots.host[slot]!, isProof);
		slots.outcome[slot] = slotOutcome.lost;
		if (job.count === 1 && this.#hasNext(slot, job) && !job.isSettled(slots.host[slot]!)) {
			slots.echo[slot]! += 1;
			slots.resends[slot] = 0;
			if (retryAtMs <= this.turnAtMs) this.enqueue(slot);
			else this.wait(slot, retryAtMs);
			return;
		}
		job.echoLost(slots.host[slot]!, slots.echo[slot]!, this.turnAtMs);
		this.#next(slot, job);
	}

	/** An echo could not leave, and will not. */
	failed(slot: number, reason: number): void {
		const slots = this.#slots;
		const job = this.jobOf(slot);
		job.noteSendError(slots.host[slot]!, reason);
		job.begun(slots.host[slot]!, this.turnAtMs - job.startedAtMs);
		slots.sentAtMs[slot] = this.turnAtMs;
		job.echoLost(slots.host[slot]!, slots.echo[slot]!, this.turnAtMs);
		this.#next(slot, job);
	}

	/** The slot of an echo that is over goes on to the host's next echo, or is free. */
	#next(slot: number, job: EchoJob): void {
		const slots = this.#slots;
		if (job.count > 1 && this.#hasNext(slot, job)) {
			slots.echo[slot]! += 1;
			slots.resends[slot] = 0;
			slots.refusals[slot] = 0;
			this.wait(slot, slots.sentAtMs[slot]! + job.intervalMs);
			return;
		}
		job.slotReleased(slots.host[slot]!);
		slots.release(slot);
	}

	/** Whether the host's next echo follows from this slot. */
	#hasNext(slot: number, job: EchoJob): boolean {
		const echoes = job.count > 1 ? job.count : job.attempts;
		return this.#slots.leads[slot] === 1 && this.#slots.echo[slot]! + 1 < echoes;
	}

	jobOf(slot: number): EchoJob {
		return this.#jobs.byNumber[this.#slots.job[slot]!]!;
	}
}
