/** SQLite's and the file system's errors as ours: what is wrong with which file, and what to do about it. */
import { escapeUnsafe } from '../../shared/display.ts';
import { messageOf, PingpoolError, systemErrorCode } from '../../shared/errors.ts';

interface Explanation {
	/** the end of a sentence that starts with the file's name */
	readonly problem: string;
	readonly hint: string;
}

/** By SQLite's result code without its extension, or the system's error code. */
const explanations: Readonly<Record<string, Explanation>> = {
	SQLITE_FULL: {
		problem: 'can not grow: the disk is full',
		hint: 'Free some space and run the same command: it goes on where it stopped; what was committed is kept.',
	},
	SQLITE_IOERR: {
		problem: 'can not be read or written: the disk reports an error',
		hint: 'Look at the system log for the disk. Once it is well, run the same command: it goes on where it stopped.',
	},
	SQLITE_BUSY: {
		problem: 'is locked by another program',
		hint: 'Let the other program finish (or end it), then run the same command again.',
	},
	SQLITE_READONLY: {
		problem: 'can not be written',
		hint: 'Give yourself the right to write the file and its folder, or give another file with --db.',
	},
	SQLITE_CANTOPEN: {
		problem: 'can not be opened',
		hint: 'The file and its folder must exist and be yours to read and write; SQLite keeps two more files beside it.',
	},
	SQLITE_CORRUPT: {
		problem: 'is damaged',
		hint: 'Move it away and keep it (`sqlite3 FILE .recover` saves what can be read), or give another file with --db.',
	},
	SQLITE_NOTADB: {
		problem: 'is not an SQLite database, or it is encrypted',
		hint: 'It was left as it is. Give another file with --db.',
	},
};

const synonyms: Readonly<Record<string, string>> = {
	ENOSPC: 'SQLITE_FULL',
	EDQUOT: 'SQLITE_FULL',
	EIO: 'SQLITE_IOERR',
	SQLITE_LOCKED: 'SQLITE_BUSY',
	SQLITE_PERM: 'SQLITE_READONLY',
	EROFS: 'SQLITE_READONLY',
	EACCES: 'SQLITE_CANTOPEN',
	EPERM: 'SQLITE_CANTOPEN',
	ENOENT: 'SQLITE_CANTOPEN',
	ENOTDIR: 'SQLITE_CANTOPEN',
	EMFILE: 'SQLITE_CANTOPEN',
};

/**
 * @param error what SQLite or the file system threw
 * @param path file of the database, for the message
 * @returns a PingpoolError `database`; one that is ours already comes back as it is
 */
export function databaseError(error: unknown, path: string): PingpoolError {
	if (error instanceof PingpoolError) return error;
	const code = systemErrorCode(error) ?? '';
	// SQLITE_IOERR_FSYNC, SQLITE_BUSY_SNAPSHOT …: the extension only says where it happened.
	const primary = /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code;
	const explanation = explanations[synonyms[primary] ?? primary];
	if (explanation === undefined) {
		return new PingpoolError('database', `${escapeUnsafe(path)}: ${messageOf(error)}`, { cause: error });
	}
	const { problem, hint } = explanation;
	return new PingpoolError('database', `${escapeUnsafe(path)} ${problem} (${escapeUnsafe(code)})`, {
		cause: error,
		hint,
	});
}
