/** Attackers as processes of their own, with the lowest priority: what they cost is not what the worker costs. */
import { fileURLToPath } from 'node:url';
import type { Running } from '../process.ts';
import { startProcess } from '../process.ts';
import type { AttackReport } from './attacker.ts';

const program = fileURLToPath(new URL('attacker.ts', import.meta.url));

/** How an attack on a port is started, for who starts it elsewhere. */
export function attackCommand(port: number, name: string): [string, ...string[]] {
	return ['nice', '-n', '19', process.execPath, program, String(port), name];
}

/** Starts an attack on a port of this machine; resolves when it has begun. */
export async function startAttack(port: number, name: string): Promise<Running> {
	const [command, ...args] = attackCommand(port, name);
	const running = startProcess(command, args);
	await running.says(/attacking/);
	return running;
}

/** Ends an attack. @returns what came of it */
export async function endAttack({ child, exited, output }: Running): Promise<AttackReport> {
	child.kill('SIGTERM');
	await exited;
	return JSON.parse(output().split('\n').at(-2)!);
}
