/** The store in an SQLite file, through better-sqlite3: synchronous inside, one transaction per batch. */
import type { Database, Statement } from 'better-sqlite3';
import type { RowSink } from './buffered-store.ts';
import { BufferedStore } from './buffered-store.ts';
import { databaseError } from './database-error.ts';
import { openDatabase } from './open-database.ts';
import { outcomeSql } from './outcome-code.ts';
import type { RowBuffer } from './row-buffer.ts';
import { RowWriter } from './row-writer.ts';
import { runUnit } from './schema.ts';
import type { Durability, NewRun, RunCounts, RunEnd, Store } from './store.ts';

export interface SqliteStoreOptions {
	/** file of the database; made with mode 0600 when there is none */
	readonly path: string;
	/** takes what the user should know, in one sentence: that an old system's file was carried over */
	readonly onNotice?: (message: string) => void;
	/** how long another program's lock is waited for. Default: 5,000 */
	readonly busyTimeoutMs?: number;
	/** Default: normal */
	readonly durability?: Durability;
}

/**
 * Opens a database file and brings it up to date.
 *
 * @throws PingpoolError `database`; a file that is not ours is left as it is
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
	return new BufferedStore(openSqliteSink(options));
}

/** Like `openSqliteStore`, without the part that gathers rows. */
export function openSqliteSink({
	path,
	onNotice = () => {},
	busyTimeoutMs = 5_000,
	durability = 'normal',
}: SqliteStoreOptions): RowSink {
	return new SqliteSink(path, openDatabase(path, { onNotice, busyTimeoutMs, durability }));
}

class SqliteSink implements RowSink {
	readonly #path: string;
	readonly #db: Database;
	readonly #writer: RowWriter;
	readonly #begin: Statement;
	readonly #commit: Statement;
	readonly #workerIds = new Map<string, number>();

	constructor(path: string, db: Database) {
		this.#path = path;
		this.#db = db;
		this.#writer = new RowWriter(db);
		this.#begin = db.prepare('BEGIN IMMEDIATE');
		this.#commit = db.prepare('COMMIT');
	}

	async startRun({ startedAtMs, total, fingerprint, options }: NewRun): Promise<number> {
		return this.#guarded(() => {
			const { lastInsertRowid } = this.#db
				.prepare(
					`INSERT INTO runs (state, started_at, total, fingerprint, options)
					VALUES ('running', ?, ?, ?, ?)`,
				)
				.run(startedAtMs, total, fingerprint, JSON.stringify(options));
			return Number(lastInsertRowid);
		});
	}

	async write(runId: number, buffer: RowBuffer, workers: readonly string[]): Promise<void> {
		this.#guarded(() => {
			this.#begin.run();
			try {
				const workerIds = workers.map((name) => this.#workerId(name));
				this.#writer.write(runId, buffer, workerIds);
				this.#commit.run();
			} catch (error) {
				// SQLite has rolled back by itself after some errors (a full disk, a failed write).
				if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
				// A worker that was new in this transaction is not in the database.
				this.#workerIds.clear();
				throw error;
			}
		});
	}

	async finishRun(runId: number, { state, finishedAtMs }: RunEnd): Promise<RunCounts> {
		return this.#guarded(() => {
			const counts = this.#countRows(runId);
			this.#db
				.prepare(
					`UPDATE runs SET state = :state, finished_at = :finishedAtMs, up = :up, down = :down,
					unresolved = :unresolved, denied = :denied, error = :error WHERE id = :runId`,
				)
				.run({ runId, state, finishedAtMs, ...counts });
			return counts;
		});
	}

	async close(): Promise<void> {
		this.#db.close();
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

	#guarded<Result>(work: () => Result): Result {
		try {
			return work();
		} catch (error) {
			throw databaseError(error, this.#path);
		}
	}
}
