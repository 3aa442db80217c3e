/**
 * Opens a database file for writing, or says why not. Nothing is changed in a file before a look through a
 * read-only connection has shown that it is ours, empty, or the old system's.
 */
import {
	accessSync,
	closeSync,
	constants,
	existsSync,
	lstatSync,
	openSync,
	readSync,
	statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { escapeUnsafe } from '../../shared/display.ts';
import { PingpoolError, systemErrorCode } from '../../shared/errors.ts';
import { databaseBusyMsMax } from '../../shared/limits.ts';
import { databaseError } from './database-error.ts';
import { importLegacyRows, importNotice, setAsideLegacyTable } from './legacy.ts';
import { applicationId, migrate, schemaVersion } from './schema.ts';
import type { Durability } from './store.ts';

/** Pages of the write-ahead log (4 KiB each) after which it is copied back: 16 MB. SQLite's own 1,000 were
 * slower by a fifth, 8,000 no faster. */
const checkpointPages = 4_000;
/** Page cache: inner pages and the window that is being filled fit many times over. */
const cacheKib = 16 * 1024;

/** The smallest page that there can be: a shorter file may be nothing to SQLite, although it is something. */
const lookedAtBytes = 512;

type Kind = 'ours' | 'empty' | 'legacy';

export interface OpenOptions {
	/** takes what the user should know: that an old file was carried over */
	readonly onNotice: (message: string) => void;
	/** how long another program's lock is waited for */
	readonly busyTimeoutMs: number;
	readonly durability: Durability;
}

/**
 * @param path file of the database; created with mode 0600 when there is none
 * @throws PingpoolError `database`
 */
export function openDatabase(
	path: string,
	{ onNotice, busyTimeoutMs, durability }: OpenOptions,
): Database.Database {
	let db: Database.Database | undefined;
	try {
		const writtenAtMs = createOrStat(path);
		const kind = inspect(path, busyTimeoutMs, (_, found) => found) ?? 'empty';
		db = open(path, { timeout: busyTimeoutMs });
		db.pragma('journal_mode = WAL');
		// With a write-ahead log, NORMAL syncs it before it is copied back, FULL at every commit too.
		db.pragma(`synchronous = ${durability}`);
		db.pragma(`cache_size = -${cacheKib}`);
		db.pragma(`wal_autocheckpoint = ${checkpointPages}`);
		bringUpToDate(db, path, kind, writtenAtMs, onNotice);
		return db;
	} catch (error) {
		db?.close();
		throw databaseError(error, path);
	}
}

/**
 * Whether there could be a database at a path, without making anything.
 *
 * @returns whether there is a file
 * @throws PingpoolError `database` that says what is missing
 */
export function checkPlace(path: string): boolean {
	try {
		return isThere(path);
	} catch (error) {
		// Something on the way is no folder, or may not be looked into.
		throw databaseError(error, path);
	}
}

function isThere(path: string): boolean {
	const folder = dirname(path);
	const stats = statSync(path, { throwIfNoEntry: false });
	if (stats === undefined) {
		if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
			// Made through the link, it would be locked by another name than once it is there.
			throw new PingpoolError('database', `${escapeUnsafe(path)} is a link to a file that is not there`, {
				hint: 'Make an empty file where it leads, or give another file with --db.',
			});
		}
		if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
			throw new PingpoolError(
				'database',
				`${escapeUnsafe(path)} can not be made: there is no folder ${escapeUnsafe(folder)}`,
				{
					hint: 'Make the folder first, or give another file with --db.',
				},
			);
		}
		try {
			accessSync(folder, constants.W_OK);
		} catch (error) {
			throw canNotBeMade(path, error);
		}
		return false;
	}
	if (stats.isDirectory()) throw isFolder(path);
	try {
		accessSync(path, constants.R_OK | constants.W_OK);
		accessSync(folder, constants.W_OK);
	} catch (error) {
		throw new PingpoolError(
			'database',
			`${escapeUnsafe(path)} can not be written (${systemErrorCode(error)})`,
			{
				cause: error,
				hint: 'Give yourself the right to write the file and its folder, or give another file with --db.',
			},
		);
	}
	return true;
}

