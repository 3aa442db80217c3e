/**
 * Carries over a database of the system that pingpool replaces: one table `hosts(host, status)` and nothing
 * else. Its rows become the results of a run in state `imported`; the table itself stays under another name.
 */
import type { Database } from 'better-sqlite3';
import { escapeUnsafe } from '../../shared/display.ts';
import { formatCount } from '../../shared/format.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import { parseTarget } from '../../shared/target.ts';
import { packOutcome } from './outcome-code.ts';
import { runUnit } from './schema.ts';

/** What the old table is called afterwards. */
const keptName = 'hosts_before_pingpool';
const importWorker = 'imported';

/** Words that the old system and its variants wrote. */
const upWords = new Set(['up', 'alive', 'reachable', 'online', 'ok', 'success', 'true', '1', '1.0']);
const downWords = new Set([
	...[
		'down',
		'dead',
		'unreachable',
		'offline',
		'timeout',
		'timed out',
		'no response',
		'no reply',
		'unknown host',
	],
	...['fail', 'failed', 'failure', 'false', '0', '0.0'],
]);

export interface ImportedCounts {
	readonly hosts: number;
	/** rows whose status is no word that we know: kept as `error` */
	readonly unknown: number;
}

/** Moves the old table out of the way. Call before the migrations, in the same transaction. */
export function setAsideLegacyTable(db: Database): void {
	db.exec(`ALTER TABLE hosts RENAME TO ${keptName}`);
}

/**
 * Copies its rows. Call after the migrations, in the same transaction.
 *
 * @param checkedAtMs when the old file was last written, which is the best that is known of its rows
 */
export function importLegacyRows(db: Database, checkedAtMs: number): ImportedCounts {
	const worker = Number(
		db.prepare('INSERT INTO workers (id, name) VALUES (0, ?)').run(importWorker).lastInsertRowid,
	);
	const runId = Number(
		db
			.prepare(
				`INSERT INTO runs (state, started_at, finished_at, total, fingerprint, options)
				VALUES ('imported', ?, ?, 0, '', '{}')`,
			)
			.run(checkedAtMs, checkedAtMs).lastInsertRowid,
	);
	const counts = { up: 0, down: 0, error: 0 };
	const changed = new Set<string>();
	db.function('import_host', { directOnly: true }, (host: unknown) => canonicalHost(String(host), changed));
	db.function('import_status', { directOnly: true }, (word: unknown) => {
		const { status, reason } = meaningOf(word);
		counts[status] += 1;
		return packOutcome(statusCode(status), reasonCode(reason), 0, 0, worker);
	});
	// A host whose canonical text another row has already keeps its own.
	db.prepare(
		`INSERT INTO answers (id, host, outcome, checked_at)
		SELECT
			:base + row_number() OVER (ORDER BY rowid) - 1,
			CASE WHEN canonical <> host AND EXISTS (SELECT 1 FROM ${keptName} AS other WHERE other.host = canonical)
				THEN host ELSE canonical END,
			import_status(status),
			:checkedAt
		FROM (
			SELECT rowid, CAST(host AS TEXT) AS host, import_host(CAST(host AS TEXT)) AS canonical, status
			FROM ${keptName} WHERE host IS NOT NULL
		)`,
	).run({ base: runId * runUnit, checkedAt: checkedAtMs });
	const hosts = counts.up + counts.down + counts.error;
	db.prepare(
		'UPDATE runs SET total = ?, up = ?, down = ?, unresolved = 0, denied = 0, error = ? WHERE id = ?',
	).run(hosts, counts.up, counts.down, counts.error, runId);
	return { hosts, unknown: counts.error };
}

/** What is told to the user afterwards. */
export function importNotice(path: string, { hosts, unknown }: ImportedCounts): string {
	const rest = unknown === 0 ? '' : ` ${formatCount(unknown)} had no status that is known and show as error.`;
	return (
		`${escapeUnsafe(path)} was written by the old system: its ${formatCount(hosts)} hosts were carried over.${rest}` +
		` The old table is kept as ${keptName}.`
	);
}

function canonicalHost(host: string, changed: Set<string>): string {
	let canonical = host;
	try {
		canonical = parseTarget(host.trim()).text;
	} catch {
		// What pingpool would not ping is history all the same: it keeps its text.
	}
	if (canonical === host) return host;
	if (changed.has(canonical)) return host;
	changed.add(canonical);
	return canonical;
}

function meaningOf(word: unknown): {
	status: 'up' | 'down' | 'error';
	reason: 'timeout' | 'host-unreachable' | '';
} {
	const plain = String(word ?? '')
		.trim()
		.toLowerCase()
		.replaceAll('_', ' ');
	if (upWords.has(plain)) return { status: 'up', reason: '' };
	if (!downWords.has(plain)) return { status: 'error', reason: '' };
	if (plain === 'timeout' || plain === 'timed out') return { status: 'down', reason: 'timeout' };
	return { status: 'down', reason: plain === 'unreachable' ? 'host-unreachable' : '' };
}
