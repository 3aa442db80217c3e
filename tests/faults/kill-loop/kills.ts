/**
 * When a master is killed. Some of the kills come from outside, at a random time or when the database has so many
 * rows; the others come from strace, at a system call of the thread that writes the database, so that they hit
 * the middle of what must be whole: a commit, a sync, the taking of the lock, the copying back of the log.
 */
import type { Random } from '../../../shared/random.ts';

export type Kill =
	/** so long after the process was started, or after the first host was asked */
	| { readonly kind: 'start' | 'later'; readonly afterMs: number }
	/** when so many rows more than at the start can be read */
	| { readonly kind: 'rows'; readonly rows: number }
	/** at the nth of such calls on such files; the master may end before it */
	| {
			readonly kind: 'commit' | 'sync' | 'lock' | 'end';
			readonly files: readonly string[];
			readonly calls: readonly string[];
			readonly nth: number;
	  };

export type KillKind = Kill['kind'];

const database = ['hosts.db', 'hosts.db-wal', 'hosts.db-journal'];
const lock = ['hosts.db-master', 'hosts.db-master-journal'];
const writes = ['pwrite64'];
const syncs = ['fsync', 'fdatasync'];

export interface KillPlan {
	/** hosts that are asked per second */
	readonly rate: number;
	readonly durability: 'full' | 'normal';
	/** whether there is no database yet */
	readonly isFirst: boolean;
	/** whether strace can be used */
	readonly tracing: boolean;
	readonly random: Random;
}

export function nextKill({ rate, durability, isFirst, tracing, random }: KillPlan): Kill {
	const choice = random.next();
	if (choice < 0.17) return { kind: 'start', afterMs: random.below(700) };
	if (choice < 0.3) return { kind: 'later', afterMs: random.below(1_500) };
	if (choice < 0.43 || !tracing) return { kind: 'rows', rows: 1 + random.below(rate) };
	if (choice < 0.53)
		return { kind: 'lock', files: lock, calls: [...writes, ...syncs], nth: 1 + random.below(5) };
	// A file is made with some 30 writes and 8 syncs. A run is continued with one commit of 5 writes, and then a
	// second's rows take 30 to 60 writes and, with full durability, a sync.
	if (choice < 0.62 && (isFirst || durability === 'full')) {
		return { kind: 'sync', files: database, calls: syncs, nth: 1 + random.below(isFirst ? 9 : 3) };
	}
	return { kind: 'commit', files: database, calls: writes, nth: 1 + random.below(isFirst ? 80 : 50) };
}

/** The last one: every host has its row, and with luck the master dies when it copies the log back. */
export function lastKill(random: Random): Kill {
	return { kind: 'end', files: ['hosts.db'], calls: writes, nth: 1 + random.below(40) };
}

/** What is put before a command for it to be killed by strace. */
export function straceArgs({ files, calls, nth }: Extract<Kill, { nth: number }>, folder: string): string[] {
	const paths = files.flatMap((name) => ['-P', `${folder}/${name}`]);
	const inject = calls.map((call) => `inject=${call}:signal=SIGKILL:when=${nth}`);
	return [
		...['-f', '-o', '/dev/null', '-e', `trace=${calls.join(',')}`],
		...[...paths, ...inject.flatMap((each) => ['-e', each])],
	];
}