function isFolder(path: string): PingpoolError {
	return new PingpoolError(
		'database',
		`${escapeUnsafe(path)} is a folder; the file of a database is expected`,
		{ hint: 'Give a file with --db, as in --db hosts.db.' },
	);
}

function canNotBeMade(path: string, error: unknown): PingpoolError {
	return new PingpoolError('database', `${escapeUnsafe(path)} can not be made (${systemErrorCode(error)})`, {
		cause: error,
		hint: `You need the right to write in ${escapeUnsafe(dirname(path))}, and space on its disk; or give another file with --db.`,
	});
}

/** Opens a file that is there. Its schema may be anybody's: what its views and triggers call can not do more than they
 * could themselves (sqlite.org/security.html). */
function open(path: string, options: Database.Options): Database.Database {
	const db = new Database(path, { ...options, fileMustExist: true });
	db.pragma('trusted_schema = OFF');
	return db;
}

/** @returns when the file was last written, in ms UTC */
function createOrStat(path: string): number {
	if (!checkPlace(path)) {
		try {
			// By ourselves, for its mode: SQLite gives its other files the mode of this one.
			closeSync(openSync(path, 'wx', 0o600));
		} catch (error) {
			throw canNotBeMade(path, error);
		}
	}
	return Math.round(statSync(path).mtimeMs);
}

/**
 * Reads something from a database as it is, without changing it.
 *
 * @returns `undefined` where there is no database of ours yet
 * @throws PingpoolError `database`; for a database that is not ours to write, too
 */
export function lookInto<Found>(
	path: string,
	busyTimeoutMs: number,
	read: (db: Database.Database) => Found,
): Found | undefined {
	try {
		if (!existsSync(path)) return undefined;
		return inspect(path, busyTimeoutMs, (db, kind) => (kind === 'ours' ? read(db) : undefined));
	} catch (error) {
		throw databaseError(error, path);
	}
}

/**
 * Opens a database of ours to be read, by whatever else it is written meanwhile.
 *
 * @throws PingpoolError `database` when there is none, or it is another's or the old system's
 */
export function openToRead(path: string, busyTimeoutMs = databaseBusyMsMax): Database.Database {
	const name = escapeUnsafe(path);
	try {
		if (!existsSync(path)) {
			throw new PingpoolError('database', `${name} does not exist`, {
				hint: 'Give the database of a run with --db FILE.',
			});
		}
		if (statSync(path).isDirectory()) throw isFolder(path);
		const kind = inspect(path, busyTimeoutMs, (_, found) => found) ?? 'empty';
		if (kind === 'legacy') {
			throw new PingpoolError('database', `${name} was written by the old system`, {
				hint: `pingpool master --db ${name} carries it over with its next run.`,
			});
		}
		if (kind === 'empty') {
			throw new PingpoolError('database', `${name} has nothing in it`, {
				hint: 'Give the database of a run with --db FILE.',
			});
		}
		return open(path, { readonly: true, timeout: busyTimeoutMs });
	} catch (error) {
		throw besideItself(error, path) ?? databaseError(error, path);
	}
}

/** Even to be read, a database with a write-ahead log wants two files beside it, unless they are there. */
function besideItself(error: unknown, path: string): PingpoolError | undefined {
	const code = systemErrorCode(error);
	if (code !== 'SQLITE_READONLY_DIRECTORY' && !(code === 'SQLITE_CANTOPEN' && !mayWrite(dirname(path)))) {
		return undefined;
	}
	return new PingpoolError(
		'database',
		`${escapeUnsafe(path)} can not be read in its folder, where nothing can be written (${code})`,
		{
			cause: error,
			hint: 'SQLite keeps two files beside a database that it reads: copy it to a folder of yours.',
		},
	);
}

