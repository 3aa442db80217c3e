/**
 * What the thread knows of one job: columns, not objects per host. With count 1 a host is settled by its first
 * answer or its last try. Above 1 its echoes are folded into the statistics in the order of sending, although
 * they may be answered in any order: each host has a small window of round-trip times, and the next echo waits
 * while the window is full.
 */
import { resultBlockHostsMax } from '../../shared/limits.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import type { BlockMessage, JobMessage } from './thread-messages.ts';

const up = statusCode('up');
const down = statusCode('down');
const denied = statusCode('denied');
const error = statusCode('error');
const timeout = reasonCode('timeout');
const broadcast = reasonCode('broadcast');

/** Round-trip times that the windows of one job hold together, but never under `windowMin` a host. */
const windowCellsMax = 2 ** 22;
const windowMin = 16;

/** In a window: not yet known, and no answer came. */
const pending = -2;
const lost = -1;

export class EchoJob {
	readonly id: number;
	readonly hosts: number;
	readonly families: Uint8Array;
	readonly addresses: Int32Array;
	readonly stride: number;
	readonly count: number;
	readonly attempts: number;
	readonly timeoutMs: number;
	readonly intervalMs: number;
	readonly startedAtMs: number;
	/** the first host that has not been taken up */
	cursor = 0;
	/** hosts that are reported */
	settled = 0;
	/** the longest that a host waited for its first echo to leave */
	waitMs = 0;
	/** results that are being gathered, and since when */
	#block: BlockMessage | undefined;
	#blockSinceMs = 0;
	#blockLength = 0;
	/** blocks that are ready to be posted */
	#full: BlockMessage[] = [];
	/** echoes of each host that left */
	readonly sent: Uint16Array;
	/** why a host did not answer, by the last one who said; kept for the end */
	readonly #reason: Uint8Array;
	/** why its last echo could not leave, by the same token */
	readonly #sendError: Uint8Array;
	readonly #statistics: Statistics | undefined;

	constructor(message: JobMessage, nowMs: number) {
		this.id = message.id;
		this.hosts = message.hosts;
		this.families = message.families;
		this.addresses = message.addresses;
		this.stride = message.stride;
		this.count = message.count;
		this.attempts = message.attempts;
		this.timeoutMs = message.timeoutMs;
		this.intervalMs = message.intervalMs;
		this.startedAtMs = nowMs;
		this.sent = new Uint16Array(message.hosts);
		this.#reason = new Uint8Array(message.hosts);
		this.#sendError = new Uint8Array(message.hosts);
		if (message.count > 1) this.#statistics = new Statistics(message);
	}

