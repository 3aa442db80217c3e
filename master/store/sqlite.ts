/** The store in an SQLite file, through better-sqlite3: synchronous inside, one transaction per batch. */
import { hostname } from 'node:os';
import type { Database, Statement } from 'better-sqlite3';
import { systemClock } from '../../shared/clock.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import { databaseBusyMsMax } from '../../shared/limits.ts';
import type { LedgerPages } from '../dispatch/rules/ledger.ts';
import type { RowSink } from './buffered-store.ts';
import { BufferedStore } from './buffered-store.ts';
import { databaseError } from './database-error.ts';
import { EventWriter } from './event-writer.ts';
import type { LastRun } from './last-run.ts';
import { readAnsweredPages, readLastRun } from './last-run.ts';
import type { MasterIdentity, MasterLock } from './master-lock.ts';
import { lockForMaster } from './master-lock.ts';
import { checkPlace, lookInto, openDatabase } from './open-database.ts';
import { outcomeSql } from './outcome-code.ts';
import type { OwnFile } from './own-file.ts';
import { ownFile } from './own-file.ts';
import { readTotals } from './read-totals.ts';
import type { RowBuffer } from './row-buffer.ts';
import { RowWriter } from './row-writer.ts';
import { runUnit } from './schema.ts';
import type { Durability, KeptCounts, NewRun, RunCounts, RunEnd, RunRecord, Store } from './store.ts';
import { SummaryWriter } from './summary-writer.ts';

export interface SqliteStoreOptions {
	/** file of the database; made with mode 0600 when there is none */
	readonly path: string;
	/** takes what the user should know, in one sentence: that an old system's file was carried over */
	readonly onNotice?: (message: string) => void;
	/** how long another program's lock is waited for at a time. Default: 5,000 */
	readonly busyTimeoutMs?: number;
	/** how long one is waited for in all while a run goes on. Default: 120,000 */
	readonly lockWaitMs?: number;
	/** Default: normal */
	readonly durability?: Durability;
	/** what a second master is told of this one. Default: this process, from now on */
	readonly identity?: MasterIdentity;
}

/** A database that no other master can have, into which nothing has been written. */
export interface HeldDatabase {
	/** the newest run of the file as it is, if there is a file */
	readonly lastRun: RunRecord | undefined;
	/** @throws PingpoolError `database`; nothing is held then */
	open(): RowSink;
	/** Lets go without opening it. */
	release(): void;
}

/**
 * Opens a database file and brings it up to date.
 *
 * @throws PingpoolError `database`; a file that is not ours is left as it is
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
	return new BufferedStore(holdSqlite(options).open());
}

/**
 * Keeps other masters off a database, and looks into it. Nothing is made or changed but the file that keeps them
 * off (master-lock.ts).
 *
 * @throws PingpoolError `database`; nothing is held then
 */
export function holdSqlite({
	path,
	onNotice = () => {},
	busyTimeoutMs = databaseBusyMsMax,
	lockWaitMs = 120_000,
	durability = 'normal',
	identity = { pid: process.pid, host: hostname(), sinceMs: systemClock.wallMs() },
}: SqliteStoreOptions): HeldDatabase {
	checkPlace(path);
	const lock = lockForMaster(path, identity);
	try {
		const last = lookInto(path, busyTimeoutMs, readLastRun);
		return {
			lastRun: last?.record,
			open() {
				try {
					const db = openDatabase(path, { onNotice, busyTimeoutMs, durability });
					return new SqliteSink({ path, db, lock, last, lockWaitMs, onNotice });
				} catch (error) {
					lock.release();
					throw error;
				}
			},
			release: () => lock.release(),
		};
	} catch (error) {
		lock.release();
		throw error;
	}
}

interface SqliteSinkParts {
	readonly path: string;
	readonly db: Database;
	readonly lock: MasterLock;
	/** the newest run as it was found, to be asked for once more: counting its rows takes its time */
	readonly last: LastRun | undefined;
	readonly lockWaitMs: number;
	readonly onNotice: (message: string) => void;
}

class SqliteSink implements RowSink {
	readonly #path: string;
	readonly #db: Database;
	readonly #writer: RowWriter;
	readonly #events: EventWriter;
	readonly #summaries: SummaryWriter;
	readonly #begin: Statement;
	readonly #commit: Statement;
	readonly #workerIds = new Map<string, number>();
	readonly #lock: MasterLock;
	readonly #file: OwnFile;
	/** `undefined` when it may have changed since it was read */
	#last: LastRun | undefined;

	readonly #onNotice: (message: string) => void;
	readonly #lockWaitMs: number;
	/** a lock has been waited for in vain: it is not waited for as long again */
	#isLockedOut = false;

	constructor({ path, db, lock, last, lockWaitMs, onNotice }: SqliteSinkParts) {
		this.#lockWaitMs = lockWaitMs;
		this.#onNotice = onNotice;
		this.#path = path;
		this.#db = db;
		this.#lock = lock;
		this.#file = ownFile(path, db, onNotice);
		this.#last = last;
		this.#writer = new RowWriter(db);
		this.#events = new EventWriter(db);
		this.#summaries = new SummaryWriter(db);
		this.#begin = db.prepare('BEGIN IMMEDIATE');
		this.#commit = db.prepare('COMMIT');
	}