function mayWrite(folder: string): boolean {
	try {
		accessSync(folder, constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

/**
 * @returns what `look` finds; `undefined` for an empty file
 * @throws PingpoolError for a database that is not ours to write, and SQLite's errors
 */
function inspect<Found>(
	path: string,
	busyTimeoutMs: number,
	look: (db: Database.Database, kind: Kind) => Found,
): Found | undefined {
	if (statSync(path).size === 0) return undefined;
	// A death while the file was being made leaves a journal beside it: only a connection that may write takes back
	// what is half there, as any program would that opens the file.
	const isHalfMade = existsSync(`${path}-journal`);
	// SQLite itself takes a file shorter than a header for an empty database, and would write over it.
	if (!isHalfMade && !startsAsDatabase(path)) throw databaseError({ code: 'SQLITE_NOTADB' }, path);
	const db = open(path, { readonly: !isHalfMade, timeout: busyTimeoutMs });
	try {
		const kind = kindOf(db, path);
		if (statSync(path).size > 0 && !startsAsDatabase(path)) {
			throw databaseError({ code: 'SQLITE_NOTADB' }, path);
		}
		return look(db, kind);
	} finally {
		db.close();
	}
}

/** Of a file that is long enough, SQLite looks itself. It is not opened here, because to close it would drop the locks that
 * this process may have on it (POSIX), as a master has whose dashboard reads its database: another program would take
 * itself for the last one, and remove the log. */
function startsAsDatabase(path: string): boolean {
	if (statSync(path).size >= lookedAtBytes) return true;
	const start = Buffer.alloc(16);
	const file = openSync(path, 'r');
	try {
		readSync(file, start, 0, 16, 0);
	} finally {
		closeSync(file);
	}
	return start.toString('latin1') === 'SQLite format 3\0';
}

function kindOf(db: Database.Database, path: string): Kind {
	const version = db.pragma('user_version', { simple: true }) as number;
	if (db.pragma('application_id', { simple: true }) === applicationId) {
		if (version > schemaVersion) {
			throw new PingpoolError(
				'database',
				`${escapeUnsafe(path)} was written by a newer pingpool (schema ${version}; this one knows ${schemaVersion})`,
				{ hint: 'Use that version, or give another file with --db.' },
			);
		}
		const notTables = db
			.prepare(
				`SELECT count(*) FROM sqlite_schema WHERE type <> 'table'
				AND name IN ('runs', 'answers', 'workers', 'statuses', 'reasons', 'events', 'run_summaries')`,
			)
			.pluck()
			.get();
		// A view can be made to be read without an end, and nothing but its end lets go of a thread that reads.
		if (notTables !== 0) {
			throw new PingpoolError(
				'database',
				`${escapeUnsafe(path)} was not made by pingpool: its tables are views`,
				{
					hint: 'It was left as it is. Give another file with --db.',
				},
			);
		}
		return 'ours';
	}
	const tables = db
		.prepare(
			`SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
		)
		.pluck()
		.all() as string[];
	if (tables.length === 0 && version === 0) return 'empty';
	if (tables.length === 1 && tables[0] === 'hosts' && version === 0) {
		const columns = db.prepare(`SELECT name FROM pragma_table_info('hosts')`).pluck().all();
		if (columns.includes('host') && columns.includes('status')) return 'legacy';
	}
	const first = tables.slice(0, 3).map((name) => escapeUnsafe(name.slice(0, 60)));
	const shown = first.join(', ') + (tables.length > 3 ? ', …' : '');
	throw new PingpoolError(
		'database',
		`${escapeUnsafe(path)} is the database of another program (it has the tables ${shown || 'none'})`,
		{ hint: 'It was left as it is. Give another file with --db.' },
	);
}

function bringUpToDate(
	db: Database.Database,
	path: string,
	kind: Kind,
	writtenAtMs: number,
	onNotice: (message: string) => void,
): void {
	let notice: string | undefined;
	const apply = db.transaction(() => {
		// Looked at again under the lock: another program may have written since.
		const version = db.pragma('user_version', { simple: true }) as number;
		const legacy = kind === 'legacy' && version === 0;
		if (legacy) setAsideLegacyTable(db);
		migrate(db);
		if (legacy) notice = importNotice(path, importLegacyRows(db, writtenAtMs));
	});
	apply.immediate();
	if (notice !== undefined) onNotice(notice);
}
