/** Other programs that use a database while a master writes it must be able to see that it is in use. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { openToRead } from '../../../master/store/open-database.ts';
import { openSqliteStore } from '../../../master/store/sqlite.ts';
import { testUnless } from '../../requirements.ts';

let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-others-'));
	path = join(folder, 'hosts.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Locks that this process has on the file. */
function locks(): number {
	// Files of other disks may have its number.
	const end = ` ${process.pid} [0-9a-f]+:[0-9a-f]+:${statSync(path).ino} `;
	return readFileSync('/proc/locks', 'utf8')
		.split('\n')
		.filter((line) => line.search(end) >= 0).length;
}

// Without them, an SQLite before 3.51 that closes the file takes itself for the last one, and removes the log.
testUnless(
	process.platform === 'linux' ? undefined : 'needs Linux',
	'the locks of a master outlast what its dashboard opens and closes',
	async () => {
		const store = openSqliteStore({ path });
		try {
			await store.startRun({ startedAtMs: 1, total: 2, fingerprint: 'f', options: {} });
			const held = locks();
			expect(held).toBeGreaterThan(0);
			openToRead(path).close();
			const reading = openToRead(path);
			expect(locks()).toBe(held);
			reading.close();
			expect(locks()).toBe(held);
		} finally {
			await store.close();
		}
	},
);
