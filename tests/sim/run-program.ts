/** Runs a program of the simulation in a process of its own, as fast as Node runs it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @returns its exit code, `null` when a signal ended it, and what it wrote to both streams */
export function runProgram(
	program: URL,
	args: readonly string[],
): Promise<{ code: number | null; output: string }> {
	const child = spawn(process.execPath, [fileURLToPath(program), ...args], {
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const chunks: Buffer[] = [];
	child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
	child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
	});
}
