/** Targets that wait to go out, and how many of them a request takes. */
import type { HostColumn } from '../../../shared/host-column.ts';
import { sliceHosts } from '../../../shared/host-column.ts';
import type { ProbeName } from '../../../shared/target.ts';

/** Targets of one probe, in the order in which they go out. */
export interface Dealt {
	readonly positions: Uint32Array;
	readonly hosts: HostColumn;
}

export class TargetQueue {
	#dealt: Dealt[] = [];
	/** targets of the first that are taken already */
	#head = 0;
	/** targets that came in since the queue was empty last */
	#added = 0;
	size = 0;

	/** The part of what came in since the queue was empty last that is taken, from 0 to below 1; 1 when it is empty. */
	get takenShare(): number {
		return this.size === 0 ? 1 : 1 - this.size / this.#added;
	}

	push(dealt: Dealt): void {
		if (dealt.hosts.length === 0) return;
		if (this.size === 0) this.#added = 0;
		this.#dealt.push(dealt);
		this.#added += dealt.hosts.length;
		this.size += dealt.hosts.length;
	}

	/** The next targets: as many as fit, at least one, and of one deal. The queue is not empty. */
	take(count: number, bytesMax: number, probe: ProbeName): Dealt {
		const { positions, hosts } = this.#dealt[0]!;
		const from = this.#head;
		const end = from + fitting(hosts, from, count, bytesMax, probe);
		if (end === hosts.length) {
			this.#dealt.shift();
			this.#head = 0;
		} else this.#head = end;
		this.size -= end - from;
		return { positions: positions.slice(from, end), hosts: sliceHosts(hosts, from, end) };
	}

	positions(): Uint32Array[] {
		return this.#dealt.map(({ positions }, at) => (at === 0 ? positions.subarray(this.#head) : positions));
	}

	takeAll(): Dealt[] {
		const taken: Dealt[] = [];
		while (this.size > 0) taken.push(this.take(this.size, Number.POSITIVE_INFINITY, 'icmp'));
		return taken;
	}
}

/** An IPv4 address as a JSON string with its comma, at most. */
const ipv4BytesMax = '"255.255.255.255",'.length;

/** How many of `hosts` from `from` on fit: at most `count`, and at least one. A bare IPv4 address counts as long as
 * one can be. */
export function fitting(
	hosts: HostColumn,
	from: number,
	count: number,
	bytesMax: number,
	probe: ProbeName,
): number {
	const most = Math.min(Math.max(1, count), hosts.length - from);
	if (most * ipv4BytesMax <= bytesMax && hosts.texts === undefined) return most;
	let bytes = 0;
	for (let n = 0; n < most; n += 1) {
		const host = hosts.texts?.[from + n];
		// Only the query of a URL has characters that JSON escapes.
		if (host === undefined) bytes += ipv4BytesMax;
		else bytes += (probe === 'http' ? JSON.stringify(host).length : host.length + 2) + 1;
		if (bytes > bytesMax) return Math.max(1, n);
	}
	return most;
}
