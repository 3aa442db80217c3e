/** The list, as a master reads it: in windows, each shuffled and dealt by probe, slowly at times. */
import type { Dealt } from '../../../master/dispatch/rules/target-queue.ts';
import { shuffledOrder } from '../../../shared/random.ts';
import type { ProbeName } from '../../../shared/target.ts';
import type { World } from './world.ts';

export type Targets = (Dealt & { readonly probe: ProbeName })[];

export class SimulatedList {
	readonly #world: World;
	#next = 0;

	constructor(world: World) {
		this.#world = world;
	}

	/** Hosts that have been handed out. */
	get read(): number {
		return this.#next;
	}

	/** Reads the next window; `undefined` behind the end. */
	readNext(done: (targets: Targets | undefined) => void): void {
		const { time, swarm, random } = this.#world;
		time.after(swarm.readMs * random.next(), () => {
			const from = this.#next;
			if (from === swarm.hosts) {
				done(undefined);
				return;
			}
			this.#next = Math.min(swarm.hosts, from + swarm.windowHosts);
			done(this.#deal(from, this.#next));
		});
	}

	#deal(from: number, to: number): Targets {
		const { truths, random, swarm } = this.#world;
		const order = shuffledOrder(to - from, random).map((at) => from + at);
		return swarm.probes
			.map((probe) => order.filter((position) => truths.probeOf(position) === probe))
			.filter((positions) => positions.length > 0)
			.map((positions) => ({
				probe: truths.probeOf(positions[0]!),
				positions,
				hosts: truths.hostsOf(positions),
			}));
	}
}
