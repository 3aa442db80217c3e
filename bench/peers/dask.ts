/**
 * Dask distributed: the seeds' design (a task per host) and the best that was found for it (chunks, with fping
 * inside). Two worker processes, as there are two cores; the arrangements are in `works`.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Contender, Turn } from '../bench.ts';
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

/** What a task is; `chunk` in hosts, `threads` per worker process. */
const works = {
	fping: { name: 'Dask, chunks through fping', chunk: 5_000, threads: 1 },
	ping: { name: 'Dask, a task and a ping process per host', chunk: 1, threads: 4 },
	chunks: { name: 'Dask, chunks, no probe', chunk: 5_000, threads: 1 },
	singles: { name: 'Dask, a task per host, no probe', chunk: 1, threads: 1 },
} as const;

/** @param list path of a list of addresses, one per line */
export function daskContender(bench: Bench, work: keyof typeof works, list: string): Contender {
	const { name, chunk, threads } = works[work];
	const db = join(bench.folder, 'dask.db');
	return {
		name,
		async run() {
			const command = [python, script, work, list, db, String(chunk), String(threads)] as const;
			try {
				const { stdout } = await measureSuccess(bench, command);
				return JSON.parse(stdout.trim().split('\n').at(-1)!) as Turn;
			} finally {
				for (const file of [db, `${db}-wal`, `${db}-shm`]) rmSync(file, { force: true });
			}
		},
	};
}

/** The name under which a work's series is found. */
export function daskName(work: keyof typeof works): string {
	return works[work].name;
}
