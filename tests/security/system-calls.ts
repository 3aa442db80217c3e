/** Which system calls a unit's SystemCallFilter lets through, as systemd itself expands its sets. */
import { execFileSync } from 'node:child_process';

/**
 * @param lines values of SystemCallFilter in order: names and sets that are added, or taken away again behind a `~`
 * @returns names of system calls
 */
export function allowedSystemCalls(lines: readonly string[]): Set<string> {
	const sets = systemCallSets();
	// Whatever a list of what is allowed says, systemd adds this one.
	const allowed = expanded('@default', sets);
	for (const line of lines) {
		const removes = line.startsWith('~');
		for (const name of line.slice(removes ? 1 : 0).split(/\s+/)) {
			for (const call of expanded(name, sets)) {
				if (removes) allowed.delete(call);
				else allowed.add(call);
			}
		}
	}
	return allowed;
}

/** Members of each set, which may be sets themselves. */
function systemCallSets(): Map<string, string[]> {
	const env = { ...process.env, SYSTEMD_COLORS: '0' };
	const options = { encoding: 'utf8', env, stdio: 'pipe' } as const;
	const text = execFileSync('systemd-analyze', ['syscall-filter', '--no-pager'], options);
	const sets = new Map<string, string[]>();
	let members: string[] = [];
	for (const line of text.split('\n')) {
		if (/^@\S+$/.test(line)) {
			members = [];
			sets.set(line, members);
		} else if (/^ +[@\w]/.test(line)) members.push(line.trim());
	}
	return sets;
}

function expanded(name: string, sets: ReadonlyMap<string, readonly string[]>): Set<string> {
	if (!name.startsWith('@')) return new Set([name]);
	const members = sets.get(name);
	if (members === undefined) throw new Error(`systemd knows no set ${name}`);
	return new Set(members.flatMap((member) => [...expanded(member, sets)]));
}
