/**
 * Gathers results into frames of the columns form (shared/columns.ts). Probes report in blocks of one row to
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
	readonly #index = new Uint32Array(resultBlockHostsMax);
	readonly #status = new Uint8Array(resultBlockHostsMax);
	readonly #reason = new Uint8Array(resultBlockHostsMax);
	readonly #address = new Array<string | undefined>(resultBlockHostsMax).fill(undefined);
	readonly #sent = new Uint16Array(resultBlockHostsMax);
	readonly #received = new Uint16Array(resultBlockHostsMax);
	readonly #rttMs = new Float64Array(resultBlockHostsMax);
	readonly #rtt: { min: Float64Array; max: Float64Array; jitter: Float64Array } | undefined;
	#length = 0;
	#named = false;
	#flushing = false;

	constructor(options: ColumnsWriterOptions) {
		this.#options = options;
		if (options.statistics) {
			const column = (): Float64Array => new Float64Array(resultBlockHostsMax);
			this.#rtt = { min: column(), max: column(), jitter: column() };
		}
	}

	add(block: ResultBlock): void {
		const isRightSize = block.length >= wholeRowsMin && block.length <= resultBlockHostsMax;
		if (isRightSize && (block.rtt === undefined) === (this.#rtt === undefined)) {
			this.#options.write(encodeBlock(block));
			return;
		}
		for (let from = 0; from < block.length; ) {
			const count = Math.min(block.length - from, resultBlockHostsMax - this.#length);
			this.#copy(block, from, count);
			from += count;
			if (this.#length === resultBlockHostsMax) this.flush();
		}
		if (this.#length > 0 && !this.#flushing) this.#flushLater();
	}

	flush(): void {
		const length = this.#length;
		if (length === 0) return;
		const rows = <Column extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(column: Column) =>
			column.subarray(0, length);
		const rtt = this.#rtt;
		this.#options.write(
			encodeBlock({
				length,
				index: rows(this.#index),
				status: rows(this.#status),
				reason: rows(this.#reason),
				address: this.#named ? this.#address.slice(0, length) : undefined,
				sent: rows(this.#sent),
				received: rows(this.#received),
				rttMs: rows(this.#rttMs),
				rtt: rtt && { min: rows(rtt.min), max: rows(rtt.max), jitter: rows(rtt.jitter) },
			}),
		);
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

	#copy(block: ResultBlock, from: number, count: number): void {
		const { index, status, reason, address, sent, received, rttMs, rtt } = block;
		const own = this.#rtt;
		for (let row = from, to = this.#length; row < from + count; row += 1, to += 1) {
			this.#index[to] = index[row]!;
			this.#status[to] = status[row]!;
			this.#reason[to] = reason[row]!;
			this.#sent[to] = sent[row]!;
			this.#received[to] = received[row]!;
			this.#rttMs[to] = rttMs[row]!;
			const text = address?.[row];
			this.#address[to] = text;
			if (text !== undefined) this.#named = true;
			if (own !== undefined) {
				own.min[to] = rtt === undefined ? Number.NaN : rtt.min[row]!;
				own.max[to] = rtt === undefined ? Number.NaN : rtt.max[row]!;
				own.jitter[to] = rtt === undefined ? Number.NaN : rtt.jitter[row]!;
			}
		}
		this.#length += count;
	}
}
