/** Rows of answers as the dashboard shows them. */
import type { Database, Statement } from 'better-sqlite3';
import type { ResultRow } from '../../shared/dashboard-api.ts';
import type { AnswerRow } from '../store/answer-row.ts';
import { addressOf, answerColumns, msOf, packedOf, textOf } from '../store/answer-row.ts';
import { unpackOutcome } from '../store/outcome-code.ts';
import { runUnit } from '../store/schema.ts';
import type { DatabaseWords } from './words.ts';

export class ResultRows {
	readonly #words: DatabaseWords;
	readonly #byId: Statement<[number], AnswerRow>;

	constructor(db: Database, words: DatabaseWords) {
		this.#words = words;
		this.#byId = db.prepare<[number], AnswerRow>(`SELECT ${answerColumns} FROM answers WHERE id = ?`).raw();
	}

	/** The row at a position of a run, if there is one. */
	at(runId: number, position: number): ResultRow | undefined {
		const raw = this.#byId.get(runId * runUnit + position);
		return raw && this.of(raw);
	}

	of([id, host, outcome, checkedAtMs, rtt, address, min, max, jitter]: AnswerRow): ResultRow {
		const name = textOf(host) ?? '';
		const { status, reason, sent, received, worker } = unpackOutcome(packedOf(outcome));
		return {
			runId: Math.floor(id / runUnit),
			position: id % runUnit,
			host: name,
			status: this.#words.status(status),
			reason: this.#words.reason(reason),
			address: addressOf(name, address),
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