	get done(): boolean {
		return this.settled === this.hosts;
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

	/** One echo of a host is over. With count above 1, the host is reported with its last. */
	echoAnswered(host: number, echo: number, rttMs: number, nowMs: number): void {
		if (this.#statistics === undefined) this.#report(host, up, 0, 1, rttMs, nowMs);
		else if (this.#statistics.settle(host, echo, rttMs)) this.#reportStatistics(host, nowMs);
	}

	echoLost(host: number, echo: number, nowMs: number): void {
		if (this.#statistics === undefined) this.#reportLost(host, nowMs);
		else if (this.#statistics.settle(host, echo, lost)) this.#reportStatistics(host, nowMs);
	}

	/** The host can not be probed at all: nothing leaves for it. */
	hostFailed(host: number, reason: number, nowMs: number): void {
		this.#sendError[host] = reason;
		this.#reportLost(host, nowMs);
	}

	/** No answer: the host's fault only if an echo left and none was held back by our own trouble. */
	#reportLost(host: number, nowMs: number): void {
		const sendError = this.#sendError[host]!;
		if (sendError === broadcast) this.#report(host, denied, sendError, 0, Number.NaN, nowMs);
		else if (sendError !== 0) this.#report(host, error, sendError, 0, Number.NaN, nowMs);
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
		if (this.#block === undefined) {
			const rows = Math.min(resultBlockHostsMax, this.hosts - this.settled);
			this.#block = newBlock(this.id, rows, this.count > 1);
			this.#blockLength = 0;
			this.#blockSinceMs = nowMs;
		}
		const block = this.#block;
		const row = this.#blockLength;
		block.index[row] = host;
		block.status[row] = status;
		block.reason[row] = reason;
		block.sent[row] = this.sent[host]!;
		block.received[row] = received;
		block.rttMs[row] = rttMs;
		if (block.rtt !== undefined) this.#statistics!.write(host, block.rtt, row);
		this.#blockLength = row + 1;
		this.settled += 1;
		if (this.#blockLength === block.index.length) this.#closeBlock();
	}

	#closeBlock(): void {
		this.#full.push({ ...this.#block!, length: this.#blockLength });
		this.#block = undefined;
	}

	/** When the gathered results will be old enough to be posted; infinity when there are none. */
	blockDueAtMs(ageMsMax: number): number {
		return this.#block === undefined ? Number.POSITIVE_INFINITY : this.#blockSinceMs + ageMsMax;
	}

	/** The next block that should be posted: full, or older than `ageMsMax`. */
	takeBlock(nowMs: number, ageMsMax: number): BlockMessage | undefined {
		if (nowMs >= this.blockDueAtMs(ageMsMax)) this.#closeBlock();
		return this.#full.shift();
	}
}

function newBlock(id: number, rows: number, withStatistics: boolean): BlockMessage {
	return {
		type: 'block',
		id,
		length: 0,
		index: new Uint32Array(rows),
		status: new Uint8Array(rows),
		reason: new Uint8Array(rows),
		sent: new Uint16Array(rows),
		received: new Uint16Array(rows),
		rttMs: new Float64Array(rows),
		rtt: withStatistics
			? { min: new Float64Array(rows), max: new Float64Array(rows), jitter: new Float64Array(rows) }
			: undefined,
	};
}

/** Round-trip statistics of all hosts of a job, by the definitions of shared/stats.ts. */
class Statistics {
	readonly received: Uint16Array;
	readonly sum: Float64Array;
	readonly #count: number;
	readonly #window: number;
	/** `#window` round-trip times for each host, echo `k` at `k % #window` */
	readonly #rtts: Float64Array;
	/** echoes of each host that are folded in */
	readonly #folded: Uint16Array;
	readonly #min: Float64Array;
	readonly #max: Float64Array;
	readonly #last: Float64Array;
	readonly #variation: Float64Array;

	constructor({ hosts, count, timeoutMs, intervalMs }: JobMessage) {
		const overlapping = Math.ceil(timeoutMs / Math.max(intervalMs, 0.001)) + 2;
		const affordable = Math.max(windowMin, Math.floor(windowCellsMax / hosts));
		this.#count = count;
		this.#window = Math.min(count, overlapping, affordable);
		this.#rtts = new Float64Array(hosts * this.#window).fill(pending);
		this.#folded = new Uint16Array(hosts);
		this.received = new Uint16Array(hosts);
		this.sum = new Float64Array(hosts);
		this.#min = new Float64Array(hosts).fill(Number.POSITIVE_INFINITY);
		this.#max = new Float64Array(hosts);
		this.#last = new Float64Array(hosts);
		this.#variation = new Float64Array(hosts);
	}

	hasRoom(host: number, echo: number): boolean {
		return echo - this.#folded[host]! < this.#window;
	}

	/** Takes the fate of one echo: its round-trip time, or `lost`. @returns whether it was the host's last */
	settle(host: number, echo: number, rttMs: number): boolean {
		const base = host * this.#window;
		this.#rtts[base + (echo % this.#window)] = rttMs;
		for (;;) {
			const next = this.#folded[host]!;
			if (next === this.#count) return true;
			const cell = base + (next % this.#window);
			const value = this.#rtts[cell]!;
			if (value === pending) return false;
			this.#rtts[cell] = pending;
			this.#folded[host] = next + 1;
			if (value !== lost) this.#fold(host, value);
		}
	}

	#fold(host: number, rttMs: number): void {
		if (this.received[host]! > 0) this.#variation[host]! += Math.abs(rttMs - this.#last[host]!);
		this.received[host]! += 1;
		this.sum[host]! += rttMs;
		this.#last[host] = rttMs;
		if (rttMs < this.#min[host]!) this.#min[host] = rttMs;
		if (rttMs > this.#max[host]!) this.#max[host] = rttMs;
	}

	write(host: number, columns: NonNullable<BlockMessage['rtt']>, row: number): void {
		const received = this.received[host]!;
		columns.min[row] = received === 0 ? Number.NaN : this.#min[host]!;
		columns.max[row] = received === 0 ? Number.NaN : this.#max[host]!;
		columns.jitter[row] =
			received === 0 ? Number.NaN : received === 1 ? 0 : this.#variation[host]! / (received - 1);
	}
}
