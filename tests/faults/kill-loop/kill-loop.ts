/**
 * One database, from nothing to a finished run, by a master that is killed again and again and started with the
 * same command each time. The workers are real over HTTP, their hosts are not (fake-fleet.ts). Between two
 * masters it is noted which hosts have a committed answer, on a copy, so that the files are as the kill left
 * them. What became of it all is for verify.ts to say.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { systemClock } from '../../../shared/clock.ts';
import type { Random } from '../../../shared/random.ts';
import { createRandom } from '../../../shared/random.ts';
import { keptProblems } from '../../kept-counts.ts';
import type { Running } from '../../process.ts';
import { bin, startProcess } from '../../process.ts';
import type { FakeWorker } from './fake-fleet.ts';
import { startFakeWorker } from './fake-fleet.ts';
import { HostLog } from './host-log.ts';
import type { Kill, KillKind } from './kills.ts';
import { lastKill, nextKill, straceArgs } from './kills.ts';
import type { Verdict } from './verify.ts';

const verifier = fileURLToPath(new URL('./verify.ts', import.meta.url));
const startMsMax = 20_000;
/** A master that was to be killed by rows or by strace is killed so long after it began at the latest: time for two
 * commits. */
const lifeMsMax = 2_300;
/** What is left of the list when the kills are used up takes less. */
const lastLifeMsMax = 60_000;
const pollMs = 20;

export interface KillLoopOptions {
	readonly seed: number;
	readonly hosts: number;
	/** hosts per second, of the whole fleet */
	readonly rate: number;
	readonly durability: 'full' | 'normal';
	/** the most kills before the run is let end */
	readonly killsMax: number;
	/** whether strace can be used */
	readonly tracing: boolean;
}

export interface KillLoopReport {
	/** masters that were killed, by how */
	readonly kills: Readonly<Partial<Record<KillKind, number>>>;
	/** masters that said that they go on with a run */
	readonly continued: number;
	readonly verdict: Verdict;
}

