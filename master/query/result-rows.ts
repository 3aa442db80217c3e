/** Rows of answers as the dashboard shows them. */
import type { Database, Statement } from 'better-sqlite3';
import { isAddress } from '../../shared/columns.ts';
import type { ResultRow } from '../../shared/dashboard-api.ts';
import { unpackOutcome } from '../store/outcome-code.ts';
import { runUnit } from '../store/schema.ts';
import type { DatabaseWords } from './words.ts';

/** What a statement must select for `of`. */
export const rowColumns = 'id, host, outcome, checked_at, rtt_us, address, rtt_min_us, rtt_max_us, jitter_us';

/** These columns, as anybody may have written them. */
export type RawRow = [id: number, ...unknown[]];

export class ResultRows {
	readonly #words: DatabaseWords;
	readonly #byId: Statement<[number], RawRow>;

	constructor(db: Database, words: DatabaseWords) {
		this.#words = words;
		this.#byId = db.prepare<[number], RawRow>(`SELECT ${rowColumns} FROM answers WHERE id = ?`).raw();
	}

	/** The row at a position of a run, if there is one. */
	at(runId: number, position: number): ResultRow | undefined {
		const raw = this.#byId.get(runId * runUnit + position);
		return raw && this.of(raw);
	}

	of([id, host, outcome, checkedAtMs, rtt, address, min, max, jitter]: RawRow): ResultRow {
		const name = textOf(host) ?? '';
		const { status, reason, sent, received, worker } = unpackOutcome(
			typeof outcome === 'number' ? outcome : 0,
		);
		return {
			runId: Math.floor(id / runUnit),
			position: id % runUnit,
			host: name,
			status: this.#words.status(status),
			reason: this.#words.reason(reason),
			// A bare address is its own, and is not kept twice.
			address: textOf(address) ?? (isAddress(name) ? name : null),
			rttMs: msOf(rtt),
			sent,
			received,
			rttMinMs: msOf(min),
			rttMaxMs: msOf(max),
			jitterMs: msOf(jitter),
			worker: this.#words.worker(worker),
			checkedAtMs: typeof checkedAtMs === 'number' ? checkedAtMs : 0,
		};
	}
}

function textOf(value: unknown): string | null {
	if (typeof value === 'string') return value;
	return value === null || value === undefined ? null : String(value);
}

function msOf(us: unknown): number | null {
	return typeof us === 'number' ? us / 1_000 : null;
}
