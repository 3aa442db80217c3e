/** The Python child that judges addresses (judge.py). */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startLineChild } from './line-child.ts';

/** Of a host and of the name that our parser made of it, if it did. */
export interface Verdict {
	/** the address in hex, 8 digits or 32, by Python's ipaddress; `zone` for one with a zone; `undefined` for none */
	readonly address: string | undefined;
	/** of that address: 1 multicast, 2 reserved, 4 unspecified, 8 loopback, 16 link-local */
	readonly flags: number;
	/** what getaddrinfo makes of the host as it stands, without asking anybody */
	readonly hostResolved: string | undefined;
	/** what it makes of the name */
	readonly nameResolved: string | undefined;
}

export type Question = readonly [host: string, name: string | undefined];
type Row = readonly [string | null, number, string | null, string | null];

export interface PythonJudge extends AsyncDisposable {
	judge(questions: readonly Question[]): Promise<Verdict[]>;
}

/** Why there is no such judge here, or `undefined`. */
export function withoutPython(): string | undefined {
	const { status } = spawnSync('python3', ['-c', 'import ipaddress, socket'], { stdio: 'ignore' });
	return status === 0 ? undefined : 'python3 is missing';
}

export function startPythonJudge(): PythonJudge {
	const child = startLineChild('python3', [fileURLToPath(new URL('./judge.py', import.meta.url))]);
	return {
		async judge(questions) {
			return ((await child.ask(questions)) as Row[]).map(([address, flags, host, name]) => ({
				address: address ?? undefined,
				flags,
				hostResolved: host ?? undefined,
				nameResolved: name ?? undefined,
			}));
		},
		[Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
	};
}
