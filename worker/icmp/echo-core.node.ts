/**
 * The engine itself, inside its thread. One call of `turn` does a little of everything:
 *
 *   1. drain the answers, and the error queue when a socket says that it holds something;
 *   2. fire the timers that were due before that drain, so that a stall of this thread, however long, never
 *      makes a timeout out of an answer that had come in time;
 *   3. take up hosts of the jobs in turn, and send one batch per family, as far as the pacer lets;
 *   4. post the results that are many or old enough.
 *
 * A host is settled by its job (echo-job.ts); what is under way stands in the slot table (slot-table.ts).
 */
import { hostsInFlightMax } from '../../shared/limits.ts';
import { reasonCode } from '../../shared/outcome.ts';
import type { Pacer } from '../pacer.ts';
import { CookieJar } from './cookie.ts';
import { counterAt } from './echo-counters.ts';
import { EchoJob } from './echo-job.ts';
import { EchoSender } from './echo-sender.node.ts';
import { ErrorReader } from './error-reader.node.ts';
import type { IcmpSocket } from './icmp-socket.node.ts';
import { JobList } from './job-list.ts';
import type { ReceiveTime } from './kernel-time.node.ts';
import { ReplyReader } from './reply-reader.node.ts';
import { addressWords, SlotTable, slotOutcome, slotState } from './slot-table.ts';
import type { BlockMessage, FromThread, JobMessage } from './thread-messages.ts';
import { TimerWheel } from './timer-wheel.ts';

/** A host has one slot, or more when echoes follow each other faster than they are answered. */
const slotCapacity = 2 * hostsInFlightMax;
/** Slots that hosts which are under way may need, and new ones may not take. */
const slotReserve = slotCapacity >> 3;

/** Hosts taken from one job before the next one's turn, and echoes that may stand ready. */
const hostsPerTurn = 64;
const readyMax = 256;

/** How long results may wait to be posted together. */
const blockAgeMsMax = 12;

/** Between an unreachable and the next try: routes that flap come back, and routers limit what they say. */
const unreachablePauseMs = 50;

/** How often an echo is sent again when the kernel had dropped answers while it was in flight. */
const resendsMax = 3;

/** A flood that keeps us from ever draining the sockets may hold up the timers no longer than this. */
const undrainedMsMax = 2_000;

const noRoute = reasonCode('no-route');

export interface EchoCoreOptions {
	readonly sockets: readonly IcmpSocket[];
	readonly pacer: Pacer;
	readonly receiveTime: ReceiveTime;
	readonly counters: Float64Array;
	readonly key: readonly [number, number];
	readonly nowMs: () => number;
	readonly post: (message: FromThread, transfer?: ArrayBuffer[]) => void;
}

export class EchoCore {
	readonly #sockets: readonly IcmpSocket[];
	readonly #counters: Float64Array;
	readonly #nowMs: () => number;
	readonly #post: EchoCoreOptions['post'];
	readonly #slots = new SlotTable(slotCapacity);
	readonly #wheel = new TimerWheel(slotCapacity);
	readonly #jobs = new JobList();
	readonly #replies: ReplyReader;
	readonly #errors: ErrorReader;
	readonly #sender: EchoSender;
	/** the time of this turn, for all that needs no better */
	#turnAtMs = 0;
	#drainedAtMs = 0;
	/** for each socket: the kernel's drop counter, and when it was last seen to grow */
	readonly #drops: number[];
	#droppedAtMs = Number.NEGATIVE_INFINITY;

