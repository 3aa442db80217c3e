/** What is true of every host, whoever asks. */
import type { HostColumn } from '../../../shared/host-column.ts';
import { HostColumnBuilder } from '../../../shared/host-column.ts';
import { createRandom } from '../../../shared/random.ts';
import type { ProbeName } from '../../../shared/target.ts';
import type { Swarm } from '../swarm.ts';

/** `poisonous`: a worker that probes it dies; `unacceptable`: workers reject a request that has it */
export const truthNames = ['up', 'down', 'unresolved', 'denied', 'poisonous', 'unacceptable'] as const;
export type Truth = (typeof truthNames)[number];

export class Truths {
	readonly #truths: Uint8Array;
	readonly #probes: readonly ProbeName[];
	readonly #swarm: Swarm;

	constructor(swarm: Swarm) {
		this.#swarm = swarm;
		const { seed, hosts, shares, poisonous, unacceptable, probes } = swarm;
		const random = createRandom(seed ^ 0x7275);
		this.#truths = new Uint8Array(hosts);
		for (let position = 0; position < hosts; position += 1) {
			const drawn = random.next();
			let truth: Truth = 'up';
			if (drawn < shares.down) truth = 'down';
			else if (drawn < shares.down + shares.unresolved) truth = 'unresolved';
			else if (drawn < shares.down + shares.unresolved + shares.denied) truth = 'denied';
			this.#truths[position] = truthNames.indexOf(truth);
		}
		for (let n = 0; n < poisonous; n += 1)
			this.#truths[random.below(hosts)] = truthNames.indexOf('poisonous');
		for (let n = 0; n < unacceptable; n += 1) {
			this.#truths[random.below(hosts)] = truthNames.indexOf('unacceptable');
		}
		this.#probes = Array.from({ length: hosts }, () => probes[random.below(probes.length)]!);
	}

	of(position: number): Truth {
		return truthNames[this.#truths[position]!]!;
	}

	probeOf(position: number): ProbeName {
		return this.#probes[position]!;
	}

	/** Whether the `worker`-th worker has no route to it. */
	isBlind(position: number, worker: number): boolean {
		const { blindShare, seed } = this.#swarm;
		if (blindShare === 0) return false;
		const mixed = Math.imul(Math.imul(position + 1, 0x9e3779b1) ^ (worker + 1), 0x85ebca6b) ^ seed;
		return ((mixed ^ (mixed >>> 13)) & 0xffff) / 0x1_0000 < blindShare;
	}

	/** Its round-trip time in ms, where it answers. */
	rttMsOf(position: number): number {
		return 1 + (position % 23);
	}

	/** Bare addresses for echo requests, texts for all others. */
	hostsOf(positions: Uint32Array): HostColumn {
		const builder = new HostColumnBuilder(positions.length);
		for (const position of positions) {
			if (this.#probes[position] === 'icmp') builder.addIpv4(addressOf(position));
			else builder.addText(textOf(position));
		}
		return builder.finish();
	}

	/** Whether row `row` of a column is the host of a position. */
	isHostOf(position: number, { ipv4, texts }: HostColumn, row: number): boolean {
		const text = texts?.[row];
		if (this.#probes[position] === 'icmp') return text === undefined && ipv4[row] === addressOf(position);
		return text === textOf(position);
	}
}

function addressOf(position: number): number {
	return 0x0a00_0000 + position;
}

function textOf(position: number): string {
	return `h${position}.test:443`;
}
