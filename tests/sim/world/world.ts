/** Everything around the rules: time, chance, workers, the network, the disk, and one life of the master after another. */
import type { Random } from '../../../shared/random.ts';
import { createRandom } from '../../../shared/random.ts';
import { Checker } from '../check/checker.ts';
import type { RequestFault, Swarm } from '../swarm.ts';
import { requestFaults } from '../swarm.ts';
import { Network } from './network.ts';
import { SimulatedMaster } from './simulated-master.ts';
import { SimulatedDisk } from './simulated-store.ts';
import { SimulatedWorker } from './simulated-worker.ts';
import type { Trace } from './trace.ts';
import { Truths } from './truths.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How long it takes until somebody runs the command again. */
const restartMsMax = 2_000;

export interface WorldOptions {
	readonly swarm: Swarm;
	readonly time: VirtualTime;
	readonly trace: Trace;
}

export class World {
	readonly swarm: Swarm;
	readonly time: VirtualTime;
	readonly trace: Trace;
	readonly checker: Checker;
	readonly random: Random;
	readonly truths: Truths;
	readonly disk: SimulatedDisk;
	readonly network: Network;
	readonly workers: ReadonlyMap<string, SimulatedWorker>;
	/** those that workers.txt names */
	readonly members: Set<SimulatedWorker>;
	/** lives of the master so far */
	lives = 0;
	/** the life that goes on; `undefined` in between */
	master: SimulatedMaster | undefined;
	isHealed = false;

	constructor({ swarm, time, trace }: WorldOptions) {
		this.swarm = swarm;
		this.time = time;
		this.trace = trace;
		this.random = createRandom(swarm.seed ^ 0x3b1d);
		this.truths = new Truths(swarm);
		this.disk = new SimulatedDisk(swarm.hosts);
		this.network = new Network(this);
		const workers = swarm.workers.map((traits, index) => new SimulatedWorker(this, traits, index));
		this.workers = new Map(workers.map((worker) => [worker.name, worker]));
		this.members = new Set(workers);
		this.checker = new Checker(this);
	}

	/** Whether every host has a row on the disk. */
	get isDone(): boolean {
		return this.disk.count === this.swarm.hosts;
	}

	/** Runs the command, again and again until everything is done. */
	startMaster(): void {
		this.lives += 1;
		const { time, trace, disk } = this;
		trace.add(
			time.nowMs,
			50,
			this.lives,
			() => `life ${this.lives} of the master, ${disk.count} rows are there`,
		);
		this.master = new SimulatedMaster(this, () => {
			this.master = undefined;
			if (this.isDone) return;
			time.after(1 + restartMsMax * this.random.next(), () => this.startMaster());
		});
		this.master.start();
	}

	/** What goes wrong with the next request. */
	drawRequestFault(): RequestFault | undefined {
		if (this.isHealed || this.swarm.faults.size === 0) return undefined;
		for (const fault of requestFaults) {
			const share = this.swarm.faults.get(fault);
			if (share !== undefined && this.random.next() < share) return fault;
		}
		return undefined;
	}

	/** Whether something that is said of a request that is over reaches the rules all the same. */
	letsLateWordsPass(): boolean {
		return this.swarm.faults.has('late-words') && this.random.next() < 0.5;
	}
}
