/** One run of `pingpool master`: a fresh process, a fresh database, measured from its start to its end. */
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bin } from '../../tests/process.ts';
import type { Bench } from '../bench.ts';
import type { Ended } from '../process.ts';
import { failed, measureInLab } from '../process.ts';
import { tokenEnvironment } from './worker-process.ts';

export interface MasterRun {
	/** path of the list */
	readonly hosts: string;
	/** URLs; none for an embedded worker */
	readonly workers: readonly string[];
	/** on top of `--rate 0` */
	readonly args?: readonly string[];
	/** called with the master's process id while it runs */
	readonly watch?: (pid: number) => void;
	/** how often, in ms. Default: 50 */
	readonly everyMs?: number;
	/** called with the path of the database before it is removed */
	readonly inspect?: (db: string) => void;
}

export interface MasterResult extends Pick<Ended, 'seconds' | 'cpuSeconds' | 'memoryPeakBytes'> {
	readonly hosts: number;
	readonly up: number;
	readonly down: number;
	readonly error: number;
	/** the run itself by the master's own clock: without its start, the reading of the list and its end */
	readonly runSeconds: number;
	readonly databaseBytes: number;
}

/** @throws PingpoolError when the run failed; hosts that are down or in error are no failure of the run */
export async function runMaster(
	bench: Pick<Bench, 'lab' | 'folder' | 'signal'>,
	{ hosts, workers, args = [], watch, everyMs, inspect }: MasterRun,
): Promise<MasterResult> {
	const db = join(bench.folder, 'bench.db');
	const files = [db, `${db}-wal`, `${db}-shm`];
	const command = [
		...[process.execPath, bin, 'master', '--rate', '0', '--hosts', hosts, '--db', db, '--json'],
		...(workers.length === 0 ? [] : ['--workers', writeWorkers(bench.folder, workers)]),
		...args,
	] as [string, ...string[]];
	try {
		const ended = await measureInLab(bench, command, {
			env: tokenEnvironment,
			...(watch !== undefined && { watch }),
			...(everyMs !== undefined && { everyMs }),
		});
		const summary = parseSummary(ended.stdout);
		if (summary?.state !== 'finished') throw failed(command, ended);
		inspect?.(db);
		const databaseBytes = files.reduce(
			(sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
			0,
		);
		const { seconds, cpuSeconds, memoryPeakBytes } = ended;
		const { up, down, error } = summary;
		return {
			...{ hosts: summary.hosts, up, down, error, runSeconds: summary.seconds },
			...{ seconds, cpuSeconds, memoryPeakBytes, databaseBytes },
		};
	} finally {
		for (const file of files) rmSync(file, { force: true });
	}
}

/** What `master --json` prints. */
interface Summary {
	readonly state: string;
	readonly hosts: number;
	readonly up: number;
	readonly down: number;
	readonly error: number;
	readonly seconds: number;
}

function parseSummary(stdout: string): Summary | undefined {
	try {
		return JSON.parse(stdout) as Summary;
	} catch {
		return undefined;
	}
}

function writeWorkers(folder: string, urls: readonly string[]): string {
	const path = join(folder, 'workers.txt');
	writeFileSync(path, `${urls.join('\n')}\n`);
	return path;
}
