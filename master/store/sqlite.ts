/** The store in an SQLite file, through better-sqlite3: synchronous inside, one transaction per batch. */
import type { Database, Statement } from 'better-sqlite3';
import { hostAt } from '../../shared/host-column.ts';
import { formatIp } from '../../shared/ip.ts';
import { targetsPerRunMax } from '../../shared/limits.ts';
import type { ResultBlock } from '../../shared/results.ts';
import { parseTarget } from '../../shared/target.ts';
import { databaseError } from './database-error.ts';
import { openDatabase } from './open-database.ts';
import { outcomeSql, packOutcome } from './outcome-code.ts';
import { RowBuffer } from './row-buffer.ts';
import { RowWriter } from './row-writer.ts';
import { runUnit } from './schema.ts';
import type { NewRun, RunCounts, RunEnd, Store, StoredRows } from './store.ts';

export interface SqliteStoreOptions {
	/** file of the database; made with mode 0600 when there is none */
	readonly path: string;
	/** takes what the user should know, in one sentence: that an old system's file was carried over */
	readonly onNotice?: (message: string) => void;
	/** how long another program's lock is waited for. Default: 5,000 */
	readonly busyTimeoutMs?: number;
}

/**
 * Opens a database file and brings it up to date.
 *
 * @throws PingpoolError `database`; a file that is not ours is left as it is
 */
export function openSqliteStore({
	path,
	onNotice = () => {},
	busyTimeoutMs = 5_000,
}: SqliteStoreOptions): Store {
	return new SqliteStore(path, openDatabase(path, { onNotice, busyTimeoutMs }));
}

class SqliteStore implements Store {
	readonly #path: string;
	readonly #db: Database;
	readonly #buffer = new RowBuffer();
	readonly #writer: RowWriter;
	readonly #begin: Statement;
	readonly #commit: Statement;
	readonly #workerIds = new Map<string, number>();
	/** the run that the buffered rows belong to */
	#bufferedRun = 0;

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

	async append(rows: StoredRows): Promise<void> {
		this.#guarded(() => {
			if (this.#buffer.length > 0 && this.#bufferedRun !== rows.runId) this.#commitBuffer();
			this.#bufferedRun = rows.runId;
			const worker = this.#workerId(rows.worker);
			for (let row = 0; row < rows.block.length; row += 1) {
				if (this.#buffer.full) this.#commitBuffer();
				addRow(this.#buffer, rows, row, worker);
			}
			if (this.#buffer.full) this.#commitBuffer();
		});
	}

	async flush(): Promise<void> {
		this.#guarded(() => this.#commitBuffer());
	}

	async finishRun(runId: number, { state, finishedAtMs }: RunEnd): Promise<RunCounts> {
		return this.#guarded(() => {
			this.#commitBuffer();
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
		if (!this.#db.open) return;
		try {
			this.#guarded(() => this.#commitBuffer());
		} finally {
			this.#db.close();
		}
	}

	/** Commits the buffered rows, or none of them: then they stay buffered, for a caller that mends the cause. */
	#commitBuffer(): void {
		if (this.#buffer.length === 0) return;
		this.#begin.run();
		try {
			this.#writer.write(this.#bufferedRun, this.#buffer);
			this.#commit.run();
		} catch (error) {
			// SQLite has rolled back by itself after some errors (a full disk, a failed write).
			if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
			throw error;
		}
		this.#buffer.clear();
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
			if (error instanceof RangeError) throw error;
			throw databaseError(error, this.#path);
		}
	}
}

/** @throws RangeError for a row that no database should hold; the buffer is as before */
function addRow(buffer: RowBuffer, rows: StoredRows, row: number, worker: number): void {
	const { block } = rows;
	const position = rows.positions[row]!;
	if (!(position >= 0 && position < targetsPerRunMax)) throw new RangeError(`${position} is no position`);
	const status = block.status[row]!;
	const outcome = packOutcome(status, block.reason[row]!, block.sent[row]!, block.received[row]!, worker);
	const text = rows.hosts.texts?.[row];
	const place = buffer.length;
	buffer.ipv4[place] = rows.hosts.ipv4[row]!;
	buffer.text[place] = text;
	buffer.position[place] = position;
	buffer.outcome[place] = outcome;
	buffer.checkedAtMs[place] = rows.checkedAtMs;
	buffer.rttUs[place] = Math.round(block.rttMs[row]! * 1000);
	const probed = block.address?.[row];
	const address =
		text === undefined && probed === undefined ? undefined : addressToKeep(hostAt(rows.hosts, row), probed);
	if (address !== undefined) buffer.address.set(place, address);
	if (block.rtt !== undefined) buffer.stats.set(place, statsOf(block.rtt, row));
	buffer.length += 1;
}

function statsOf({ min, max, jitter }: NonNullable<ResultBlock['rtt']>, row: number) {
	return {
		minUs: Math.round(min[row]! * 1000),
		maxUs: Math.round(max[row]! * 1000),
		jitterUs: Math.round(jitter[row]! * 1000),
	};
}

/** The address that was probed, unless it is the host's own text; read from it where it stands beside a port. */
function addressToKeep(host: string, probed: string | undefined): string | undefined {
	if (probed !== undefined) return probed === host ? undefined : probed;
	if (!host.includes(':')) return undefined;
	const { address } = parseTarget(host);
	const text = address === undefined ? undefined : formatIp(address);
	return text === host ? undefined : text;
}
