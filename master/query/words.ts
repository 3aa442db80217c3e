/** The words of a database for the numbers in its answers, read anew when somebody has written meanwhile: new workers
 * join while a run goes on, and a newer program may know more reasons. */
import type { Database, Statement } from 'better-sqlite3';
import { reasonOf, statusOf, workerOf } from '../store/answer-kind.ts';
import { outcomeSql } from '../store/outcome-code.ts';
import { shownSql, shownText } from './shown-values.ts';

const name = shownSql('name');

type Words = ReadonlyMap<number, string>;

export class DatabaseWords {
	readonly #db: Database;
	readonly #version: Statement<[], number>;
	#readVersion = -1;
	#statuses: Words = new Map();
	#reasons: Words = new Map();
	#workers: Words = new Map();

	constructor(db: Database) {
		this.#db = db;
		this.#version = db.prepare<[], number>('PRAGMA data_version').pluck();
	}

	/** Changes whenever another connection has changed the database. */
	version(): number {
		return this.#version.get()!;
	}

	/** What there is now. */
	refresh(): void {
		const version = this.version();
		if (version === this.#readVersion) return;
		this.#statuses = wordsOf(this.#db.prepare(`SELECT code, ${name} FROM statuses`));
		this.#reasons = wordsOf(this.#db.prepare(`SELECT code, ${name} FROM reasons`));
		this.#workers = wordsOf(this.#db.prepare(`SELECT id, ${name} FROM workers`));
		this.#readVersion = version;
	}

	/** A number without a word stands for itself. */
	status(code: number): string {
		return this.#statuses.get(code) ?? String(code);
	}

	/** `null` for none */
	reason(code: number): string | null {
		return this.#reasons.get(code) ?? (code === 0 ? null : String(code));
	}

	/** `null` for one that the database does not name */
	worker(id: number): string | null {
		const name = this.#workers.get(id);
		if (name !== undefined) return name;
		this.refresh();
		return this.#workers.get(id) ?? null;
	}

	/** Which kinds of answers have one of the words in each list; a list that is empty holds nothing up. */
	kindTest(
		statuses: readonly string[],
		reasons: readonly string[],
		workers: readonly string[],
	): { readonly passes: (kind: number) => boolean; readonly sql: string } {
		const tests = [
			{ codes: codesOf(this.#statuses, statuses), of: statusOf, sql: outcomeSql.status },
			{ codes: codesOf(this.#reasons, reasons), of: reasonOf, sql: outcomeSql.reason },
			{ codes: codesOf(this.#workers, workers), of: workerOf, sql: outcomeSql.worker },
		].filter(({ codes }) => codes !== undefined);
		return {
			passes: (kind) => tests.every(({ codes, of }) => codes!.has(of(kind))),
			sql: tests.map(({ codes, sql }) => `${sql} IN (${[...codes!].join(', ')})`).join(' AND '),
		};
	}
}

function wordsOf(statement: Statement): Words {
	const rows = statement.raw().all() as [number, unknown][];
	return new Map(rows.map(([code, word]) => [code, shownText(word) ?? '']));
}

/** @returns `undefined` for an empty list; a word that the database does not know has no number */
function codesOf(known: Words, words: readonly string[]): ReadonlySet<number> | undefined {
	if (words.length === 0) return undefined;
	return new Set([...known].filter(([, word]) => words.includes(word)).map(([code]) => code));
}
