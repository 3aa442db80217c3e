/** Databases for tests of what is asked of them: small, but spread over several blocks, and with rows as nobody of ours
 * would write them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { QueryContext } from '../master/query/context.ts';
import { queryContext } from '../master/query/context.ts';
import type { Steps } from '../master/query/steps.ts';
import { openToRead } from '../master/store/open-database.ts';
import { packOutcome } from '../master/store/outcome-code.ts';
import { runUnit } from '../master/store/schema.ts';
import { openSqliteStore } from '../master/store/sqlite.ts';
import { systemClock } from '../shared/clock.ts';
import type { Reason, Status } from '../shared/outcome.ts';
import { reasonCode, statusCode, statuses } from '../shared/outcome.ts';

export const startedAtMs = Date.UTC(2026, 10, 22, 8, 0, 0);

export interface TestRow {
	readonly position: number;
	readonly host: string;
	/** Default: up */
	readonly status?: Status;
	readonly reason?: Reason | undefined;
	/** Default: w1 */
	readonly worker?: string;
	readonly rttUs?: number | undefined;
	readonly address?: string | undefined;
	/** from `startedAtMs`. Default: 0 */
	readonly checkedMs?: number;
}

export interface TestRun {
	/** Default: finished */
	readonly state?: 'running' | 'finished' | 'failed' | 'interrupted' | 'imported';
	/** Default: that of no other run */
	readonly fingerprint?: string;
	readonly rows: readonly TestRow[];
}

export class QueryDatabase implements Disposable {
	readonly #folder = mkdtempSync(join(tmpdir(), 'pingpool-query-'));
	readonly path = join(this.#folder, 'hosts.db');
	/** to write, and to ask in one big SELECT */
	readonly db: Database.Database;
	readonly context: QueryContext;

	constructor() {
		const store = openSqliteStore({ path: this.path });
		void store.close();
		this.db = new Database(this.path);
		this.context = queryContext(openToRead(this.path, 1_000), systemClock);
	}

	/** @returns its id */
	addRun({ state = 'finished', fingerprint, rows }: TestRun): number {
		const id = 1 + (this.db.prepare('SELECT coalesce(max(id), 0) FROM runs').pluck().get() as number);
		this.db
			.prepare(
				`INSERT INTO runs (id, state, started_at, total, fingerprint, options) VALUES (?, ?, ?, ?, ?, '{"count":1}')`,
			)
			.run(id, state, startedAtMs, rows.length, fingerprint ?? `list of ${id}`);
		this.addRows(id, rows);
		if (state !== 'running') this.#count(id);
		return id;
	}

	addRows(runId: number, rows: readonly TestRow[]): void {
		const worker = this.db.prepare('INSERT OR IGNORE INTO workers (name) VALUES (?)');
		const workerId = this.db.prepare('SELECT id FROM workers WHERE name = ?').pluck();
		const insert = this.db.prepare(
			`INSERT INTO answers (id, host, outcome, checked_at, rtt_us, address) VALUES (?, ?, ?, ?, ?, ?)`,
		);
		this.db.transaction(() => {
			for (const row of rows) {
				const { status = 'up', reason = '', worker: name = 'w1', position, checkedMs = 0 } = row;
				worker.run(name);
				const id = workerId.get(name) as number;
				const received = status === 'up' ? 1 : 0;
				const outcome = packOutcome(statusCode(status), reasonCode(reason), 2, received, id);
				insert.run(
					runId * runUnit + position,
					row.host,
					outcome,
					startedAtMs + checkedMs,
					row.rttUs ?? null,
					row.address ?? null,
				);
			}
		})();
	}

	/** Every row of a run, as the view has it, in list order. */
	rows(runId: number): ViewRow[] {
		return this.db
			.prepare<[number], ViewRow>('SELECT * FROM results WHERE run_id = ? ORDER BY position')
			.all(runId);
	}

	[Symbol.dispose](): void {
		this.context.db.close();
		this.db.close();
		rmSync(this.#folder, { recursive: true });
	}

	#count(runId: number): void {
		const rows = this.rows(runId);
		const counts = statuses.map((name) => rows.filter(({ status }) => status === name).length);
		this.db
			.prepare(`UPDATE runs SET ${statuses.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`)
			.run(...counts, runId);
	}
}

/** A row of the view `results`. */
export interface ViewRow {
	readonly run_id: number;
	readonly position: number;
	readonly host: string;
	readonly status: string;
	readonly reason: string | null;
	readonly address: string | null;
	readonly rtt_ms: number | null;
	readonly worker: string | null;
	readonly checked_at: number;
}

/** Does all of some work at once. */
export function finish<Result>(steps: Steps<Result>): Result {
	for (;;) {
		const step = steps.next();
		if (step.done) return step.value;
	}
}
