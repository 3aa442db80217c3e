/**
 * The engine itself, inside its thread. One call of `turn` does a little of everything:
 *
 *   1. drain the answers, and the error queue when a socket says that it holds something;
 *   2. fire the timers that were due before that drain, so that a stall of this thread, however long, never
 *      makes a timeout out of an answer that had come in time;
 *   3. take up hosts of the jobs in turn, and send one batch per family, as far as the pacer lets;
 *   4. post the results that are many or old enough.
 *
 * What becomes of an echo is decided in echo-flow.ts, what of a host in its job (echo-job.ts); what is under way
 * stands in the slot table (slot-table.ts).
 */
import { hostsInFlightMax } from '../../shared/limits.ts';
import { reasonCode } from '../../shared/outcome.ts';
import type { Pacer } from '../../shared/pacer.ts';
import { noCell } from '../rates/prefix-cells.ts';
import type { ProbeGate } from '../rates/probe-gate.ts';
import { CookieJar } from './cookie.ts';
import { counterAt } from './echo-counters.ts';
import { EchoFlow } from './echo-flow.ts';
import { EchoJob } from './echo-job.ts';
import { EchoSender } from './echo-sender.node.ts';
import { ErrorReader } from './error-reader.node.ts';
import type { IcmpSocket } from './icmp-socket.node.ts';
import { JobList } from './job-list.ts';
import type { ReceiveTime } from './kernel-time.node.ts';
import { ReplyReader } from './reply-reader.node.ts';
import { addressWords, SlotTable, slotOutcome, slotState } from './slot-table.ts';
import type { FromThread, JobMessage } from './thread-messages.ts';
import { TimerWheel } from './timer-wheel.ts';

/** A host has one slot, or more when echoes follow each other faster than they are answered. */
const slotCapacity = 2 * hostsInFlightMax;
/** Slots that hosts which are under way may need, and new ones may not take. */
const slotReserve = slotCapacity >> 3;

/** Hosts taken from one job before the next one's turn, and echoes that may stand ready. */
const hostsPerTurn = 64;
const readyMax = 256;

/** A flood that keeps us from ever draining the sockets may hold up the timers no longer than this. */
const undrainedMsMax = 2_000;

const noRoute = reasonCode('no-route');

export interface EchoCoreOptions {
	readonly sockets: readonly IcmpSocket[];
	readonly pacer: Pacer;
	/** ceilings beside the pacer's. Default: none */
	readonly gate?: ProbeGate | undefined;
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
	readonly #flow: EchoFlow;
	#drainedAtMs = 0;
	/** the kernel's drop counter of each socket, as last seen */
	readonly #drops: number[];

	constructor({ sockets, pacer, gate, receiveTime, counters, key, nowMs, post }: EchoCoreOptions) {
		this.#sockets = sockets;
		this.#counters = counters;
		this.#nowMs = nowMs;
		this.#post = post;
		this.#drops = sockets.map((socket) => socket.drops());
		const slots = this.#slots;
		const flow = new EchoFlow({
			slots,
			wheel: this.#wheel,
			jobs: this.#jobs,
			gate,
			enqueue: (slot) => this.#sender.enqueue(slot),
		});
		this.#flow = flow;
		const cookies = new CookieJar(slots, key);
		this.#replies = new ReplyReader({
			slots,
			cookies,
			counters,
			receiveTime,
			timeoutMs: (slot) => flow.jobOf(slot).timeoutMs,
			answered: (slot, rttMs) => flow.answered(slot, rttMs),
		});
		this.#errors = new ErrorReader({
			slots,
			cookies,
			counters,
			unreachable: (slot, reason) => flow.unreachable(slot, reason),
			hinted: (slot, reason) => flow.jobOf(slot).noteReason(slots.host[slot]!, reason),
		});
		this.#sender = new EchoSender({
			sockets,
			slots,
			cookies,
			counters,
			pacer,
			gate,
			nowMs,
			held: (slot, heldBy, untilMs) => flow.hold(slot, heldBy, untilMs),
			superseded: (slot) => flow.superseded(slot),
			left: (slot, sentAtMs, leftByMs) => flow.left(slot, sentAtMs, leftByMs),
			failed: (slot, reason) => flow.failed(slot, reason),
			refused: (slot, retryAtMs) => flow.wait(slot, retryAtMs),
			timeoutMs: (slot) => flow.jobOf(slot).timeoutMs,
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
		const job = number === undefined ? undefined : this.#jobs.byNumber[number];
		if (number !== undefined && job !== undefined) {
			const slots = this.#slots;
			for (let slot = 0; slot < slots.capacity; slot += 1) {
				if (slots.job[slot] !== number) continue;
				const state = slots.state[slot];
				if (state === slotState.ready) slots.state[slot] = slotState.cancelled;
				else if (state !== slotState.free && state !== slotState.cancelled) {
					if (state === slotState.held) this.#flow.releaseHeld(slot);
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
		this.#flow.turnAtMs = startedAtMs;
		const packetsBefore = this.#replies.packets;
		let drained = true;
		for (const socket of this.#sockets) drained = this.#drain(socket) && drained;
		if (drained || startedAtMs - this.#drainedAtMs > undrainedMsMax) {
			this.#drainedAtMs = startedAtMs;
			// What is still to be read may hold any answer: for those that wait for one, it is as good as dropped.
			if (!drained) this.#flow.unheardAtMs = startedAtMs;
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
			if (job !== undefined) ms = Math.min(ms, job.blockDueAtMs - nowMs);
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
				this.#flow.unheardAtMs = this.#nowMs();
				this.#sender.slowDown(this.#flow.unheardAtMs);
			}
		}
		this.#wheel.advance(dueAtMs, this.#flow.fire);
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
					job.hostFailed(host, noRoute, this.#flow.turnAtMs);
					continue;
				}
				const slot = slots.take();
				slots.family[slot] = family;
				const from = host * job.stride;
				for (let word = 0; word < job.stride; word += 1) {
					slots.address[slot * addressWords + word] = job.addresses[from + word]!;
				}
				slots.prefix[slot] = job.prefixes === undefined ? noCell : job.prefixes[host]!;
				slots.caller[slot] = job.caller;
				slots.job[slot] = number;
				slots.host[slot] = host;
				slots.echo[slot] = 0;
				slots.leads[slot] = 1;
				job.slotTaken(host);
				this.#flow.enqueue(slot);
			}
			job.cursor = end;
		}
	}

	#postResults(): void {
		const { byNumber } = this.#jobs;
		for (let number = 0; number < byNumber.length; number += 1) {
			const job = byNumber[number];
			if (job === undefined) continue;
			for (;;) {
				const block = job.takeBlock(this.#flow.turnAtMs);
				if (block === undefined) break;
				this.#post(block, [block.columns]);
			}
			if (job.unsent === 0 && !job.saidLeft) {
				job.saidLeft = true;
				this.#post({ type: 'left', id: job.id, waitMs: job.waitMs });
			}
			if (job.done && !job.saidDone) {
				job.saidDone = true;
				this.#post({ type: 'done', id: job.id });
			}
			// A host that answered its second try may have its first one still in flight.
			if (job.done && job.slots === 0) this.#jobs.remove(number);
		}
	}
}
