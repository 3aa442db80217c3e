/** Targets that are shuffled together, in columns. */
import type { HostColumn } from '../../shared/host-column.ts';
import { selectHosts, sliceHosts } from '../../shared/host-column.ts';
import type { Random } from '../../shared/random.ts';
import { shuffledOrder } from '../../shared/random.ts';
import { probeNames } from '../../shared/target.ts';
import type { TargetBatch } from '../targets/target-list.ts';
import type { Dealt } from './rules/target-queue.ts';

export class ShuffleWindow {
	#length = 0;
	readonly #positions: Uint32Array;
	readonly #ipv4: Uint32Array;
	readonly #probes: Uint8Array;
	#texts: (string | undefined)[] | undefined;

	constructor(capacity: number) {
		this.#positions = new Uint32Array(capacity);
		this.#ipv4 = new Uint32Array(capacity);
		this.#probes = new Uint8Array(capacity);
	}

	get room(): number {
		return this.#positions.length - this.#length;
	}

	/** Takes what there is room for. @returns the rest of the batch, or `undefined` when there is none */
	add({ firstPosition, hosts, probes }: TargetBatch): TargetBatch | undefined {
		const count = Math.min(hosts.length, this.room);
		const at = this.#length;
		for (let i = 0; i < count; i += 1) this.#positions[at + i] = firstPosition + i;
		this.#ipv4.set(hosts.ipv4.subarray(0, count), at);
		this.#probes.set(probes.subarray(0, count), at);
		if (hosts.texts !== undefined) {
			this.#texts ??= new Array<string | undefined>(this.#positions.length).fill(undefined);
			for (let i = 0; i < count; i += 1) this.#texts[at + i] = hosts.texts[i];
		}
		this.#length += count;
		if (count === hosts.length) return undefined;
		return {
			firstPosition: firstPosition + count,
			hosts: sliceHosts(hosts, count, hosts.length),
			probes: probes.subarray(count),
		};
	}

	/** All targets, shuffled, by probe; within a probe, bare IPv4 addresses first: one other host makes the request
	 * that it is in a dear one (JSON), so they share as few as they can. */
	shuffled(random: Random): (Dealt & { probe: number })[] {
		const order = shuffledOrder(this.#length, random);
		const perProbe = probeNames.map(() => 0);
		for (let i = 0; i < this.#length; i += 1) perProbe[this.#probes[i]!]! += 1;
		const all: HostColumn = { length: this.#length, ipv4: this.#ipv4, texts: this.#texts };
		return probeNames.flatMap((_, probe) => {
			if (perProbe[probe] === 0) return [];
			const rows = this.#bareFirst(
				perProbe[probe] === order.length ? order : order.filter((row) => this.#probes[row] === probe),
			);
			const positions = new Uint32Array(rows.length);
			for (let i = 0; i < rows.length; i += 1) positions[i] = this.#positions[rows[i]!]!;
			return [{ probe, positions, hosts: selectHosts(all, rows) }];
		});
	}

	/** Bare and other hosts keep the order that they have among themselves. */
	#bareFirst(rows: Uint32Array): Uint32Array {
		const texts = this.#texts;
		if (texts === undefined) return rows;
		const sorted = new Uint32Array(rows.length);
		const bare = rows.filter((row) => texts[row] === undefined);
		sorted.set(bare);
		sorted.set(
			rows.filter((row) => texts[row] !== undefined),
			bare.length,
		);
		return sorted;
	}
}
