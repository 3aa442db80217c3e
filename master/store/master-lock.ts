/**
 * One master per database file. A tiny SQLite file beside the database, `<database>-master`, says who the master
 * is, and the master holds a write transaction on it for as long as it lives. So the lock is the operating
 * system's, which drops it with the process, however that ends; there is nothing to find stale. Who is refused
 * can still read the name: a transaction that has written nothing keeps no reader out, and nobody who reads or
 * writes the database itself is concerned at all.
 *
 *   1. begin: whoever is refused here has found a master
 *   2. write down who we are, commit, begin again: between the two another may begin, and then it is the master
 *   3. look whether the file is still the one of that name: a master that ends removes it
 */
import { closeSync, openSync, realpathSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { escapeUnsafe } from '../../shared/display.ts';
import { PingpoolError, systemErrorCode } from '../../shared/errors.ts';
import { formatUtc } from '../../shared/format.ts';
import { databaseError } from './database-error.ts';

/** Who has a database, as another one is told. */
export interface MasterIdentity {
	readonly pid: number;
	/** name of the machine */
	readonly host: string;
	/** ms UTC */
	readonly sinceMs: number;
}

export interface MasterLock {
	/** Lets go, and removes the file. A second call does nothing. */
	release(): void;
}

/** How long a master that has just begun may take to write down who it is. */
const beginMs = 100;
/** How long others may take to read it, meanwhile. */
const commitMs = 5_000;
/** Masters that may end or begin just when we look. */
const triesMax = 10;

/**
 * @param path of the database, which need not exist; its folder does
 * @throws PingpoolError `database` that names the master which has it
 */
export function lockForMaster(path: string, identity: MasterIdentity): MasterLock {
	const lockPath = `${realPath(path)}-master`;
	for (let tries = 0; tries < triesMax; tries += 1) {
		const lock = tryToLock(path, lockPath, identity);
		if (lock !== undefined) return lock;
	}
	throw new PingpoolError(
		'database',
		`${escapeUnsafe(path)} is being taken and let go by other masters all the time`,
		{
			hint: 'Run the same command again when they have ended, or give another file with --db.',
		},
	);
}

/** Links to the same database have one lock. */
function realPath(path: string): string {
	try {
		return realpathSync(path);
	} catch (error) {
		if (systemErrorCode(error) !== 'ENOENT') throw databaseError(error, path);
		return join(realpathSync(dirname(path)), basename(path));
	}
}

/** @returns `undefined` when another master came or went meanwhile */
function tryToLock(path: string, lockPath: string, identity: MasterIdentity): MasterLock | undefined {
	let db: Database.Database | undefined;
	let locked = false;
	try {
		create(lockPath);
		const inode = inodeOf(lockPath);
		if (inode === undefined) return undefined;
		db = new Database(lockPath, { fileMustExist: true });
		db.pragma('page_size = 512');
		if (!begin(db)) throw inUse(path, readIdentity(db));
		write(db, identity);
		if (!begin(db)) throw inUse(path, readIdentity(db));
		locked = inodeOf(lockPath) === inode && isSame(readIdentity(db), identity);
		return locked ? new HeldLock(db, lockPath, inode) : undefined;
	} catch (error) {
		if (db === undefined && systemErrorCode(error) === 'SQLITE_CANTOPEN' && inodeOf(lockPath) === undefined) {
			return undefined;
		}
		throw databaseError(error, lockPath);
	} finally {
		if (!locked) db?.close();
	}
}

class HeldLock implements MasterLock {
	readonly #db: Database.Database;
	readonly #path: string;
	readonly #inode: bigint;

	constructor(db: Database.Database, path: string, inode: bigint) {
		this.#db = db;
		this.#path = path;
		this.#inode = inode;
	}

	release(): void {
		if (!this.#db.open) return;
		try {
			// While we hold it: afterwards it may be another's, as it is when somebody has removed ours.
			// Windows removes no file that is open.
			if (process.platform !== 'win32' && inodeOf(this.#path) === this.#inode) unlinkSync(this.#path);
		} catch {
			// It stays behind, and blocks nobody.
		}
		this.#db.close();
	}
}

/** By ourselves, for its mode. The file is never opened and closed otherwise than by SQLite when it is there:
 * closing it would drop the locks that this process has on it (POSIX). */
function create(lockPath: string): void {
	try {
		closeSync(openSync(lockPath, 'wx', 0o600));
	} catch (error) {
		if (systemErrorCode(error) !== 'EEXIST') throw error;
	}
}

function inodeOf(path: string): bigint | undefined {
	return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** @returns whether nobody else has begun */
function begin(db: Database.Database): boolean {
	db.pragma(`busy_timeout = ${beginMs}`);
	try {
		db.exec('BEGIN IMMEDIATE');
		return true;
	} catch (error) {
		if (systemErrorCode(error)?.startsWith('SQLITE_BUSY')) return false;
		throw error;
	}
}

function write(db: Database.Database, { pid, host, sinceMs }: MasterIdentity): void {
	db.exec('CREATE TABLE IF NOT EXISTS master (pid INTEGER, host TEXT, since_ms INTEGER); DELETE FROM master');
	db.prepare('INSERT INTO master (pid, host, since_ms) VALUES (?, ?, ?)').run(pid, host, sinceMs);
	db.pragma(`busy_timeout = ${commitMs}`);
	db.exec('COMMIT');
}

function readIdentity(db: Database.Database): MasterIdentity | undefined {
	db.pragma(`busy_timeout = ${commitMs}`);
	try {
		const row = db.prepare('SELECT pid, host, since_ms AS sinceMs FROM master').get();
		return row as MasterIdentity | undefined;
	} catch (error) {
		// The table is not there before the first master has committed.
		if (systemErrorCode(error) === 'SQLITE_ERROR') return undefined;
		throw error;
	}
}

function isSame(a: MasterIdentity | undefined, b: MasterIdentity): boolean {
	return a?.pid === b.pid && a.host === b.host && a.sinceMs === b.sinceMs;
}

function inUse(path: string, master: MasterIdentity | undefined): PingpoolError {
	const who =
		master === undefined
			? ''
			: `: process ${shown(master.pid)} on ${shown(master.host)}, since ${sinceText(master.sinceMs)}`;
	return new PingpoolError('database', `${escapeUnsafe(path)} is in use by another master${who}`, {
		hint: 'Wait until it has ended, or end it; or give another file with --db.',
	});
}

/** Anybody who may write the file may have written anything. */
function shown(value: unknown): string {
	return escapeUnsafe(String(value).slice(0, 64));
}

function sinceText(ms: number): string {
	return Number.isNaN(new Date(ms).getTime()) ? 'an unknown time' : formatUtc(ms);
}
