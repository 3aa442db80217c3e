/**
 * Says whether a run that was killed and continued is what an undisturbed one would have been. It knows nothing
 * of pingpool: it reads the list, the database, and what the hosts saw (host-log.ts).
 *
 *   node verify.ts LIST DATABASE LOG
 *
 * Prints the verdict as JSON; every number but `hosts`, `rows`, `starts` and `asks` must be 0.
 */
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';

export interface Verdict {
	readonly hosts: number;
	readonly rows: number;
	readonly starts: number;
	/** times that a host was probed: what a kill cost is what this is above `hosts` */
	readonly asks: number;
	/** hosts of the list without a row */
	readonly lost: number;
	/** rows of a host beyond its first */
	readonly double: number;
	/** rows that are not of the list's host of that position, or not of the one run */
	readonly unexpected: number;
	/** rows with an answer that the host never gave */
	readonly invented: number;
	/** hosts that were probed again after a restart that found them answered */
	readonly askedAgain: number;
	/** hosts that were found committed between two masters, and whose row is of a later master */
	readonly replaced: number;
	/** what is wrong with the database as a whole */
	readonly problems: readonly string[];
}

interface Row {
	readonly run_id: number;
	readonly position: number;
	readonly host: string;
	readonly status: string;
	readonly rtt_us: number | null;
	readonly checked_at: number;
}

interface Seen {
	/** the last life in which it was probed; lives are counted from 1 */
	lastAsk: number;
	/** the life after which it was found committed */
	had: number | undefined;
	readonly answers: Set<string>;
}

const [listPath, databasePath, logPath] = process.argv.slice(2) as [string, string, string];
const list = readFileSync(listPath, 'utf8').split('\n').filter(Boolean);
process.stdout.write(`${JSON.stringify(verdict())}\n`);

function verdict(): Verdict {
	const { seen, startsMs, asks } = readLog();
	const { rows, problems } = readDatabase();
	const answered = new Map<string, number>();
	let unexpected = 0;
	let invented = 0;
	let askedAgain = 0;
	let replaced = 0;
	for (const { run_id, position, host, status, rtt_us, checked_at } of rows) {
		answered.set(host, (answered.get(host) ?? 0) + 1);
		if (run_id !== 1 || list[position] !== host) unexpected += 1;
		const { answers, lastAsk, had } = seen.get(host) ?? unseen();
		if (!answers.has(`${status} ${rtt_us ?? '-'}`)) invented += 1;
		// A row that is there was committed by the master that took the answer, before the next one was started.
		const life = startsMs.findLastIndex((startMs) => startMs <= checked_at) + 1;
		if (lastAsk > Math.min(life, had ?? life)) askedAgain += 1;
		if (had !== undefined && life > had) replaced += 1;
	}
	return {
		hosts: list.length,
		rows: rows.length,
		starts: startsMs.length,
		asks,
		lost: list.filter((host) => !answered.has(host)).length,
		double: rows.length - answered.size,
		unexpected,
		invented,
		askedAgain,
		replaced,
		problems,
	};
}

function unseen(): Seen {
	return { lastAsk: 0, had: undefined, answers: new Set() };
}

function readLog() {
	const seen = new Map<string, Seen>();
	const startsMs: number[] = [];
	let asks = 0;
	for (const line of readFileSync(logPath, 'utf8').split('\n')) {
		const [what, subject = '', ...answer] = line.split(' ');
		if (what === 'start') startsMs.push(Number(subject));
		if (what !== 'ask' && what !== 'gave' && what !== 'had') continue;
		const host = seen.get(subject) ?? unseen();
		seen.set(subject, host);
		if (what === 'gave') host.answers.add(answer.join(' '));
		else if (what === 'had') host.had ??= startsMs.length;
		else {
			host.lastAsk = startsMs.length;
			asks += 1;
		}
	}
	return { seen, startsMs, asks };
}

function readDatabase() {
	const db = new Database(databasePath, { readonly: true });
	try {
		const problems: string[] = [];
		const integrity = db.pragma('integrity_check', { simple: true });
		if (integrity !== 'ok') problems.push(`integrity: ${integrity}`);
		const runs = db.prepare('SELECT id, state, total FROM runs').all() as { state: string; total: number }[];
		if (runs.length !== 1 || runs[0]?.state !== 'finished' || runs[0].total !== list.length) {
			problems.push(`runs: ${JSON.stringify(runs)}`);
		}
		const rows = db
			.prepare(
				`SELECT run_id, position, host, status, CAST(round(rtt_ms * 1000) AS INTEGER) AS rtt_us, checked_at
				FROM results`,
			)
			.all() as Row[];
		return { rows, problems };
	} finally {
		db.close();
	}
}
