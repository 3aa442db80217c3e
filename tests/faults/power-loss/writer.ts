/**
 * The process that is traced: it opens, fills and closes a database through the real store, and says on stderr
 * what it was told is committed. Those words stand in the trace among its writes to the disk.
 *
 * Arguments: the database, `full`, `normal` or `off`, and the script as JSON. `off` is for the test of the test:
 * a store that never syncs.
 */
import { writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../../master/store/sqlite.ts';
import type { Durability } from '../../../master/store/store.ts';
import type { Script } from './script.ts';
import { rowsBetween, runOptions } from './script.ts';

const [path, mode, json] = process.argv.slice(2) as [string, Durability | 'off', string];
const script = JSON.parse(json) as Script;
const durability = mode === 'off' ? 'normal' : mode;

if (mode === 'off') {
	const { pragma } = Database.prototype;
	Database.prototype.pragma = function (source, options) {
		return pragma.call(this, /^synchronous/.test(source) ? 'synchronous = off' : source, options);
	};
}

function say(what: string): void {
	// Synchronous, so that it stands in the trace where it belongs.
	writeSync(2, `${what}\n`);
}

/** Copies the log back, after which it is written from its start again: what the store does after 16 MB. */
function checkpoint(): void {
	const other = new Database(path);
	other.pragma(`synchronous = ${mode}`);
	other.pragma('wal_checkpoint(PASSIVE)');
	other.close();
}

let runId: number | undefined;
let commit = 0;
for (let life = 1; life <= script.lives; life += 1) {
	const store = openSqliteStore({ path, durability });
	runId ??= await store.startRun({
		startedAtMs: 1_000,
		total: script.rowsAfter.at(-1)!,
		fingerprint: 'list',
		options: runOptions,
	});
	for (let i = 1; i <= script.commits; i += 1) {
		const [from, to] = [script.rowsAfter[commit]!, script.rowsAfter[commit + 1]!];
		await store.append(rowsBetween(runId, from, to, script.hostLength));
		await store.flush();
		commit += 1;
		say(`committed ${to}`);
		if (script.checkpointEvery > 0 && i % script.checkpointEvery === 0) checkpoint();
	}
	if (life === script.lives) {
		await store.finishRun(runId, { state: 'finished', finishedAtMs: 3_000 });
		say('finished');
	}
	await store.close();
	say(`closed ${script.rowsAfter[commit]}`);
}
