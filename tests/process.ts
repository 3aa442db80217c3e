/** Processes that a test starts, ended with it. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The entry of the command line. */
export const bin = fileURLToPath(new URL('../bin/pingpool.cjs', import.meta.url));

export interface Running extends AsyncDisposable {
	readonly child: ChildProcess;
	/** everything that it has written so far */
	output(): string;
	errors(): string;
	/** resolves with what the pattern found on stdout or stderr; rejects when the process ends before */
	says(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
	/** resolves with the exit code, or the name of the signal that ended it */
	readonly exited: Promise<number | string>;
}

export interface StartOptions {
	/** on top of the test's own variables, those apart that are meant for pingpool; without a dashboard, unless
	 * PINGPOOL_DASHBOARD says otherwise */
	readonly env?: Record<string, string>;
	/** with an IPC channel */
	readonly ipc?: boolean;
	/** Default: the checkout's */
	readonly cwd?: string;
	/** what it reads on standard input. Default: nothing */
	readonly stdin?: string;
}

/** Starts a command in a process group of its own, which is killed as a whole at the end. */
export function startProcess(
	command: string,
	args: readonly string[],
	{ env = {}, ipc = false, cwd = root, stdin }: StartOptions = {},
): Running {
	const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PINGPOOL_'));
	const child = spawn(command, args, {
		cwd,
		// Many masters run at a time, and next to none is looked at.
		env: { ...Object.fromEntries(inherited), PINGPOOL_DASHBOARD: '0', ...env },
		stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
		detached: true,
	});
	// Who never reads it may end before it was written.
	child.stdin?.on('error', () => undefined).end(stdin);
	let output = '';
	let errors = '';
	const listeners = new Set<() => void>();
	const changed = (): void => {
		for (const listener of listeners) listener();
	};
	child.stdout!.setEncoding('utf8').on('data', (text: string) => {
		output += text;
		changed();
	});
	child.stderr!.setEncoding('utf8').on('data', (text: string) => {
		errors += text;
		changed();
	});
	let ended = false;
	// Not the event "close", which does not come when an IPC channel was closed from this side.
	const exited = Promise.all([
		new Promise<number | string>((resolve) => {
			child.once('exit', (code, signal) => resolve(code ?? signal!));
		}),
		new Promise((resolve) => child.stdout!.once('close', resolve)),
		new Promise((resolve) => child.stderr!.once('close', resolve)),
	]).then(([how]) => {
		ended = true;
		changed();
		return how;
	});
	return {
		child,
		output: () => output,
		errors: () => errors,
		exited,
		says(pattern, timeoutMs = 60_000) {
			return new Promise((resolve, reject) => {
				const finish = (): void => {
					clearTimeout(timer);
					listeners.delete(look);
				};
				const fail = (why: string): void => {
					finish();
					reject(new Error(`${why} before it said ${pattern}:\n${output}\n${errors}`));
				};
				const look = (): void => {
					const found = pattern.exec(output) ?? pattern.exec(errors);
					if (found !== null) {
						finish();
						resolve(found);
					} else if (ended) fail('the process ended');
				};
				const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
				listeners.add(look);
				look();
			});
		},
		async [Symbol.asyncDispose]() {
			if (!ended && child.pid !== undefined) {
				try {
					process.kill(-child.pid, 'SIGKILL');
				} catch {
					// Gone in between.
				}
			}
			await exited;
		},
	};
}

/** Starts `pingpool worker`. */
export function startWorkerProcess(args: readonly string[], options?: StartOptions): Running {
	return startProcess(process.execPath, [bin, 'worker', ...args], options);
}
