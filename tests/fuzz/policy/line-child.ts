/** A child process that answers each line of JSON with a line of JSON, in order. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface LineChild extends AsyncDisposable {
	/** rejects when the child has ended */
	ask(question: unknown): Promise<unknown>;
}

export function startLineChild(command: string, args: readonly string[]): LineChild {
	const child: ChildProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
	const waiting: { resolve: (answer: unknown) => void; reject: (reason: unknown) => void }[] = [];
	const end = (): void => {
		for (const { reject } of waiting.splice(0)) reject(new Error(`${command} has ended`));
	};
	const exited = new Promise<void>((resolve) => {
		child.once('error', () => resolve()).once('exit', () => resolve());
	}).then(end);
	child.stdin!.on('error', () => undefined);
	createInterface({ input: child.stdout! }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)));
	return {
		ask(question) {
			return new Promise((resolve, reject) => {
				waiting.push({ resolve, reject });
				// To readline these two end a line as well.
				const line = JSON.stringify(question).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
				child.stdin!.write(`${line}\n`);
				if (child.exitCode !== null) end();
			});
		},
		async [Symbol.asyncDispose]() {
			child.stdin!.end();
			await exited;
		},
	};
}
