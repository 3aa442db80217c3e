/**
 * The database: rows are appended to a buffer, and committed in batches that take a while. What is committed
 * survives a crash of the master, what is buffered does not.
 */
import type { LedgerPages } from '../../../master/dispatch/rules/ledger.ts';
import { pagePositions } from '../../../master/dispatch/rules/ledger.ts';
import type { World } from './world.ts';

/** How long a row may wait for its commit. */
const flushMs = 1_000;
/** No status. */
const none = 255;

/** What is on the disk, for all lives of the master. */
export class SimulatedDisk {
	readonly #statuses: Uint8Array;
	/** rows on it */
	count = 0;
	/** commits take so much longer until then */
	slowUntilMs = 0;
	/** the next commit fails */
	isFailing = false;

	constructor(hosts: number) {
		this.#statuses = new Uint8Array(hosts).fill(none);
	}

	/** The code of the status of a position; `undefined` without a row. */
	statusOf(position: number): number | undefined {
		const status = this.#statuses[position]!;
		return status === none ? undefined : status;
	}

	/** @returns whether there was no row for it */
	write(position: number, status: number): boolean {
		if (this.#statuses[position] !== none) return false;
		this.#statuses[position] = status;
		this.count += 1;
		return true;
	}

	/** What a master reads when it goes on. All positions that the simulation has are in one page. */
	pages(): LedgerPages {
		if (this.count === 0) return { full: [], partial: [] };
		if (this.count === this.#statuses.length) return { full: [0], partial: [] };
		const bits = new Uint8Array(pagePositions / 8);
		for (const [position, status] of this.#statuses.entries()) {
			if (status !== none) bits[position >> 3]! |= 1 << (position & 7);
		}
		return { full: [], partial: [{ page: 0, bits }] };
	}
}

interface Row {
	readonly position: number;
	readonly status: number;
}

/** What one life of the master has open of it. */
export class SimulatedStore {
	readonly #world: World;
	readonly #onCommit: () => void;
	readonly #onFailure: () => void;
	#buffer: Row[] = [];
	#committing: Row[] = [];
	/** nothing is committed any more */
	isClosed = false;
	#isFlushDue = false;

	constructor(world: World, { onCommit, onFailure }: { onCommit: () => void; onFailure: () => void }) {
		this.#world = world;
		this.#onCommit = onCommit;
		this.#onFailure = onFailure;
	}

	/** Rows that are not committed. */
	get buffered(): number {
		return this.#buffer.length + this.#committing.length;
	}

	get hasRoom(): boolean {
		return this.buffered < this.#world.swarm.bufferRows;
	}

	append(position: number, status: number): void {
		this.#buffer.push({ position, status });
		if (this.#buffer.length >= this.#world.swarm.bufferRows) this.flush();
		else if (!this.#isFlushDue) {
			this.#isFlushDue = true;
			this.#world.time.after(flushMs, () => {
				this.#isFlushDue = false;
				this.flush();
			});
		}
	}

	/** Commits what is there. */
	flush(): void {
		if (this.isClosed || this.#committing.length > 0 || this.#buffer.length === 0) return;
		this.#committing = this.#buffer;
		this.#buffer = [];
		const { time, swarm, disk } = this.#world;
		const doneMs = Math.max(time.nowMs + swarm.commitMs, disk.slowUntilMs);
		time.at(doneMs, () => {
			if (this.isClosed) return;
			if (disk.isFailing) {
				disk.isFailing = false;
				this.isClosed = true;
				this.#onFailure();
				return;
			}
			this.#commit();
			this.#onCommit();
			if (!this.hasRoom) this.flush();
		});
	}

	/** The master dies; a commit that is under way may have been made. */
	lose(): void {
		if (this.isClosed) return;
		this.isClosed = true;
		if (this.#committing.length > 0 && this.#world.random.next() < 0.5) this.#commit();
	}

	#commit(): void {
		const { disk, checker, trace, time } = this.#world;
		const rows = this.#committing;
		this.#committing = [];
		for (const { position, status } of rows) checker.committed(position, disk.write(position, status));
		trace.add(time.nowMs, 30, disk.count, () => `${rows.length} rows are committed, ${disk.count} in all`);
	}
}