	async startRun({ startedAtMs, total, fingerprint, options }: NewRun): Promise<number> {
		this.#last = undefined;
		return this.#atOnce(() => {
			const { lastInsertRowid } = this.#db
				.prepare(
					`INSERT INTO runs (state, started_at, total, fingerprint, options)
					VALUES ('running', ?, ?, ?, ?)`,
				)
				.run(startedAtMs, total, fingerprint, JSON.stringify(options));
			const runId = Number(lastInsertRowid);
			this.#summaries.begin(runId, startedAtMs);
			return runId;
		});
	}

	async lastRun(): Promise<RunRecord | undefined> {
		return this.#guarded(() => {
			this.#last ??= readLastRun(this.#db);
			return this.#last?.record;
		});
	}

	async continueRun(runId: number): Promise<LedgerPages> {
		return this.#guarded(() => {
			const known = this.#last?.record.id === runId ? this.#last : undefined;
			this.#last = undefined;
			const total = this.#db
				.prepare(
					`UPDATE runs SET state = 'running', finished_at = NULL, up = NULL, down = NULL, unresolved = NULL,
					denied = NULL, error = NULL WHERE id = ? RETURNING total`,
				)
				.pluck()
				.get(runId) as number | undefined;
			if (total === undefined) throw new RangeError(`there is no run ${runId}`);
			return readAnsweredPages(this.#db, { id: runId, total }, known?.pageRows);
		});
	}

	async countsOf(runId: number): Promise<KeptCounts | undefined> {
		return this.#guarded(() => readTotals(this.#db, runId)?.counts());
	}

	async write(runId: number, buffer: RowBuffer, workers: readonly string[]): Promise<void> {
		this.#last = undefined;
		this.#guarded(() => {
			this.#beginPatiently();
			try {
				if (buffer.length > 0) this.#writeRows(runId, buffer, workers);
				this.#events.write(runId, buffer.said);
				this.#commit.run();
			} catch (error) {
				// SQLite has rolled back by itself after some errors (a full disk, a failed write).
				if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
				this.#forget();
				throw error;
			}
			this.#file.check();
		});
	}

	async finishRun(runId: number, { state, finishedAtMs, said }: RunEnd): Promise<RunCounts> {
		this.#last = undefined;
		return this.#guarded(() => {
			const counts = this.#countRows(runId);
			// SQLite keeps it to itself when a checkpoint of its own fails. Asked for, a disk that can not take the rows
			// is an error while the run can still go on.
			this.#db.pragma('wal_checkpoint(PASSIVE)');
			this.#atOnce(() => {
				this.#db
					.prepare(
						`UPDATE runs SET state = :state, finished_at = :finishedAtMs, up = :up, down = :down,
						unresolved = :unresolved, denied = :denied, error = :error WHERE id = :runId`,
					)
					.run({ runId, state, finishedAtMs, ...counts });
				this.#summaries.check(runId, counts);
				if (said !== undefined) this.#events.write(runId, { events: [said], leftOut: 0 });
			});
			this.#file.check();
			return counts;
		});
	}

	async close(): Promise<void> {
		try {
			this.#db.close();
		} finally {
			this.#lock.release();
		}
	}

	#writeRows(runId: number, buffer: RowBuffer, workers: readonly string[]): void {
		const workerIds = workers.map((name) => this.#workerId(name));
		const { inserted, outcomes } = this.#writer.write(runId, buffer, workerIds);
		this.#summaries.add(runId, buffer, inserted, outcomes);
	}

	/** A transaction was rolled back: what was new in it is not in the database. */
	#forget(): void {
		this.#workerIds.clear();
		this.#events.forget();
		this.#summaries.forget();
	}

	#countRows(runId: number): RunCounts {
		const { status } = outcomeSql;
		return this.#db
			.prepare(
				`SELECT
					count(*) FILTER (WHERE ${status} = 0) AS up,
					count(*) FILTER (WHERE ${status} = 1) AS down,
					count(*) FILTER (WHERE ${status} = 2) AS unresolved,
					count(*) FILTER (WHERE ${status} = 3) AS denied,
					count(*) FILTER (WHERE ${status} = 4) AS error
				FROM answers WHERE id >= ? AND id < ?`,
			)
			.get(runId * runUnit, (runId + 1) * runUnit) as RunCounts;
	}

	#workerId(name: string): number {
		let id = this.#workerIds.get(name);
		if (id === undefined) {
			this.#db
				.prepare(
					`INSERT INTO workers (id, name) VALUES ((SELECT coalesce(max(id) + 1, 0) FROM workers), ?)
					ON CONFLICT (name) DO NOTHING`,
				)
				.run(name);
			id = this.#db.prepare('SELECT id FROM workers WHERE name = ?').pluck().get(name) as number;
			this.#workerIds.set(name, id);
		}
		return id;
	}

	/** Begins a transaction. Whoever else writes the file may take its time: the run waits, and says so. */
	#beginPatiently(): void {
		const untilMs = performance.now() + (this.#isLockedOut ? 0 : this.#lockWaitMs);
		for (let tries = 1; ; tries += 1) {
			try {
				this.#begin.run();
				this.#isLockedOut = false;
				return;
			} catch (error) {
				if (!systemErrorCode(error)?.startsWith('SQLITE_BUSY')) throw error;
				const leftMs = untilMs - performance.now();
				if (leftMs <= 0) {
					this.#isLockedOut = true;
					throw error;
				}
				const seconds = Math.ceil(leftMs / 1000);
				if (tries === 1) {
					this.#onNotice(
						`${escapeUnsafe(this.#path)} is locked by another program; waiting up to ${seconds} s more for it`,
					);
				}
			}
		}
	}

	/** Does something in a transaction. */
	#atOnce<Result>(work: () => Result): Result {
		return this.#guarded(() => {
			try {
				return this.#db.transaction(work).immediate();
			} catch (error) {
				this.#forget();
				throw error;
			}
		});
	}

	#guarded<Result>(work: () => Result): Result {
		if (this.#file.lost !== undefined) throw this.#file.lost;
		try {
			return work();
		} catch (error) {
			throw databaseError(error, this.#path);
		}
	}
}
