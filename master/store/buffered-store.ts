/**
 * The part of a store that gathers: rows go into buffers, and full ones to whatever writes them, one after the
 * other. A buffer that could not be written is kept and tried again, before all later ones, when somebody
 * flushes.
 */
import type { LedgerPages } from '../dispatch/rules/ledger.ts';
import { RowBuffer } from './row-buffer.ts';
import type { Said } from './said.ts';
import type { KeptCounts, NewRun, RunCounts, RunEnd, RunRecord, Store, StoredRows } from './store.ts';

/** Full buffers that may wait to be written before `append` makes its caller wait. */
const waitingMax = 2;

/** Whatever keeps rows: the database itself, or the way to the thread that has it. */
export interface RowSink {
	startRun(run: NewRun): Promise<number>;
	lastRun(): Promise<RunRecord | undefined>;
	continueRun(runId: number): Promise<LedgerPages>;
	countsOf(runId: number): Promise<KeptCounts | undefined>;
	/**
	 * Commits the rows of a buffer and what was said, all or none. A position that is there already keeps its row.
	 *
	 * @param workers names; the buffer's outcomes have positions in this list for workers
	 */
	write(runId: number, buffer: RowBuffer, workers: readonly string[]): Promise<void>;
	finishRun(runId: number, end: RunEnd): Promise<RunCounts>;
	close(): Promise<void>;
}

interface RunBuffer {
	readonly runId: number;
	readonly buffer: RowBuffer;
}

export class BufferedStore implements Store {
	readonly #sink: RowSink;
	/** names of workers; rows have their positions */
	readonly #workers: string[] = [];
	readonly #workerNumbers = new Map<string, number>();
	#current = new RowBuffer();
	/** the run of the rows in `#current` */
	#runId = 0;
	/** to be written, in this order; the first is being written while `#writing` */
	readonly #waiting: RunBuffer[] = [];
	/** written, to be used again: as many as were once needed at a time */
	readonly #free: RowBuffer[] = [];
	#writing: Promise<void> | undefined;
	/** of a write that nobody waited for: told to the next caller */
	#failure: { error: unknown } | undefined;
	/** callers of `append` that wait for room */
	#roomWanted: (() => void)[] = [];
	#closing: Promise<void> | undefined;

	constructor(sink: RowSink) {
		this.#sink = sink;
	}

	startRun(run: NewRun): Promise<number> {
		return this.#sink.startRun(run);
	}

	async lastRun(): Promise<RunRecord | undefined> {
		await this.flush();
		return this.#sink.lastRun();
	}

	async continueRun(runId: number): Promise<LedgerPages> {
		await this.flush();
		return this.#sink.continueRun(runId);
	}

	async countsOf(runId: number): Promise<KeptCounts | undefined> {
		await this.flush();
		return this.#sink.countsOf(runId);
	}

	async append(rows: StoredRows): Promise<void> {
		this.#throwFailure();
		this.#turnTo(rows.runId);
		const worker = this.#workerNumber(rows.worker);
		const { length } = rows.block;
		for (let row = 0; row < length; row += 1) {
			this.#current.add(rows, row, worker);
			if (this.#current.full) this.#handOver();
		}
		while (this.#waiting.length > waitingMax && this.#failure === undefined) {
			await new Promise<void>((resolve) => this.#roomWanted.push(resolve));
		}
		this.#throwFailure();
	}

	say(runId: number, said: Said): void {
		this.#turnTo(runId);
		this.#current.said.addAll(said);
	}

	async flush(): Promise<void> {
		if (!this.#current.isEmpty) this.#handOver();
		this.#write();
		await this.#writing;
		this.#throwFailure();
	}

	async finishRun(runId: number, end: RunEnd): Promise<RunCounts> {
		await this.flush();
		return this.#sink.finishRun(runId, end);
	}

	close(): Promise<void> {
		this.#closing ??= this.flush().finally(() => this.#sink.close());
		return this.#closing;
	}

	/** What comes next is of this run. */
	#turnTo(runId: number): void {
		if (this.#runId !== runId && !this.#current.isEmpty) this.#handOver();
		this.#runId = runId;
	}

	#handOver(): void {
		this.#waiting.push({ runId: this.#runId, buffer: this.#current });
		this.#current = this.#free.pop() ?? new RowBuffer();
		// What failed waits for a flush: whoever appends is told of it, and decides.
		if (this.#failure === undefined) this.#write();
	}

	/** Sees to it that what waits is being written. */
	#write(): void {
		if (this.#waiting.length > 0) this.#writing ??= this.#writeAll();
	}

	async #writeAll(): Promise<void> {
		try {
			for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
				await this.#sink.write(first.runId, first.buffer, this.#workers);
				this.#waiting.shift();
				first.buffer.clear();
				this.#free.push(first.buffer);
				this.#tellRoom();
			}
		} catch (error) {
			this.#failure ??= { error };
			this.#tellRoom();
		} finally {
			this.#writing = undefined;
		}
	}

	#tellRoom(): void {
		const waiting = this.#roomWanted;
		this.#roomWanted = [];
		for (const resolve of waiting) resolve();
	}

	#throwFailure(): void {
		const failure = this.#failure;
		this.#failure = undefined;
		if (failure !== undefined) throw failure.error;
	}

	#workerNumber(name: string): number {
		let number = this.#workerNumbers.get(name);
		if (number === undefined) {
			number = this.#workers.push(name) - 1;
			this.#workerNumbers.set(name, number);
		}
		return number;
	}
}
