/** Where and of what something was measured. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Peer } from './peers/peer.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface Machine {
	readonly cpu: string;
	readonly cores: number;
	readonly memoryBytes: number;
	readonly system: string;
	readonly kernel: string;
	readonly node: string;
	/** versions by name; null for what is not installed */
	readonly peers: Readonly<Record<string, string | null>>;
}

export function describeMachine(peers: readonly Peer[]): Machine {
	const processors = cpus();
	return {
		cpu: processors[0]?.model.trim() ?? 'unknown',
		cores: processors.length,
		memoryBytes: totalmem(),
		system: systemName(),
		kernel: release(),
		node: process.versions.node,
		peers: Object.fromEntries(peers.map((peer) => [peer.name, peer.version() ?? null])),
	};
}

/** In a line, for a reader. */
export function machineText({ cpu, cores, memoryBytes, system, kernel, node, peers }: Machine): string {
	const versions = Object.entries(peers).map(([name, version]) => `${name} ${version ?? 'not installed'}`);
	const memory = `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;
	return [`${cores} cores (${cpu}), ${memory}`, `${system}, Linux ${kernel}, Node ${node}`, ...versions].join(
		', ',
	);
}

function systemName(): string {
	try {
		return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
	} catch {
		return 'unknown';
	}
}

/** The commit that is checked out, with `+` when files differ from it, or `unknown`. */
export function currentCommit(): string {
	const git = (...args: string[]): string =>
		execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
	try {
		const changed = git(
			'status',
			'--porcelain',
			'--',
			'shared',
			'worker',
			'master',
			'bin',
			'package-lock.json',
		);
		return git('rev-parse', '--short=10', 'HEAD') + (changed === '' ? '' : '+');
	} catch {
		return 'unknown';
	}
}
