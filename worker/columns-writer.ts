/**
 * Gathers results into frames of columns (shared/columns.ts). Probes report in blocks of one row to
 * thousands; a frame carries up to `resultBlockHostsMax` rows and waits `resultBlockMsMax` for them at most. A
 * block that comes large enough is a frame as it is.
 */
import type { Clock } from '../shared/clock.ts';
import { encodeBlock } from '../shared/columns.ts';
import { resultBlockHostsMax, resultBlockMsMax } from '../shared/limits.ts';
import type { ResultBlock } from '../shared/results.ts';

/** Blocks with as many rows cost less as they are than copied first. */
const wholeRowsMin = 256;

export interface ColumnsWriterOptions {
	/** takes a frame */
	readonly write: (frame: Uint8Array) => void;
	/** whether blocks carry round-trip statistics: asked for with a count above 1 */
	readonly statistics: boolean;
	readonly clock: Clock;
	/** ends the wait for more rows */
	readonly signal: AbortSignal;
}

export class ColumnsWriter {
	readonly #options: ColumnsWriterOptions;
	/** made when the first rows have to be gathered */
	#gathered: GatheredRows | undefined;
	#length = 0;
	#named = false;
	#flushing = false;

	constructor(options: ColumnsWriterOptions) {
		this.#options = options;
	}

	add(block: ResultBlock): void {
		const { statistics, write } = this.#options;
		const isRightSize = block.length >= wholeRowsMin && block.length <= resultBlockHostsMax;
		if (isRightSize && (block.rtt !== undefined) === statistics) {
			write(encodeBlock(block));
			return;
		}
		this.#gathered ??= newRows(statistics);
		for (let from = 0; from < block.length; ) {
			const count = Math.min(block.length - from, resultBlockHostsMax - this.#length);
			this.#copy(this.#gathered, block, from, count);
			from += count;
			if (this.#length === resultBlockHostsMax) this.flush();
		}
		if (this.#length > 0 && !this.#flushing) this.#flushLater();
	}

	flush(): void {
		const gathered = this.#gathered;
		const length = this.#length;
		if (gathered === undefined || length === 0) return;
		const address = this.#named ? gathered.address.slice(0, length) : undefined;
		this.#options.write(encodeBlock({ ...gathered, length, address }));
		this.#length = 0;
		this.#named = false;
	}

	/** One wait at a time: rows that came while it ran leave a little earlier than they must. */
	#flushLater(): void {
		this.#flushing = true;
		const { clock, signal } = this.#options;
		clock.sleep(resultBlockMsMax, signal).then(
			() => {
				this.#flushing = false;
				this.flush();
			},
			() => undefined,
		);
	}

	#copy(own: GatheredRows, block: ResultBlock, from: number, count: number): void {
		const { index, status, reason, address, sent, received, rttMs, rtt } = block;
		for (let row = from, to = this.#length; row < from + count; row += 1, to += 1) {
			own.index[to] = index[row]!;
			own.status[to] = status[row]!;
			own.reason[to] = reason[row]!;
			own.sent[to] = sent[row]!;
			own.received[to] = received[row]!;
			own.rttMs[to] = rttMs[row]!;
			const text = address?.[row];
			own.address[to] = text;
			if (text !== undefined) this.#named = true;
			if (own.rtt !== undefined) {
				own.rtt.min[to] = rtt === undefined ? Number.NaN : rtt.min[row]!;
				own.rtt.max[to] = rtt === undefined ? Number.NaN : rtt.max[row]!;
				own.rtt.jitter[to] = rtt === undefined ? Number.NaN : rtt.jitter[row]!;
			}
		}
		this.#length += count;
	}
}

type GatheredRows = ReturnType<typeof newRows>;

function newRows(statistics: boolean) {
	const times = (): Float64Array => new Float64Array(resultBlockHostsMax);
	return {
		index: new Uint32Array(resultBlockHostsMax),
		status: new Uint8Array(resultBlockHostsMax),
		reason: new Uint8Array(resultBlockHostsMax),
		address: new Array<string | undefined>(resultBlockHostsMax).fill(undefined),
		sent: new Uint16Array(resultBlockHostsMax),
		received: new Uint16Array(resultBlockHostsMax),
		rttMs: times(),
		rtt: statistics ? { min: times(), max: times(), jitter: times() } : undefined,
	};
}
