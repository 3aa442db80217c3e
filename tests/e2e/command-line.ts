/** A folder of a test's own, in which real masters run: what they were given, what they said, what they stored. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Lab } from '../lab/lab.ts';
import type { Running, StartOptions } from '../process.ts';
import { bin, startProcess } from '../process.ts';

/** Of workers that tests start. */
export const token = 'a-token-for-tests-only';

export interface Ended {
	/** exit code, or the name of the signal */
	readonly code: number | string;
	readonly stdout: string;
	/** without what it told of its progress */
	readonly stderr: string;
}

export interface CommandOptions extends Omit<StartOptions, 'cwd' | 'ipc'> {
	/** runs in its near namespace. Default: in the test's own */
	readonly lab?: Pick<Lab, 'command'> | undefined;
}

export class Workspace implements Disposable {
	readonly folder = mkdtempSync(join(tmpdir(), 'pingpool-e2e-'));

	path(name: string): string {
		return join(this.folder, name);
	}

	/** @returns the name, for a command line */
	write(name: string, content: string | readonly string[]): string {
		const text = typeof content === 'string' ? content : `${content.join('\n')}\n`;
		// Of a workers file that others may read, a master warns.
		writeFileSync(this.path(name), text, { mode: 0o600 });
		return name;
	}

	read(name: string): string {
		return readFileSync(this.path(name), 'utf8');
	}

	/** Starts `pingpool` with the folder as its working directory. */
	start(args: readonly string[], { lab, ...options }: CommandOptions = {}): Running {
		const command: [string, ...string[]] = [process.execPath, bin, ...args];
		const [file, ...rest] = lab === undefined ? command : lab.command(...command);
		return startProcess(file!, rest, { ...options, cwd: this.folder });
	}

	/** Runs `pingpool` to its end. */
	async run(args: readonly string[], options?: CommandOptions): Promise<Ended> {
		await using running = this.start(args, options);
		const code = await running.exited;
		return { code, stdout: running.output(), stderr: withoutProgress(running.errors()) };
	}

	master(args: readonly string[], options?: CommandOptions): Promise<Ended> {
		return this.run(['master', ...args], options);
	}

	/** Starts `pingpool worker` on a free loopback port. @returns it and its URL, when it listens */
	async worker(args: readonly string[] = [], options: CommandOptions = {}): Promise<StartedWorker> {
		const env = { PINGPOOL_TOKEN: token, ...options.env };
		const running = this.start(['worker', '--host', '127.0.0.1', '--port', '0', ...args], {
			...options,
			env,
		});
		try {
			return { running, url: (await running.says(/http:\/\/127\.0\.0\.1:\d+/))[0] };
		} catch (error) {
			await running[Symbol.asyncDispose]();
			throw error;
		}
	}

	/** What a query finds in a database of the folder. */
	rows<Row = Record<string, unknown>>(sql: string, db = 'hosts.db'): Row[] {
		const database = new Database(this.path(db), { readonly: true });
		try {
			return database.prepare(sql).all() as Row[];
		} finally {
			database.close();
		}
	}

	/** Does to a database of the folder what nothing of ours would do. */
	change(sql: string, db = 'hosts.db'): void {
		const database = new Database(this.path(db));
		try {
			database.exec(sql);
		} finally {
			database.close();
		}
	}

	/** The one number that a query finds; 0 while there is no such database or table. */
	count(sql: string): number {
		try {
			return Object.values(this.rows<Record<string, number>>(sql)[0] ?? {})[0] ?? 0;
		} catch {
			return 0;
		}
	}

	[Symbol.dispose](): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

export interface StartedWorker {
	readonly running: Running;
	readonly url: string;
}

/** What a master said, but not how far it was: whether it takes long enough to tell that is up to the machine. */
export function withoutProgress(errors: string): string {
	return errors.replace(/^\d+% [\d,]+\/[\d,]+ .*\n/gm, '');
}

/** Whether a process with this id is there. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		// A zombie is a process that has ended, whose parent has not looked yet.
		return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
}

/** Ids of the processes that a process has started and that are there. */
export function childrenOf(pid: number): number[] {
	const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
	return text === '' ? [] : text.split(' ').map(Number);
}
