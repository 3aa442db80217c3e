/** What processes use, from /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc per second: USER_HZ, 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

export interface Memory {
	/** resident now */
	readonly bytes: number;
	/** the most that it has been */
	readonly peakBytes: number;
}

/** The resident memory of a process, or `undefined` when it has gone. */
export function readMemory(pid: number): Memory | undefined {
	try {
		const status = readFileSync(`/proc/${pid}/status`, 'utf8');
		const field = (name: string): number =>
			Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
		const bytes = field('VmRSS');
		// Between its end and its funeral a process has no memory any more.
		return Number.isNaN(bytes) ? undefined : { bytes, peakBytes: field('VmHWM') };
	} catch {
		return undefined;
	}
}

/** CPU time that a process has used, user and system, or `undefined` when it has gone. */
export function readCpuSeconds(pid: number): number | undefined {
	const fields = statFields(pid);
	return fields && (fields[userTime]! + fields[systemTime]!) / ticksPerSecond;
}

/** CPU time of all children of this process that have ended, and of theirs. */
export function endedChildrenCpuSeconds(): number {
	const fields = statFields(process.pid)!;
	return (fields[childrenUserTime]! + fields[childrenSystemTime]!) / ticksPerSecond;
}

/** CPU time of a process and of all below it, those that have ended among them; 0 when it has gone. */
export function readTreeCpuSeconds(root: number): number {
	const all = new Map<number, number[]>();
	for (const name of readdirSync('/proc')) {
		const fields = /^\d+$/.test(name) ? statFields(Number(name)) : undefined;
		if (fields !== undefined) all.set(Number(name), fields);
	}
	const isBelow = (pid: number): boolean => {
		if (pid === root) return true;
		const above = all.get(pid)?.[parent] ?? 0;
		return above > 0 && isBelow(above);
	};
	let ticks = 0;
	for (const [pid, fields] of all) {
		if (!isBelow(pid)) continue;
		for (const time of [userTime, systemTime, childrenUserTime, childrenSystemTime]) ticks += fields[time]!;
	}
	return ticks / ticksPerSecond;
}

/** Positions behind the name of the process, which may hold spaces. */
const [parent, userTime, systemTime, childrenUserTime, childrenSystemTime] = [1, 11, 12, 13, 14];

function statFields(pid: number): number[] | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		return stat
			.slice(stat.lastIndexOf(')') + 2)
			.split(' ')
			.map(Number);
	} catch {
		return undefined;
	}
}

/** Whether a process, or another one in its network namespace, listens on a TCP port (proc(5): net/tcp). */
export function isListening(pid: number, port: number): boolean {
	const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
	try {
		const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n');
		return lines.some((line) => line.includes(local) && / 0A /.test(line));
	} catch {
		return false;
	}
}

export interface LinkPackets {
	readonly received: number;
	readonly sent: number;
}

/**
 * The packets that went over a link, as a process in its namespace sees it.
 *
 * @returns `undefined` when the process is not there, or not yet in that namespace
 */
export function readLinkPackets(pid: number, link: string): LinkPackets | undefined {
	try {
		const text = readFileSync(`/proc/${pid}/net/dev`, 'utf8');
		const line = text.split('\n').find((one) => one.trimStart().startsWith(`${link}:`));
		if (line === undefined) return undefined;
		const fields = line
			.slice(line.indexOf(':') + 1)
			.trim()
			.split(/\s+/)
			.map(Number);
		return { received: fields[1]!, sent: fields[9]! };
	} catch {
		return undefined;
	}
}

/**
 * Echo requests that the sockets of a namespace have sent; raw frames are not counted there.
 *
 * @param snmp the content of /proc/net/snmp
 */
export function echoesIn(snmp: string): number {
	const [names, values] = snmp
		.split('\n')
		.filter((line) => line.startsWith('Icmp:'))
		.map((line) => line.split(' '));
	return Number(values![names!.indexOf('OutEchos')]);
}

/** Those of the namespace of a process, or `undefined` when it is not there, or not yet in that namespace. */
export function readEchoesSent(pid: number, link: string): number | undefined {
	if (readLinkPackets(pid, link) === undefined) return undefined;
	try {
		return echoesIn(readFileSync(`/proc/${pid}/net/snmp`, 'utf8'));
	} catch {
		return undefined;
	}
}
