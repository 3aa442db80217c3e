/**
 * The tables of a database, as numbered migrations: `PRAGMA user_version` says how many have been applied.
 *
 * Answers are one table keyed by run × 2^32 + position, so that writing in list order appends to the tree, a
 * run is one range of keys, and a position can not be there twice. Text is kept once: statuses, reasons and
 * workers are numbers (outcome-code.ts), times are integers: checked_at in ms UTC, round-trip times in µs.
 * `results` and `hosts` are views that give them back as words and milliseconds.
 */
import type { Database } from 'better-sqlite3';
import { reasons, statuses } from '../../shared/outcome.ts';
import { outcomeSql } from './outcome-code.ts';

/** "ping" in the header of the file: tells our databases from others'. */
export const applicationId = 0x70_69_6e_67;

/** Keys of one run start at run × this. */
export const runUnit = 2 ** 32;

/** Addresses are kept where they are not the host's own text: a bare IPv4 or IPv6 address is its own. */
const addressOrHost = `coalesce(address, CASE
	WHEN host NOT GLOB '*[^0-9.]*' THEN host
	WHEN host GLOB '*:*:*' AND host NOT GLOB '*[^0-9a-f:.]*' THEN host
END)`;

/** Words and milliseconds of an answer; joins on unused tables are left out by SQLite. */
const words = `
	host,
	statuses.name AS status,
	reasons.name AS reason,
	${addressOrHost} AS address,
	rtt_us / 1000.0 AS rtt_ms,
	workers.name AS worker`;
const joins = `
	LEFT JOIN statuses ON statuses.code = ${outcomeSql.status}
	LEFT JOIN reasons ON reasons.code = ${outcomeSql.reason}
	LEFT JOIN workers ON workers.id = ${outcomeSql.worker}`;

const migrations: readonly string[] = [
	// 1: runs, answers, and the views over them
	`
	CREATE TABLE runs (
		id INTEGER PRIMARY KEY,
		state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'failed', 'interrupted', 'imported')),
		started_at INTEGER NOT NULL,
		finished_at INTEGER,
		total INTEGER NOT NULL,
		up INTEGER,
		down INTEGER,
		unresolved INTEGER,
		denied INTEGER,
		error INTEGER,
		fingerprint TEXT NOT NULL,
		options TEXT NOT NULL
	) STRICT;
	CREATE TABLE workers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
	CREATE TABLE statuses (code INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
	CREATE TABLE reasons (code INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
	CREATE TABLE answers (
		id INTEGER PRIMARY KEY,
		host TEXT NOT NULL,
		outcome INTEGER NOT NULL,
		checked_at INTEGER NOT NULL,
		rtt_us INTEGER,
		address TEXT,
		rtt_min_us INTEGER,
		rtt_max_us INTEGER,
		jitter_us INTEGER
	);
	-- Runs are joined by a range of keys, so that WHERE run_id = … reads that run alone.
	CREATE VIEW results AS
	SELECT
		runs.id AS run_id,
		${words},
		${outcomeSql.sent} AS sent,
		${outcomeSql.sent} - ${outcomeSql.lost} AS received,
		rtt_min_us / 1000.0 AS rtt_min_ms,
		rtt_max_us / 1000.0 AS rtt_max_ms,
		jitter_us / 1000.0 AS jitter_ms,
		CASE WHEN ${outcomeSql.sent} > 0 THEN 100.0 * ${outcomeSql.lost} / ${outcomeSql.sent} END AS loss_percent,
		checked_at,
		answers.id & 0xffffffff AS position
	FROM runs
	CROSS JOIN answers ON answers.id BETWEEN runs.id << 32 AND (runs.id << 32) + 0xffffffff
	${joins};
	-- The newest answer of every host. Hosts of one run are distinct, so the newest run needs no grouping, which
	-- makes this a plain scan while there is one run; of the older ones, only hosts that it lacks are grouped.
	CREATE VIEW hosts AS
	SELECT ${words}, answers.id >> 32 AS run_id, checked_at
	FROM answers ${joins}
	WHERE answers.id >= (SELECT max(id) >> 32 << 32 FROM answers)
	UNION ALL
	SELECT ${words}, newest >> 32 AS run_id, checked_at
	FROM (
		SELECT max(id) AS newest, host, outcome, checked_at, rtt_us, address
		FROM answers
		WHERE id < (SELECT max(id) >> 32 << 32 FROM answers)
			AND host NOT IN (SELECT host FROM answers WHERE id >= (SELECT max(id) >> 32 << 32 FROM answers))
		GROUP BY host
	) ${joins};
	`,
	// 2: what runs said (event-writer.ts), and what their rows come to (summary-writer.ts)
	`
	CREATE TABLE events (
		run_id INTEGER NOT NULL,
		number INTEGER NOT NULL,
		at INTEGER NOT NULL,
		level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
		type TEXT NOT NULL,
		worker TEXT,
		text TEXT NOT NULL,
		PRIMARY KEY (run_id, number)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE run_summaries (
		run_id INTEGER PRIMARY KEY,
		version INTEGER NOT NULL,
		summary TEXT NOT NULL
	) STRICT;
	-- We never change or remove rows. Whoever does must not leave counts of other rows behind.
	CREATE TRIGGER answers_changed AFTER UPDATE ON answers BEGIN
		DELETE FROM run_summaries WHERE run_id IN (old.id >> 32, new.id >> 32);
	END;
	CREATE TRIGGER answers_removed AFTER DELETE ON answers BEGIN
		DELETE FROM run_summaries WHERE run_id = old.id >> 32;
	END;
	-- The number of the newest run is given again when that is removed.
	CREATE TRIGGER runs_removed AFTER DELETE ON runs BEGIN
		DELETE FROM events WHERE run_id = old.id;
		DELETE FROM run_summaries WHERE run_id = old.id;
	END;
	`,
];

/** What a database of this program's version has. */
export const schemaVersion: number = migrations.length;

/** Applies what a database lacks and brings its lists of words up to date. Call inside a transaction. */
export function migrate(db: Database): void {
	const from = db.pragma('user_version', { simple: true }) as number;
	for (const migration of migrations.slice(from)) db.exec(migration);
	// A newer program of the same schema may have added words: only what is missing is put in.
	const addStatus = db.prepare('INSERT OR IGNORE INTO statuses (code, name) VALUES (?, ?)');
	for (const [code, name] of statuses.entries()) addStatus.run(code, name);
	const addReason = db.prepare('INSERT OR IGNORE INTO reasons (code, name) VALUES (?, ?)');
	// Code 0 stands for "none" and has no word: the view shows NULL.
	for (const [code, name] of reasons.entries()) if (code > 0) addReason.run(code, name);
	if (from === schemaVersion) return;
	db.pragma(`application_id = ${applicationId}`);
	db.pragma(`user_version = ${schemaVersion}`);
}