/** @throws Error when a master ends otherwise than by a kill, or finished */
export async function runKillLoop(options: KillLoopOptions): Promise<KillLoopReport> {
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-kills-'));
	const random = createRandom(options.seed);
	const log = new HostLog();
	await using first = await startFakeWorker(log, random);
	await using second = await startFakeWorker(log, random);
	try {
		return await new KillLoop(folder, options, { log, random, workers: [first, second] }).run();
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

interface Parts {
	readonly log: HostLog;
	readonly random: Random;
	readonly workers: readonly FakeWorker[];
}

class KillLoop {
	readonly #folder: string;
	readonly #options: KillLoopOptions;
	readonly #parts: Parts;
	readonly #command: readonly string[];
	readonly #kills: Partial<Record<KillKind, number>> = {};
	readonly #had = new Set<string>();
	#continued = 0;

	constructor(folder: string, options: KillLoopOptions, parts: Parts) {
		this.#folder = folder;
		this.#options = options;
		this.#parts = parts;
		const { rate, durability } = options;
		const args = ['--workers', 'workers.txt', '--rate', String(rate), '--durability', durability];
		this.#command = [process.execPath, bin, 'master', ...args, '--chunk', '100'];
	}

	async run(): Promise<KillLoopReport> {
		const { workers, log } = this.#parts;
		const { hosts, killsMax, tracing } = this.#options;
		writeFileSync(
			join(this.#folder, 'hosts.txt'),
			`${Array.from({ length: hosts }, (_, i) => hostOf(i)).join('\n')}\n`,
		);
		writeFileSync(join(this.#folder, 'workers.txt'), workers.map(({ url }) => `${url}\n`).join(''));
		let finished = false;
		for (let life = 1; !finished; life += 1) {
			const { random } = this.#parts;
			const isFirst = !existsSync(join(this.#folder, 'hosts.db'));
			let kill: Kill = { kind: 'later', afterMs: lastLifeMsMax };
			if (life <= killsMax) kill = nextKill({ ...this.#options, isFirst, random });
			// Without strace, the last masters are left alone; with it, all but one.
			else if (life === killsMax + 1 && tracing) kill = lastKill(random);
			if (life > killsMax + 3) throw new Error(`the run has not finished after ${life - 1} masters`);
			await this.#live(kill);
			await Promise.all(workers.map((worker) => worker.idle()));
			finished = this.#look();
		}
		log.write(join(this.#folder, 'hosts.log'));
		const verdict = await verdictOn(this.#folder);
		const path = join(this.#folder, 'hosts.db');
		const problems = [...verdict.problems, ...keptProblems(path, 1), ...saidProblems(path)];
		return { kills: this.#kills, continued: this.#continued, verdict: { ...verdict, problems } };
	}

	/** Starts a master and sees it die, or end with its work done. */
	async #live(kill: Kill): Promise<void> {
		const begun = this.#parts.log.started(systemClock.wallMs());
		const prefix = 'nth' in kill ? ['strace', ...straceArgs(kill, this.#folder)] : [];
		const [file, ...args] = [...prefix, ...this.#command];
		await using master = startProcess(file!, args, { cwd: this.#folder });
		const ended = new AbortController();
		void master.exited.then(() => ended.abort());
		await this.#moment(kill, begun, ended.signal).catch(() => undefined);
		const byItself = ended.signal.aborted;
		if (!byItself) kill9(master);
		const how = await master.exited;
		if (how !== 'SIGKILL' && how !== 0) {
			throw new Error(`a master ended with ${how} (${JSON.stringify(kill)}):\n${master.errors()}`);
		}
		this.#count(kill, how, byItself, master);
	}

	#count(kill: Kill, how: number | string, byItself: boolean, master: Running): void {
		if (/continuing run 1: [\d,]+ of [\d,]+ done/.test(master.errors())) this.#continued += 1;
		if (how === 0) return;
		// Whom strace did not kill in time was killed at some other moment.
		const kind = 'nth' in kill && !byItself ? 'later' : kill.kind;
		this.#kills[kind] = (this.#kills[kind] ?? 0) + 1;
	}

	/** Resolves when it is time; rejects when the master has ended. */
	async #moment(kill: Kill, begun: Promise<void>, ended: AbortSignal): Promise<void> {
		if (kill.kind === 'start') return systemClock.sleep(kill.afterMs, ended);
		if (kill.kind === 'end') return systemClock.sleep(lastLifeMsMax, ended);
		// How long a start takes depends on what else the machine does.
		await Promise.race([begun, systemClock.sleep(startMsMax, ended)]);
		if (kill.kind !== 'rows') return systemClock.sleep('nth' in kill ? lifeMsMax : kill.afterMs, ended);
		const untilMs = systemClock.monotonicMs() + lifeMsMax;
		const wanted = this.#had.size + kill.rows;
		while (systemClock.monotonicMs() < untilMs && rowsOf(join(this.#folder, 'hosts.db')) < wanted) {
			await systemClock.sleep(pollMs, ended);
		}
	}

	/** Notes what is committed, and says whether the run has finished. */
	#look(): boolean {
		const copies = join(this.#folder, 'copy');
		mkdirSync(copies);
		try {
			for (const name of ['hosts.db', 'hosts.db-wal', 'hosts.db-journal']) {
				const from = join(this.#folder, name);
				if (existsSync(from)) copyFileSync(from, join(copies, name));
			}
			return this.#read(join(copies, 'hosts.db'));
		} finally {
			rmSync(copies, { recursive: true });
		}
	}

	#read(path: string): boolean {
		if (!existsSync(path)) return false;
		const db = new Database(path);
		try {
			const tables = db.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'runs'`).pluck().get();
			if (tables === 0) return false;
			for (const host of db.prepare('SELECT host FROM results').pluck().iterate() as Iterable<string>) {
				if (this.#had.has(host)) continue;
				this.#had.add(host);
				this.#parts.log.had(host);
			}
			return db.prepare(`SELECT count(*) FROM runs WHERE state = 'finished'`).pluck().get() === 1;
		} finally {
			db.close();
		}
	}
}

/** What is wrong with the events of a run that went on with ever new masters, each of which said when it did. */
function saidProblems(path: string): string[] {
	const db = new Database(path, { readonly: true });
	const events = db.prepare('SELECT number, type FROM events ORDER BY run_id, number').all() as {
		number: number;
		type: string;
	}[];
	db.close();
	const problems: string[] = [];
	if (events.some(({ number }, i) => number !== i + 1)) problems.push('events are missing among others');
	if (events.at(-1)?.type !== 'run-ended') problems.push(`the last event is ${events.at(-1)?.type}`);
	return problems;
}

/** Kills a process, and strace with what it traces: they are one group. */
function kill9({ child }: Running): void {
	try {
		process.kill(-child.pid!, 'SIGKILL');
	} catch {
		// It has just ended.
	}
}

/** What verify.ts says of hosts.txt, hosts.db and hosts.log in a folder. */
export async function verdictOn(folder: string): Promise<Verdict> {
	const args = [verifier, 'hosts.txt', 'hosts.db', 'hosts.log'];
	await using running = startProcess(process.execPath, args, { cwd: folder });
	if ((await running.exited) !== 0) throw new Error(`verify.ts failed:\n${running.errors()}`);
	return JSON.parse(running.output()) as Verdict;
}

/** Mostly bare addresses, as lists have. */
function hostOf(position: number): string {
	if (position % 50 === 7) return `h${position}.example.com`;
	const bytes = [position >> 16, (position >> 8) & 255, position & 255];
	return position % 70 === 9 ? `fd00:a::${(position + 1).toString(16)}` : `10.${bytes.join('.')}`;
}

/** Rows that a reader of a database sees; 0 while it can not be read. */
function rowsOf(path: string): number {
	let db: Database.Database | undefined;
	try {
		db = new Database(path, { readonly: true, fileMustExist: true });
		return db.prepare('SELECT count(*) FROM answers').pluck().get() as number;
	} catch {
		// It is being made.
		return 0;
	} finally {
		db?.close();
	}
}
