/**
 * Dask distributed: the seeds' design (a task per host) and the best that was found for it (chunks, with fping
 * inside); the arrangements are in `works`. fping runs one at a time: two side by side get each other's replies and
 * lose some of their own, which costs a retry (5,000 hosts: 40 ms alone, 300 to 500 ms for two at once).
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Contender, Turn } from '../bench.ts';
import { addressLines, firstAliveHost, writeList } from '../hosts.ts';
import { measureSuccess } from '../process.ts';
import type { Peer } from './peer.ts';
import { versionFrom } from './peer.ts';

/** Debian's own Python, which has Debian's packages. */
const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('./dask_bench.py', import.meta.url));

export const dask: Peer = {
	name: 'Dask',
	packageName: 'python3-distributed',
	version: () =>
		versionFrom(python, ['-c', 'import distributed; print(distributed.__version__)'], /^([\d.]+)/m),
};

/**
 * What a task is. The rows form is that of the anchors in the table of targets; the text form is the best that was
 * found: Dask then does not look at every host that it carries.
 */
const works = {
	fping: {
		name: 'Dask, chunks of rows through fping',
		work: 'fping',
		form: 'rows',
		chunk: 5_000,
		processes: 1,
		threads: 1,
	},
	fpingText: {
		name: 'Dask, chunks of text through fping',
		work: 'fping',
		form: 'text',
		chunk: 10_000,
		processes: 1,
		threads: 1,
	},
	ping: {
		name: 'Dask, a task and a ping process per host',
		work: 'ping',
		form: 'rows',
		chunk: 1,
		processes: 2,
		threads: 4,
	},
	none: {
		name: 'Dask, chunks of rows, no probe',
		work: 'none',
		form: 'rows',
		chunk: 5_000,
		processes: 2,
		threads: 1,
	},
	noneText: {
		name: 'Dask, chunks of text, no probe',
		work: 'none',
		form: 'text',
		chunk: 5_000,
		processes: 2,
		threads: 1,
	},
	singles: {
		name: 'Dask, a task per host, no probe',
		work: 'none',
		form: 'rows',
		chunk: 1,
		processes: 2,
		threads: 2,
	},
} as const;

/** Enough hosts for a rate, each: a million of them would take minutes. Dask's rate does not grow with its list. */
const hostsMax = { chunks: 250_000, singles: 10_000, ping: 1_500 };

/** Its contenders for a list of alive hosts. */
export function daskContender(bench: Bench, which: keyof typeof works): Contender {
	const { name, work, form, chunk, processes, threads } = works[which];
	const most = which === 'ping' || which === 'singles' ? hostsMax[which] : hostsMax.chunks;
	const hosts = Math.min(bench.hosts, most);
	const list = writeList(bench.folder, `dask-${hosts}.txt`, addressLines(firstAliveHost, hosts));
	const db = join(bench.folder, 'dask.db');
	const args = [work, form, list, db, chunk, processes, threads].map(String);
	return {
		name,
		async run() {
			try {
				const { stdout } = await measureSuccess(bench, [python, script, ...args]);
				const { up, ...turn } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Turn;
				return work === 'none' || up === undefined ? turn : { ...turn, up };
			} finally {
				for (const file of [db, `${db}-wal`, `${db}-shm`]) rmSync(file, { force: true });
			}
		},
	};
}

/** The name under which a work's series is found. */
export function daskName(which: keyof typeof works): string {
	return works[which].name;
}
