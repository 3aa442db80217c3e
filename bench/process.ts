/** Contenders' processes: in the lab's near namespace, measured, and ended with the benchmark. */
import { PingpoolError } from '../shared/errors.ts';
import type { Running } from '../tests/process.ts';
import { startProcess } from '../tests/process.ts';
import type { Bench } from './bench.ts';
import { endedChildrenCpuSeconds, readMemory } from './usage.ts';

const sampleMs = 50;

export interface ProcessOptions {
	readonly env?: Record<string, string>;
	readonly stdin?: string;
	readonly ipc?: boolean;
	/** called with the process's id while it runs, every `everyMs` */
	readonly watch?: (pid: number) => void;
	/** Default: 50 */
	readonly everyMs?: number;
}

/** Starts a command in the near namespace; its folder is the benchmark's. Ctrl-C ends it. */
export function startInLab(
	{ lab, folder, signal }: Pick<Bench, 'lab' | 'folder' | 'signal'>,
	command: readonly [string, ...string[]],
	{ env = {}, stdin, ipc = false }: ProcessOptions = {},
): Running {
	const [file, ...args] = lab.command(...command);
	const running = startProcess(file, args, { env, ipc, cwd: folder, ...(stdin !== undefined && { stdin }) });
	const end = (): void => void running[Symbol.asyncDispose]();
	signal.addEventListener('abort', end, { once: true });
	void running.exited.then(() => signal.removeEventListener('abort', end));
	return running;
}

export interface Ended {
	/** exit code, or the name of the signal */
	readonly code: number | string;
	readonly stdout: string;
	readonly stderr: string;
	/** from its start to its end */
	readonly seconds: number;
	/** of it and of the children that it waited for */
	readonly cpuSeconds: number;
	/** of it alone */
	readonly memoryPeakBytes: number;
}

/** Runs a command to its end, whatever its exit code. Nothing else may end meanwhile: its CPU time would count. */
export async function measureInLab(
	bench: Pick<Bench, 'lab' | 'folder' | 'signal'>,
	command: readonly [string, ...string[]],
	options: ProcessOptions = {},
): Promise<Ended> {
	const cpuBefore = endedChildrenCpuSeconds();
	const startedAt = performance.now();
	await using running = startInLab(bench, command, options);
	let memoryPeakBytes = 0;
	const watch = (): void => {
		const { pid } = running.child;
		if (pid === undefined) return;
		memoryPeakBytes = Math.max(memoryPeakBytes, readMemory(pid)?.peakBytes ?? 0);
		options.watch?.(pid);
	};
	const timer = setInterval(watch, options.everyMs ?? sampleMs);
	try {
		const code = await running.exited;
		const seconds = (performance.now() - startedAt) / 1000;
		bench.signal.throwIfAborted();
		const cpuSeconds = endedChildrenCpuSeconds() - cpuBefore;
		return { code, stdout: running.output(), stderr: running.errors(), seconds, cpuSeconds, memoryPeakBytes };
	} finally {
		clearInterval(timer);
	}
}

/** The same for a command that must succeed. @throws PingpoolError `internal` with the end of what it said */
export async function measureSuccess(
	bench: Pick<Bench, 'lab' | 'folder' | 'signal'>,
	command: readonly [string, ...string[]],
	options?: ProcessOptions,
): Promise<Ended> {
	const ended = await measureInLab(bench, command, options);
	if (ended.code !== 0) throw failed(command, ended);
	return ended;
}

/** What to say of a command that did not do what it should have. */
export function failed(
	command: readonly string[],
	{ code, stdout, stderr }: Omit<Ended, 'seconds' | 'cpuSeconds' | 'memoryPeakBytes'>,
): PingpoolError {
	const said = (stderr.trim() || stdout.trim()).slice(-2_000);
	return new PingpoolError(
		'internal',
		`${command.join(' ').slice(0, 200)}: ended with ${code}${said && `:\n${said}`}`,
	);
}
