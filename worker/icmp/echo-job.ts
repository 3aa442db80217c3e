/**
 * What the thread knows of one job: columns, not objects per host. With count 1 a host is settled by its first
 * answer, or when its last try and all before it are lost; tries overlap, so that a dead host costs less time
 * than its tries one after the other, and every try still has its whole timeout. Above 1 its echoes are folded
 * into the statistics in the order of sending (echo-statistics.ts).
 */
import { resultBlockHostsMax, resultBlockMsMax } from '../../shared/limits.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import type { EchoColumns } from './echo-results.ts';
import { asMessage, newColumns } from './echo-results.ts';
import { EchoStatistics, lostEcho } from './echo-statistics.ts';
import type { BlockMessage, JobMessage } from './thread-messages.ts';

const up = statusCode('up');
const down = statusCode('down');
const denied = statusCode('denied');
const error = statusCode('error');
const timeout = reasonCode('timeout');
const broadcast = reasonCode('broadcast');
const noBuffers = reasonCode('no-buffers');

/** What the lost echoes of a host say of it. */
const loss = {
	/** the kernel had dropped answers, this host's perhaps among them */
	unheard: 1,
	/** an answer would have been heard */
	proof: 2,
} as const;

/** Results wait so long for more of them to be posted together, counted from the latest. */
const blockQuietMs = 12;

export class EchoJob {
	readonly id: number;
	readonly hosts: number;
	readonly families: Uint8Array;
	readonly addresses: Int32Array;
	readonly stride: number;
	/** cells of ceilings, as in the job's message */
	readonly prefixes: Int32Array | undefined;
	readonly caller: number;
	readonly count: number;
	readonly attempts: number;
	readonly timeoutMs: number;
	readonly intervalMs: number;
	readonly startedAtMs: number;
	/** the first host that has not been taken up */
	cursor = 0;
	/** hosts that are reported */
	settled = 0;
	/** with count 1: how long after a try the next one leaves, when no answer has come. A quarter of the timeout:
	 * time enough for most answers, and for what lost the first one (a burst, a sleeping radio) to pass */
	readonly retryMs: number;
	/** the longest that a host waited for its first echo to leave, or to be held for its prefix alone */
	waitMs = 0;
	/** hosts whose first echo has not left yet, and may, those apart that are held for their prefix */
	unsent: number;
	/** whether it has been said that none is left unsent, and that all are reported */
	saidLeft = false;
	saidDone = false;
	/** slots that echoes of this job have */
	slots = 0;
	/** results that are being gathered: how many, since when, and when the latest came */
	#columns: EchoColumns | undefined;
	#gathered = 0;
	#gatheredSinceMs = 0;
	#gatheredAtMs = 0;
	/** blocks that are ready to be posted */
	#full: BlockMessage[] = [];
	/** echoes of each host that left */
	readonly sent: Uint16Array;
	/** why a host did not answer, by the last one who said; kept for the end */
	readonly #reason: Uint8Array;
	/** with count 1: slots that each host has, and whether it is reported */
	readonly #open: Uint8Array;
	readonly #reported: Uint8Array;
	/** whether each host's first echo has left, is held for its prefix, or will not leave */
	readonly #begun: Uint8Array;
	/** why its last echo could not leave, by the same token */
	readonly #sendError: Uint8Array;
	/** bits of `loss` */
	readonly #losses: Uint8Array;
	readonly #statistics: EchoStatistics | undefined;

	constructor(message: JobMessage, nowMs: number) {
		this.id = message.id;
		this.hosts = message.hosts;
		this.families = message.families;
		this.addresses = message.addresses;
		this.stride = message.stride;
		this.prefixes = message.prefixes;
		this.caller = message.caller;
		this.count = message.count;
		this.attempts = message.attempts;
		this.timeoutMs = message.timeoutMs;
		this.intervalMs = message.intervalMs;
		this.startedAtMs = nowMs;
		this.retryMs = message.timeoutMs / 4;
		this.unsent = message.hosts;
		this.sent = new Uint16Array(message.hosts);
		this.#open = new Uint8Array(message.hosts);
		this.#reported = new Uint8Array(message.hosts);
		this.#begun = new Uint8Array(message.hosts);
		this.#reason = new Uint8Array(message.hosts);
		this.#sendError = new Uint8Array(message.hosts);
		this.#losses = new Uint8Array(message.hosts);
		if (message.count > 1) this.#statistics = new EchoStatistics(message);
	}

	get done(): boolean {
		return this.settled === this.hosts;
	}

	/** Whether a host has been reported: with count 1, nothing more is sent to it. */
	isSettled(host: number): boolean {
		return this.#reported[host] === 1;
	}

	/** An echo of a host gets a slot. */
	slotTaken(host: number): void {
		this.slots += 1;
		this.#open[host]! += 1;
	}

