import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../master/store/sqlite.ts';
import type { Store } from '../../master/store/store.ts';
import { openThreadStore } from '../../master/store/thread-store.ts';
import type { ReadRow, StorePlace } from './store-contract.ts';
import { storeContract } from './store-contract.ts';

function sqlitePlace(openAt: (path: string) => Promise<Store>): StorePlace {
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-store-'));
	const path = join(folder, 'hosts.db');
	function all<Row>(sql: string): Row[] {
		const db = new Database(path, { readonly: true });
		try {
			return db.prepare(sql).all() as Row[];
		} finally {
			db.close();
		}
	}
	return {
		open: () => openAt(path),
		results: () => all<ReadRow>('SELECT * FROM results ORDER BY run_id, position'),
		hosts: () => all('SELECT host, status, run_id FROM hosts ORDER BY host'),
		events: () => all('SELECT * FROM events ORDER BY run_id, number'),
		runs: () => all('SELECT id, state, total, up, finished_at FROM runs ORDER BY id'),
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}

storeContract('SQLite', () => sqlitePlace(async (path) => openSqliteStore({ path })));
storeContract('SQLite in a thread', () => sqlitePlace((path) => openThreadStore({ path })));
