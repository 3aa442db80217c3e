/**
 * Whether a database is still the file of its name. SQLite writes on into a file that was removed, moved away or
 * replaced, and says nothing: a run would end well, and its rows be in a file that nobody finds. So the file is looked
 * at by its name after every commit (a call of the system, some microseconds). When it is another one:
 *
 *   1. the write-ahead log is copied back and emptied: a file that was moved is whole then, and a log that lies beside
 *      another database by the same name has nothing that could be mistaken for its own
 *   2. everything is copied through the connection, which still has the file, into a new one beside the old name
 *   3. the run ends with an error that names it; nothing is written any more, which would go into the old log
 *
 * Where only the log was removed, step 1 is all there is to do. Windows removes no file that is open.
 */
import { closeSync, fsyncSync, openSync, statSync, unlinkSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { escapeUnsafe } from '../../shared/display.ts';
import { messageOf, PingpoolError, systemErrorCode } from '../../shared/errors.ts';

/** Copies that earlier accidents may have left. */
const copiesMax = 1_000;

export interface OwnFile {
	/** why nothing may be written any more; `undefined` as long as the file was the one of its name */
	readonly lost: PingpoolError | undefined;
	/** Looks. @throws PingpoolError `database` when the file is no longer the one of its name */
	check(): void;
}

/**
 * @param db of that path, opened just now
 * @param onNotice told before everything is copied, which takes a while where that is much
 */
export function ownFile(path: string, db: Database, onNotice: (message: string) => void): OwnFile {
	const logPath = `${path}-wal`;
	const [own, ownLog] = [identityOf(path), identityOf(logPath)];
	let lost: PingpoolError | undefined;
	return {
		get lost() {
			return lost;
		},
		check() {
			lost ??= withoutFile() ?? withoutLog();
			if (lost !== undefined) throw lost;
		},
	};

	function withoutFile(): PingpoolError | undefined {
		const found = identityOf(path);
		if (isSame(found, own)) return undefined;
		const isFree = found === 'none';
		const what = `${escapeUnsafe(path)} was ${isFree ? 'removed' : 'replaced by another file'} while a run wrote to it`;
		onNotice(`${what}; saving what it had`);
		try {
			emptyLog(db);
			const copy = escapeUnsafe(copyOf(path, db));
			const orBack = isFree ? ', or move it back' : '';
			return new PingpoolError('database', `${what}; all that it had is in ${copy}`, {
				hint: `Give --db ${copy}${orBack}. A run that is not finished goes on in it by the same command.`,
			});
		} catch (error) {
			return new PingpoolError(
				'database',
				`${what}, and what it had could not be saved beside it: ${messageOf(error)}`,
				{ cause: error, hint: 'If it was only moved, its rows are where it is now. Otherwise begin again.' },
			);
		}
	}

	function withoutLog(): PingpoolError | undefined {
		// Without a log (on a file system that can not have one), there is none to lose.
		if (ownLog === 'none' || isSame(identityOf(logPath), ownLog)) return undefined;
		emptyLog(db);
		return new PingpoolError(
			'database',
			`${escapeUnsafe(logPath)} was removed or replaced while a run wrote to it: it is a part of ${escapeUnsafe(path)}`,
			{ hint: 'What was committed has been kept. Run the same command: it goes on where it stopped.' },
		);
	}
}

/** Which file has a name. */
function identityOf(path: string): string {
	try {
		const { dev, ino } = statSync(path, { bigint: true });
		return `${dev}:${ino}`;
	} catch (error) {
		return ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '') ? 'none' : 'unknown';
	}
}

/** What can not be looked at is not known to be another one. */
function isSame(found: string, own: string): boolean {
	return found === own || found === 'unknown' || own === 'unknown';
}

function emptyLog(db: Database): void {
	db.pragma('wal_checkpoint(TRUNCATE)');
}

/** @returns the path of the copy */
function copyOf(path: string, db: Database): string {
	const copy = makeEmpty(path);
	try {
		db.prepare('VACUUM INTO ?').run(copy);
		// SQLite leaves it to the system when such a copy reaches the disk.
		const file = openSync(copy, 'r+');
		fsyncSync(file);
		closeSync(file);
		return copy;
	} catch (error) {
		unlinkSync(copy);
		throw error;
	}
}

/** @returns the path of a new file, its owner's alone */
function makeEmpty(path: string): string {
	for (let number = 1; ; number += 1) {
		const copy = number === 1 ? `${path}.saved` : `${path}.saved-${number}`;
		try {
			closeSync(openSync(copy, 'wx', 0o600));
			return copy;
		} catch (error) {
			if (systemErrorCode(error) !== 'EEXIST' || number === copiesMax) throw error;
		}
	}
}
