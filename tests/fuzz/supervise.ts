/**
 * Watches over the process that fuzzes. When it dies, or has not said anything for a while, the input that it was at
 * is a finding, and another process goes on with the next target.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastInput } from './input-file.ts';
import type { ChildOptions, FromChild, TargetSummary } from './messages.ts';

/** No input takes so long, whatever else the machine does. */
const silenceMsMax = 30_000;
/** Nor does any start. */
const startMsMax = 120_000;

export interface SuperviseOptions extends Omit<ChildOptions, 'inputPath'> {
	readonly onProgress: (target: string, cases: number, corpus: number) => void;
	readonly onSummary: (summary: TargetSummary) => void;
}

export async function supervise({ onProgress, onSummary, ...options }: SuperviseOptions): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-fuzz-'));
	const inputPath = join(folder, 'input');
	try {
		let targets = options.targets;
		while (targets.length > 0) {
			let done = 0;
			let cases = 0;
			const how = await childEnds({ ...options, targets, inputPath }, (message) => {
				if (message.type === 'summary') {
					done += 1;
					cases = 0;
					onSummary(message.summary);
				} else {
					cases = message.cases;
					onProgress(message.target, message.cases, message.corpus);
				}
			});
			if (how !== undefined) {
				const input = lastInput(inputPath);
				onSummary(deathOf(targets[done] ?? 'the end of the run', cases, input, how));
				done += 1;
			}
			targets = targets.slice(done);
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function deathOf(target: string, cases: number, input: Uint8Array, problem: string): TargetSummary {
	return {
		target,
		cases,
		ms: Number.NaN,
		cpuMs: Number.NaN,
		blocks: { covered: 0, known: 0 },
		corpus: 0,
		slowestMs: Number.NaN,
		grownBytes: 0,
		findings: [{ inputBase64: Buffer.from(input).toString('base64'), problem }],
		uncovered: [],
	};
}

/** @returns how the process ended, or `undefined` when it has done all that it should */
function childEnds(
	options: ChildOptions,
	onMessage: (message: FromChild) => void,
): Promise<string | undefined> {
	const child: ChildProcess = fork(
		fileURLToPath(new URL('./child.ts', import.meta.url)),
		[JSON.stringify(options)],
		{
			execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
			// Of code from the cache, V8 counts blocks less exactly.
			env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
		},
	);
	return new Promise((resolve, reject) => {
		let hung = false;
		const hang = (): void => {
			hung = true;
			child.kill('SIGKILL');
		};
		let timer = setTimeout(hang, startMsMax);
		child.on('message', (message) => {
			clearTimeout(timer);
			timer = setTimeout(hang, silenceMsMax);
			onMessage(message as FromChild);
		});
		child.once('error', reject);
		child.once('close', (code, signal) => {
			clearTimeout(timer);
			if (hung) resolve(`hangs for more than ${silenceMsMax} ms`);
			else resolve(code === 0 ? undefined : `ends the process (${signal ?? `exit code ${code}`})`);
		});
	});
}
