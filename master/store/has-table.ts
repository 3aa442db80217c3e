/** Which of our tables a database has: one of an older version lacks the newest. */
import type { Database } from 'better-sqlite3';

export function hasTable(db: Database, name: 'events' | 'run_summaries'): boolean {
	const found = db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(name);
	return found !== undefined;
}
