/**
 * What a connection by name would make of a text: Node's own lookup, IDNA and getaddrinfo included.
 *
 * No query may leave the machine, whatever the text: the child lives in a network namespace without any link, in
 * which names come from a hosts file that is empty.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseIp } from '../../../shared/ip.ts';
import { hexOf } from './examine.ts';
import { startLineChild } from './line-child.ts';

export interface LookupJudge extends AsyncDisposable {
	/** @returns the address of each text in hex, 8 digits or 32, or `undefined` for none */
	judge(texts: readonly string[]): Promise<(string | undefined)[]>;
}

/** Mounts in a namespace of its own, seen by nobody else: names from files alone, and none in them. */
const alone = `
mount --bind /dev/null /etc/hosts
if [ -e /etc/nsswitch.conf ]; then
	echo 'hosts: files' > "$1" && mount --bind "$1" /etc/nsswitch.conf && rm -f "$1"
fi
exec "$2" "$3"`;

/** Why there is no such judge here, or `undefined`. */
export function withoutLookups(): string | undefined {
	if (process.platform !== 'linux') return 'network namespaces need Linux';
	if (process.getuid?.() !== 0) return 'network namespaces need root';
	// A caching daemon would ask for us, from where it lives.
	if (existsSync('/var/run/nscd/socket')) return 'nscd answers for this machine';
	const { status } = spawnSync(
		'unshare',
		['--net', '--mount', 'mount', '--bind', '/dev/null', '/etc/hosts'],
		{
			stdio: 'ignore',
		},
	);
	return status === 0 ? undefined : 'namespaces are not permitted here';
}

/** @param scratchPath a file that the child may write once */
export function startLookupJudge(scratchPath: string): LookupJudge {
	const script = fileURLToPath(new URL('./lookup-child.ts', import.meta.url));
	const child = startLineChild('unshare', [
		...['--net', '--mount', 'sh', '-e', '-c', alone, 'sh', scratchPath, process.execPath, script],
	]);
	return {
		async judge(texts) {
			const answers = (await child.ask(texts)) as (string | null)[];
			return answers.map((text) => {
				const address = text === null ? undefined : parseIp(text.replace(/%.*/, ''));
				return address && hexOf(address);
			});
		},
		[Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
	};
}
