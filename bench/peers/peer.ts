/** The programs that pingpool is measured against. Those that are not installed are left out, and that is said. */
import { execFileSync } from 'node:child_process';

export interface Peer {
	readonly name: string;
	/** Debian's package that has it */
	readonly packageName: string;
	/** `undefined` when it is not installed */
	version(): string | undefined;
}

/** What a command says of its version, or `undefined` when it does not run. */
export function versionFrom(command: string, args: readonly string[], pattern: RegExp): string | undefined {
	try {
		const said = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
		return pattern.exec(said)?.[1];
	} catch (error) {
		// masscan --version ends with 1.
		const said = (error as { stdout?: unknown }).stdout;
		return typeof said === 'string' ? pattern.exec(said)?.[1] : undefined;
	}
}

/** @returns a line for those of them that are missing */
export function missingNotes(peers: readonly Peer[]): string[] {
	return peers
		.filter((peer) => peer.version() === undefined)
		.map(
			({ name, packageName }) =>
				`${name} is not installed and was left out (Debian: apt-get install ${packageName})`,
		);
}
