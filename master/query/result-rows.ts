/** Rows of answers as the dashboard shows them. */
import type { Database, Statement } from 'better-sqlite3';
import type { ResultRow } from '../../shared/dashboard-api.ts';
import type { AnswerRow } from '../store/answer-row.ts';
import { addressOf, msOf, packedOf } from '../store/answer-row.ts';
import { unpackOutcome } from '../store/outcome-code.ts';
import { runUnit } from '../store/schema.ts';
import { shownSql, shownText, shownWhole } from './shown-values.ts';
import type { DatabaseWords } from './words.ts';

/** As `answerColumns`; of texts, no more is read than is shown. */
export const shownColumns = `id, ${shownSql('host')}, outcome, checked_at, rtt_us,
	${shownSql('address')}, rtt_min_us, rtt_max_us, jitter_us`;

export class ResultRows {
	readonly #words: DatabaseWords;
	readonly #byId: Statement<[number], AnswerRow>;

	constructor(db: Database, words: DatabaseWords) {
		this.#words = words;
		this.#byId = db.prepare<[number], AnswerRow>(`SELECT ${shownColumns} FROM answers WHERE id = ?`).raw();
	}

	/** The row at a position of a run, if there is one. */
	at(runId: number, position: number): ResultRow | undefined {
		const raw = this.#byId.get(runId * runUnit + position);
		return raw && this.of(raw);
	}

	of([id, host, outcome, checkedAtMs, rtt, address, min, max, jitter]: AnswerRow): ResultRow {
		const name = shownText(host) ?? '';
		const { status, reason, sent, received, worker } = unpackOutcome(packedOf(outcome));
		return {
			runId: Math.floor(id / runUnit),
			position: id % runUnit,
			host: name,
			status: this.#words.status(status),
			reason: this.#words.reason(reason),
			address: addressOf(name, shownText(address)),
			rttMs: msOf(shownWhole(rtt)),
			sent,
			received,
			rttMinMs: msOf(shownWhole(min)),
			rttMaxMs: msOf(shownWhole(max)),
			jitterMs: msOf(shownWhole(jitter)),
			worker: this.#words.worker(worker),
			checkedAtMs: shownWhole(checkedAtMs) ?? 0,
		};
	}
}
