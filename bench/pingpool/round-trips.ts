/** The median of the round-trip times that a run put into its database. */
import Database from 'better-sqlite3';

/** @returns ms; NaN when no host answered */
export function medianRttMs(path: string): number {
	const database = new Database(path, { readonly: true });
	try {
		const rows = database
			.prepare('SELECT rtt_ms FROM results WHERE rtt_ms IS NOT NULL ORDER BY rtt_ms')
			.pluck()
			.all() as number[];
		return rows.length === 0 ? Number.NaN : rows[rows.length >> 1]!;
	} finally {
		database.close();
	}
}
