/** Lets faults begin and end, as the swarm says, and all of them end when it heals. */
import type { LastingFault } from '../swarm.ts';
import { lastingFaults } from '../swarm.ts';
import type { SimulatedWorker } from './simulated-worker.ts';
import type { World } from './world.ts';

/** The shortest and the longest time that a fault lasts, and how soon what died is started again. */
const lastsMsMin = 50;
const lastsMsMax = 40_000;

export class FaultInjector {
	readonly #world: World;
	readonly #healAtMs: number;

	constructor(world: World) {
		this.#world = world;
		this.#healAtMs = world.time.nowMs + world.swarm.healAfterMs;
	}

	start(): void {
		const { time, swarm } = this.#world;
		for (const fault of lastingFaults) {
			const meanMs = swarm.faults.get(fault);
			if (meanMs !== undefined) this.#plan(fault, meanMs);
		}
		time.at(this.#healAtMs, () => this.#heal());
	}

	#plan(fault: LastingFault, meanMs: number): void {
		const { time, random } = this.#world;
		const waitMs = -Math.log(1 - random.next()) * meanMs;
		if (time.nowMs + waitMs >= this.#healAtMs) return;
		time.after(waitMs, () => {
			this.#inject(fault);
			this.#plan(fault, meanMs);
		});
	}

	#inject(fault: LastingFault): void {
		const { world, untilMs } = { world: this.#world, untilMs: this.#drawEnd() };
		const { time, trace, workers, random, disk, network, master } = world;
		const worker = [...workers.values()][random.below(workers.size)]!;
		const lastsMs = untilMs - time.nowMs;
		const whom =
			lastingFaults.indexOf(fault) <= lastingFaults.indexOf('blackhole') ? ` of ${worker.name}` : '';
		trace.add(time.nowMs, 60, worker.index, () => `FAULT ${fault}${whom}, for ${lastsMs.toFixed(0)} ms`);
		switch (fault) {
			case 'crash':
			case 'vanish':
				worker.die(fault === 'crash' ? 'down' : 'vanished', lastsMs);
				return;
			case 'freeze':
				worker.frozenUntilMs = untilMs;
				return;
			case 'slow':
				worker.slowUntilMs = untilMs;
				return;
			case 'troubled':
				worker.troubledUntilMs = Math.max(worker.troubledUntilMs, untilMs);
				return;
			case 'overload':
				worker.overloadedUntilMs = Math.max(worker.overloadedUntilMs, untilMs);
				return;
			case 'blackhole':
				network.darken(worker.name, untilMs);
				return;
			case 'master-crash':
				// Now, or between two steps of what it does next.
				if (random.next() < 0.5) master?.die();
				else master?.dieAfter(random.below(20));
				return;
			case 'master-stopped':
				master?.hold(lastsMs);
				return;
			case 'interrupt':
				master?.interrupt();
				return;
			case 'disk-slow':
				disk.slowUntilMs = untilMs;
				return;
			case 'disk-fails':
				disk.isFailing = true;
				return;
			case 'leave':
				this.#leave(worker, untilMs);
				return;
		}
	}

	#drawEnd(): number {
		const { time, random } = this.#world;
		const lastsMs = lastsMsMin * (lastsMsMax / lastsMsMin) ** random.next();
		return Math.min(this.#healAtMs, time.nowMs + lastsMs);
	}

	#leave(worker: SimulatedWorker, untilMs: number): void {
		const { members, master, time } = this.#world;
		if (!members.delete(worker)) return;
		master?.leave(worker);
		time.at(untilMs, () => this.#join(worker));
	}

	#join(worker: SimulatedWorker): void {
		const { members, master, time, trace } = this.#world;
		if (members.has(worker)) return;
		trace.add(time.nowMs, 61, worker.index, () => `${worker.name} is in workers.txt again`);
		members.add(worker);
		master?.join(worker);
	}

	/** No more faults: everything runs, and workers that were set aside for good are named anew. */
	#heal(): void {
		const world = this.#world;
		const { time, trace, workers, members, disk } = world;
		trace.add(time.nowMs, 62, 0, () => 'HEALED: from here on there are no faults');
		world.isHealed = true;
		disk.isFailing = false;
		world.master?.dieAfter(Number.POSITIVE_INFINITY);
		for (const worker of workers.values()) {
			worker.start();
			const state = world.master?.rules.lanes.get(worker.name)?.health.state;
			if (members.has(worker) && state === 'out') {
				members.delete(worker);
				world.master?.leave(worker);
			}
			this.#join(worker);
		}
		world.checker.healed();
	}
}