	constructor({ sockets, pacer, receiveTime, counters, key, nowMs, post }: EchoCoreOptions) {
		this.#sockets = sockets;
		this.#counters = counters;
		this.#nowMs = nowMs;
		this.#post = post;
		this.#drops = sockets.map((socket) => socket.drops());
		const slots = this.#slots;
		const cookies = new CookieJar(slots, key);
		this.#replies = new ReplyReader({
			slots,
			cookies,
			counters,
			receiveTime,
			timeoutMs: (slot) => this.#jobOf(slot).timeoutMs,
			answered: (slot, rttMs) => this.#answered(slot, rttMs),
		});
		this.#errors = new ErrorReader({
			slots,
			cookies,
			counters,
			unreachable: (slot, reason) => this.#unreachable(slot, reason),
			hinted: (slot, reason) => this.#jobOf(slot).noteReason(slots.host[slot]!, reason),
		});
		this.#sender = new EchoSender({
			sockets,
			slots,
			cookies,
			counters,
			pacer,
			nowMs,
			left: (slot, sentAtMs) => this.#left(slot, sentAtMs),
			failed: (slot, reason) => this.#failed(slot, reason),
			refused: (slot, retryAtMs) => this.#wait(slot, retryAtMs),
			timeoutMs: (slot) => this.#jobOf(slot).timeoutMs,
			drainErrors: (socket) => this.#errors.drain(socket),
		});
	}

	/** Whether any job is under way. */
	get busy(): boolean {
		return this.#jobs.size > 0;
	}

	/** Echoes in flight and hosts waiting for their next. */
	get timers(): number {
		return this.#wheel.size;
	}

	/** Packets that have been sent and received. */
	get packets(): number {
		return this.#replies.packets + this.#counters[counterAt.sent]!;
	}

	start(message: JobMessage): void {
		const nowMs = this.#nowMs();
		if (!this.busy) this.#wake(nowMs);
		this.#jobs.add(new EchoJob(message, nowMs));
	}

	/** Nothing of this job leaves after this call. Unknown ids are jobs that have just ended. */
	abort(id: number): void {
		const number = this.#jobs.numberOf(id);
		if (number !== undefined) {
			const slots = this.#slots;
			for (let slot = 0; slot < slots.capacity; slot += 1) {
				if (slots.job[slot] !== number) continue;
				const state = slots.state[slot];
				if (state === slotState.ready) slots.state[slot] = slotState.cancelled;
				else if (state === slotState.inFlight || state === slotState.waiting) {
					this.#wheel.clear(slot);
					slots.outcome[slot] = slotOutcome.lost;
					slots.release(slot);
				}
			}
			this.#jobs.remove(number);
		}
		this.#post({ type: 'aborted', id });
	}

	/** Does what can be done now. @returns whether there is likely more to do at once */
	turn(): boolean {
		const startedAtMs = this.#nowMs();
		this.#turnAtMs = startedAtMs;
		const packetsBefore = this.#replies.packets;
		let drained = true;
		for (const socket of this.#sockets) drained = this.#drain(socket) && drained;
		if (drained || startedAtMs - this.#drainedAtMs > undrainedMsMax) {
			this.#drainedAtMs = startedAtMs;
			if (this.#wheel.isDue(startedAtMs)) this.#fireTimers(startedAtMs);
		}
		this.#takeUp();
		const sent = this.#sender.send(startedAtMs);
		this.#postResults();
		return sent > 0 || !drained || this.#replies.packets - packetsBefore >= hostsPerTurn;
	}

	/** How long nothing needs to be done unless a packet comes, in ms. */
	idleMs(msMax: number): number {
		const nowMs = this.#nowMs();
		let ms = this.#wheel.delayMs(nowMs, msMax);
		if (this.#sender.ready > 0) ms = Math.min(ms, this.#sender.delayMs(nowMs));
		for (const job of this.#jobs.byNumber) {
			if (job !== undefined) ms = Math.min(ms, job.blockDueAtMs(blockAgeMsMax) - nowMs);
		}
		return Math.max(0, ms);
	}

	/** After a quiet time: what strangers left in the sockets is thrown away, and its drops are not ours. */
	#wake(nowMs: number): void {
		this.#wheel.restart(nowMs);
		this.#drainedAtMs = nowMs;
		for (const [i, socket] of this.#sockets.entries()) {
			this.#drain(socket);
			this.#drops[i] = socket.drops();
		}
	}

	#drain(socket: IcmpSocket): boolean {
		for (let tries = 0; tries < 4; tries += 1) {
			const result = this.#replies.drain(socket);
			if (typeof result === 'boolean') {
				if (this.#sender.takeErrorHint(socket)) this.#errors.drain(socket);
				return result;
			}
			// The error was some destination's; the queue says whose. Reading has taken it off the socket.
			this.#errors.drain(socket);
		}
		return false;
	}

	#fireTimers(dueAtMs: number): void {
		for (const [i, socket] of this.#sockets.entries()) {
			this.#errors.drain(socket);
			const drops = socket.drops();
			const dropped = (drops - this.#drops[i]!) >>> 0;
			if (dropped > 0) {
				this.#drops[i] = drops;
				this.#counters[counterAt.dropped]! += dropped;
				this.#droppedAtMs = this.#nowMs();
				this.#sender.slowDown(this.#droppedAtMs);
			}
		}
		this.#wheel.advance(dueAtMs, this.#fire);
	}

	readonly #fire = (slot: number): void => {
		const slots = this.#slots;
		const job = this.#jobOf(slot);
		if (slots.state[slot] === slotState.waiting) {
			if (job.hasRoom(slots.host[slot]!, slots.echo[slot]!)) this.#enqueue(slot);
			else this.#wheel.set(slot, this.#turnAtMs + 1);
			return;
		}
		const timeoutAtMs = slots.sentAtMs[slot]! + job.timeoutMs;
		if (this.#turnAtMs < timeoutAtMs) this.#branch(slot, job, timeoutAtMs);
		else if (slots.sentAtMs[slot]! <= this.#droppedAtMs && slots.resends[slot]! < resendsMax) {
			// The answer may have been among the dropped: this time-out says nothing about the host.
			slots.resends[slot]! += 1;
			job.sent[slots.host[slot]!]! -= 1;
			this.#enqueue(slot);
		} else this.#lost(slot, job, this.#turnAtMs);
	};

	/** The next echo of a host is due while this one is still in flight: it goes on in a slot of its own. */
	#branch(slot: number, job: EchoJob, timeoutAtMs: number): void {
		const slots = this.#slots;
		const host = slots.host[slot]!;
		const echo = slots.echo[slot]! + 1;
		if (slots.free === 0 || !job.hasRoom(host, echo)) {
			this.#wheel.set(slot, Math.min(this.#turnAtMs + 1, timeoutAtMs));
			return;
		}
		const next = slots.take();
		slots.family[next] = slots.family[slot]!;
		const from = slot * addressWords;
		slots.address.copyWithin(next * addressWords, from, from + addressWords);
		slots.job[next] = slots.job[slot]!;
		slots.host[next] = host;
		slots.echo[next] = echo;
		slots.leads[next] = 1;
		slots.leads[slot] = 0;
		this.#wheel.set(slot, timeoutAtMs);
		this.#enqueue(next);
	}

	#takeUp(): void {
		const slots = this.#slots;
		while (this.#sender.ready < readyMax && slots.free > slotReserve) {
			const number = this.#jobs.nextStarting();
			if (number < 0) return;
			const job = this.#jobs.byNumber[number]!;
			const end = Math.min(job.cursor + hostsPerTurn, job.hosts);
			for (let host = job.cursor; host < end; host += 1) {
				const family = job.families[host]!;
				if (!this.#sender.supports(family)) {
					job.hostFailed(host, noRoute, this.#turnAtMs);
					continue;
				}
				const slot = slots.take();
				slots.family[slot] = family;
				const from = host * job.stride;
				for (let word = 0; word < job.stride; word += 1) {
					slots.address[slot * addressWords + word] = job.addresses[from + word]!;
				}
				slots.job[slot] = number;
				slots.host[slot] = host;
				slots.echo[slot] = 0;
				slots.leads[slot] = job.count > 1 ? 1 : 0;
				this.#enqueue(slot);
			}
			job.cursor = end;
		}
	}

	#enqueue(slot: number): void {
		this.#slots.state[slot] = slotState.ready;
		this.#sender.enqueue(slot);
	}

	#wait(slot: number, untilMs: number): void {
		this.#slots.state[slot] = slotState.waiting;
		this.#wheel.set(slot, untilMs);
	}

	#left(slot: number, sentAtMs: number): void {
		const slots = this.#slots;
		const job = this.#jobOf(slot);
		const host = slots.host[slot]!;
		slots.state[slot] = slotState.inFlight;
		slots.outcome[slot] = slotOutcome.none;
		slots.sentAtMs[slot] = sentAtMs;
		if (job.sent[host] === 0) {
			const waitMs = sentAtMs - job.startedAtMs;
			if (waitMs > job.waitMs) job.waitMs = waitMs;
		}
		job.sent[host]! += 1;
		const branches = slots.leads[slot] === 1 && slots.echo[slot]! + 1 < job.count;
		const nextMs = branches ? Math.min(job.intervalMs, job.timeoutMs) : job.timeoutMs;
		this.#wheel.set(slot, sentAtMs + nextMs);
	}

	#answered(slot: number, rttMs: number): void {
		const slots = this.#slots;
		const job = this.#jobOf(slot);
		this.#wheel.clear(slot);
		slots.outcome[slot] = slotOutcome.answered;
		job.echoAnswered(slots.host[slot]!, slots.echo[slot]!, rttMs, this.#turnAtMs);
		this.#next(slot, job);
	}

	#unreachable(slot: number, reason: number): void {
		const job = this.#jobOf(slot);
		job.noteReason(this.#slots.host[slot]!, reason);
		this.#wheel.clear(slot);
		this.#lost(slot, job, this.#turnAtMs + unreachablePauseMs);
	}

	/** An echo is over without an answer; the next try may leave at `retryAtMs`. */
	#lost(slot: number, job: EchoJob, retryAtMs: number): void {
		const slots = this.#slots;
		slots.outcome[slot] = slotOutcome.lost;
		if (job.count === 1 && slots.echo[slot]! + 1 < job.attempts) {
			slots.echo[slot]! += 1;
			slots.resends[slot] = 0;
			if (retryAtMs <= this.#turnAtMs) this.#enqueue(slot);
			else this.#wait(slot, retryAtMs);
			return;
		}
		job.echoLost(slots.host[slot]!, slots.echo[slot]!, this.#turnAtMs);
		this.#next(slot, job);
	}

	/** An echo could not leave, and will not. */
	#failed(slot: number, reason: number): void {
		const slots = this.#slots;
		const job = this.#jobOf(slot);
		job.noteSendError(slots.host[slot]!, reason);
		slots.sentAtMs[slot] = this.#turnAtMs;
		job.echoLost(slots.host[slot]!, slots.echo[slot]!, this.#turnAtMs);
		this.#next(slot, job);
	}

	/** The slot of an echo that is over goes on to the host's next echo, or is free. */
	#next(slot: number, job: EchoJob): void {
		const slots = this.#slots;
		if (slots.leads[slot] === 1 && slots.echo[slot]! + 1 < job.count) {
			slots.echo[slot]! += 1;
			slots.resends[slot] = 0;
			slots.refusals[slot] = 0;
			this.#wait(slot, slots.sentAtMs[slot]! + job.intervalMs);
		} else slots.release(slot);
	}

	#jobOf(slot: number): EchoJob {
		return this.#jobs.byNumber[this.#slots.job[slot]!]!;
	}

	#postResults(): void {
		const { byNumber } = this.#jobs;
		for (let number = 0; number < byNumber.length; number += 1) {
			const job = byNumber[number];
			if (job === undefined) continue;
			for (;;) {
				const block = job.takeBlock(this.#turnAtMs, blockAgeMsMax);
				if (block === undefined) break;
				this.#post(block, buffersOf(block));
			}
			if (job.done) {
				this.#post({ type: 'done', id: job.id, waitMs: job.waitMs });
				this.#jobs.remove(number);
			}
		}
	}
}

function buffersOf({ index, status, reason, sent, received, rttMs, rtt }: BlockMessage): ArrayBuffer[] {
	const columns = [index, status, reason, sent, received, rttMs];
	const more = rtt === undefined ? [] : [rtt.min, rtt.max, rtt.jitter];
	return [...columns, ...more].map((column) => column.buffer);
}
