/**
 * The contract of whatever keeps runs and results. Plain data in and out and everything asynchronous, so that
 * an implementation may live in another thread or behind a network.
 *
 * What every store promises:
 * - A run has at most one row per position. Appending a position again changes nothing: a late or duplicate
 *   answer never replaces the first.
 * - Rows become durable in batches, each whole or not at all. After `flush` resolves, all rows appended before
 *   it are committed. Rows not yet committed when a process dies are missing, never half there.
 * - A row that no run can have (more received than sent, an unknown status) makes `append`, or the next `flush`,
 *   throw a RangeError; nothing of that row is kept.
 * - After a failure (`PingpoolError` `database`) nothing of the failed batch is in the database.
 * - While one store is open, a second one on the same place is refused (`PingpoolError` `database`), and the first
 *   is named. One whose process has died keeps nobody out.
 */
import type { HostColumn } from '../../shared/host-column.ts';
import type { Reason, Status } from '../../shared/outcome.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { LedgerPages } from '../dispatch/rules/ledger.ts';
import type { KeptRtts } from '../monitor/rtt-histogram.ts';
import type { Said, SaidEvent } from './said.ts';

/** What a run was asked to do, kept beside it as JSON. */
export interface RunOptions {
	readonly [key: string]: string | number | boolean | null;
}

export interface NewRun {
	readonly startedAtMs: number;
	/** targets accepted; every position is below */
	readonly total: number;
	/** of the target list: tells whether a list is still the same */
	readonly fingerprint: string;
	readonly options: RunOptions;
}

/** A run as the database has it. */
export interface RunRecord extends NewRun {
	readonly id: number;
	/** `running` is also what a run is left in whose master died */
	readonly state: 'running' | RunEnd['state'];
	/** rows that are committed */
	readonly done: number;
}

/** Some answers of one worker. The arrays remain the caller's, who may use them again once `append` has returned its
 * promise: what a store keeps, it copies before. */
export interface StoredRows {
	readonly runId: number;
	/** name of the worker that answered, or of the master for what no worker did */
	readonly worker: string;
	readonly checkedAtMs: number;
	/** positions in the target list, parallel to `hosts` */
	readonly positions: Uint32Array;
	/** targets, distinct within a run */
	readonly hosts: HostColumn;
	/** row i is of host `index[i]` */
	readonly block: ResultBlock;
}

/** Rows of a run by status, counted in the database itself. */
export type RunCounts = Readonly<Record<Status, number>>;

/** What the rows of a run come to, as plain data. */
export interface KeptCounts {
	readonly byStatus: RunCounts;
	/** of the rows that have one */
	readonly byReason: ReadonlyMap<Reason, number>;
	readonly rtt: KeptRtts;
}

export interface RunEnd {
	readonly state: 'finished' | 'failed' | 'interrupted';
	readonly finishedAtMs: number;
	/** what is said of it, as the last that the run says. Default: nothing */
	readonly said?: SaidEvent;
}

export const durabilities = ['full', 'normal'] as const;

/**
 * What survives a loss of power. A process that is killed loses no committed row with either; the file stays
 * consistent with either.
 * - `full`: every batch is on the disk before it counts as committed.
 * - `normal`: the system writes it when it sees fit; a loss of power may take the last batches.
 */
export type Durability = (typeof durabilities)[number];

/** A place that no other master can have, into which nothing has been written. */
export interface HeldStore {
	/** the newest run that it has, as `Store.lastRun` tells of it */
	readonly lastRun: RunRecord | undefined;
	/** Rejects when it can be had no longer, by no act of ours. */
	readonly lost: Promise<never>;
	/** Opens it, once. @throws PingpoolError `database`; nothing is held then */
	open(): Promise<Store>;
	/** Lets go of it, and closes the store if there is one. A second call does nothing. */
	close(): Promise<void>;
}

export interface Store {
	/** @returns the id of the new run, higher than all before it */
	startRun(run: NewRun): Promise<number>;
	/** The newest run, those apart that were carried over from an old file. */
	lastRun(): Promise<RunRecord | undefined>;
	/**
	 * Lets a run that has not finished go on: its state is `running` again.
	 *
	 * @returns which of its positions have a row
	 */
	continueRun(runId: number): Promise<LedgerPages>;
	/**
	 * What the committed rows of a run come to, where that is known without reading them. Of a database that others or
	 * an older version wrote to, it is not.
	 */
	countsOf(runId: number): Promise<KeptCounts | undefined>;
	/** Takes rows. Resolves when the store has room for more, which is not yet when they are committed. */
	append(rows: StoredRows): Promise<void>;
	/**
	 * Takes what a run said. It is committed with the rows that come next, or by the next flush. Of more than
	 * `eventsPerRunMax` events of a run, the first and the newest are kept.
	 */
	say(runId: number, said: Said): void;
	/** Commits what was appended and said. */
	flush(): Promise<void>;
	/** Commits what was appended and said, counts the run's rows, and keeps state and counts with the run. */
	finishRun(runId: number, end: RunEnd): Promise<RunCounts>;
	/** Commits what was appended and closes. A second call does nothing. */
	close(): Promise<void>;
}