	slotReleased(host: number): void {
		this.slots -= 1;
		this.#open[host]! -= 1;
	}

	/** A host's first echo has left after so long, is held for its prefix, or will not leave. Later ones change
	 * nothing. */
	begun(host: number, waitMs: number): void {
		if (this.#begun[host] === 1) return;
		this.#begun[host] = 1;
		this.unsent -= 1;
		if (waitMs > this.waitMs) this.waitMs = waitMs;
	}

	/** Whether a host's echo fits its window of round-trip times. */
	hasRoom(host: number, echo: number): boolean {
		return this.#statistics === undefined || this.#statistics.hasRoom(host, echo);
	}

	/** Notes what a router said of a host, or why its echo could not leave. */
	noteReason(host: number, reason: number): void {
		this.#reason[host] = reason;
	}

	noteSendError(host: number, reason: number): void {
		this.#sendError[host] = reason;
	}

	/** Notes whether a lost echo of a host proves anything. */
	noteLoss(host: number, isProof: boolean): void {
		this.#losses[host]! |= isProof ? loss.proof : loss.unheard;
	}

	/** One echo of a host is over. With count above 1, the host is reported with its last. */
	echoAnswered(host: number, echo: number, rttMs: number, nowMs: number): void {
		if (this.#statistics === undefined) {
			if (!this.isSettled(host)) this.#report(host, up, 0, 1, rttMs, nowMs);
		} else if (this.#statistics.settle(host, echo, rttMs)) this.#reportStatistics(host, nowMs);
	}

	echoLost(host: number, echo: number, nowMs: number): void {
		if (this.#statistics === undefined) {
			// An earlier or a later try may still be answered.
			if (!this.isSettled(host) && this.#open[host] === 1) this.#reportLost(host, nowMs);
		} else if (this.#statistics.settle(host, echo, lostEcho)) this.#reportStatistics(host, nowMs);
	}

	/** The host can not be probed at all: nothing leaves for it. */
	hostFailed(host: number, reason: number, nowMs: number): void {
		this.#sendError[host] = reason;
		this.begun(host, 0);
		this.#reportLost(host, nowMs);
	}

	/** No answer: the host's fault only if an echo left, none was held back by our own trouble, and an answer to at
	 * least one of them would have been heard. */
	#reportLost(host: number, nowMs: number): void {
		const sendError = this.#sendError[host]!;
		// `denied` says that nothing was sent.
		if (sendError === broadcast && this.sent[host] === 0) {
			this.#report(host, denied, sendError, 0, Number.NaN, nowMs);
		} else if (sendError !== 0) this.#report(host, error, sendError, 0, Number.NaN, nowMs);
		else if (this.#losses[host] === loss.unheard) this.#report(host, error, noBuffers, 0, Number.NaN, nowMs);
		else this.#report(host, down, this.#reason[host] || timeout, 0, Number.NaN, nowMs);
	}

	#reportStatistics(host: number, nowMs: number): void {
		const statistics = this.#statistics!;
		const received = statistics.received[host]!;
		if (received === 0) this.#reportLost(host, nowMs);
		else this.#report(host, up, 0, received, statistics.sum[host]! / received, nowMs);
	}

	#report(
		host: number,
		status: number,
		reason: number,
		received: number,
		rttMs: number,
		nowMs: number,
	): void {
		this.#columns ??= newColumns(Math.min(resultBlockHostsMax, this.hosts), this.count > 1);
		const columns = this.#columns;
		const row = this.#gathered;
		if (row === 0) this.#gatheredSinceMs = nowMs;
		this.#gatheredAtMs = nowMs;
		columns.index[row] = host;
		columns.status[row] = status;
		columns.reason[row] = reason;
		columns.sent[row] = this.sent[host]!;
		columns.received[row] = received;
		columns.rttMs[row] = rttMs;
		if (columns.rtt !== undefined) this.#statistics!.write(host, columns.rtt, row);
		this.#gathered = row + 1;
		this.settled += 1;
		this.#reported[host] = 1;
		if (this.#gathered === columns.index.length || this.done) this.#closeBlock();
	}

	#closeBlock(): void {
		this.#full.push(asMessage(this.id, this.#columns!, this.#gathered));
		this.#gathered = 0;
	}

	/** When the gathered results should be posted, whether or not more could join them; infinity when there are
	 * none. Under load many jobs have a few answers in every turn: posting each few would cost more than they do. */
	get blockDueAtMs(): number {
		return this.#gathered === 0
			? Number.POSITIVE_INFINITY
			: Math.min(this.#gatheredAtMs + blockQuietMs, this.#gatheredSinceMs + resultBlockMsMax);
	}

	/** The next block that should be posted. */
	takeBlock(nowMs: number): BlockMessage | undefined {
		if (nowMs >= this.blockDueAtMs) this.#closeBlock();
		return this.#full.shift();
	}
}
