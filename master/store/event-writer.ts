/**
 * Writes down what runs say. Events of a run are numbered from 1; of very many, the first and the newest are kept, so
 * the number of the newest says how many there were.
 */
import type { Database, Statement } from 'better-sqlite3';
import { eventsFirstMax, eventsPerRunMax, storedEventCharsMax } from '../../shared/limits.ts';
import type { Said } from './said.ts';

const newestMax = eventsPerRunMax - eventsFirstMax;

/** Every method is to be called inside a transaction. */
export class EventWriter {
	readonly #insert: Statement;
	readonly #last: Statement<[number], number>;
	readonly #trim: Statement;
	/** the newest number by run; empty when it may be another one */
	readonly #numbers = new Map<number, number>();

	constructor(db: Database) {
		this.#insert = db.prepare(
			'INSERT INTO events (run_id, number, at, level, type, worker, text) VALUES (?, ?, ?, ?, ?, ?, ?)',
		);
		this.#last = db
			.prepare<[number], number>('SELECT coalesce(max(number), 0) FROM events WHERE run_id = ?')
			.pluck();
		this.#trim = db.prepare('DELETE FROM events WHERE run_id = ? AND number > ? AND number <= ?');
	}

	write(runId: number, { events, leftOut }: Said): void {
		if (events.length + leftOut === 0) return;
		let number = this.#numbers.get(runId) ?? this.#last.get(runId)!;
		for (const { atMs, level, type, worker, text } of events) {
			number += 1;
			this.#insert.run(runId, number, Math.round(atMs), level, type, worker, cut(text));
		}
		number += leftOut;
		if (number > eventsPerRunMax) this.#trim.run(runId, eventsFirstMax, number - newestMax);
		this.#numbers.set(runId, number);
	}

	/** A transaction was rolled back. */
	forget(): void {
		this.#numbers.clear();
	}
}

function cut(text: string): string {
	return text.length > storedEventCharsMax ? `${text.slice(0, storedEventCharsMax)}…` : text;
}
