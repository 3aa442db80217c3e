/** What a run said, as the database keeps it (master/store/event-writer.ts). */
import type { Database } from 'better-sqlite3';
import type { LiveEvent, RunEvents } from '../../shared/dashboard-api.ts';
import { eventLevels } from '../../shared/dashboard-api.ts';
import { eventsPerRunMax } from '../../shared/limits.ts';
import { hasTable } from '../store/has-table.ts';
import { readRun } from './run-rows.ts';
import { shownNumber, shownSql, shownText } from './shown-values.ts';

const columns = `number, at, ${shownSql('level')} AS level, ${shownSql('type')} AS type,
	${shownSql('worker')} AS worker, ${shownSql('text')} AS text`;

/** @throws PingpoolError `not-found` */
export function runEvents(db: Database, id: number): RunEvents {
	const run = readRun(db, id);
	if (!hasTable(db, 'events')) return { run, areKept: false, events: [], leftOut: 0 };
	const rows = db
		.prepare<[number, number], Record<string, unknown>>(
			`SELECT ${columns} FROM events WHERE run_id = ? ORDER BY number DESC LIMIT ?`,
		)
		.all(id, eventsPerRunMax);
	const events = rows.reverse().map((row) => eventOf(row, run.startedAtMs));
	const leftOut = Math.max(0, (events.at(-1)?.id ?? 0) - events.length);
	// The run was read first: one that has ended has said all of it, in the transaction that ended it.
	return { run, areKept: true, events, leftOut };
}

/** Anybody may have written them. */
function eventOf(row: Readonly<Record<string, unknown>>, startedAtMs: number): LiveEvent {
	return {
		id: shownNumber(row.number) ?? 0,
		atMs: (shownNumber(row.at) ?? startedAtMs) - startedAtMs,
		level: eventLevels.find((level) => level === row.level) ?? 'info',
		type: shownText(row.type) ?? '',
		worker: shownText(row.worker),
		text: shownText(row.text) ?? '',
	};
}
