/** One seed, from the first run of the command until every host has its row. */
import type { Counts } from './check/checker.ts';
import { Violation } from './check/violation.ts';
import type { Swarm } from './swarm.ts';
import { drawSwarm } from './swarm.ts';
import { FaultInjector } from './world/fault-injector.ts';
import { Trace } from './world/trace.ts';
import { VirtualTime } from './world/virtual-time.ts';
import { World } from './world/world.ts';

export interface Simulation {
	readonly seed: number;
	readonly swarm: Swarm;
	/** what does not hold; `undefined` when all does. Also what the rules threw */
	readonly violation: Error | undefined;
	readonly virtualMs: number;
	/** of the trace: the same for the same seed */
	readonly hash: number;
	readonly lives: number;
	readonly counts: Counts;
}

/** @param say takes the trace, line by line; without it, none is made */
export function simulate(seed: number, say?: (line: string) => void): Simulation {
	const swarm = drawSwarm(seed);
	const time = new VirtualTime();
	const startMs = time.nowMs;
	const trace = new Trace(startMs, say);
	const world = new World({ swarm, time, trace });
	let violation: Error | undefined;
	const { stackTraceLimit } = Error;
	// Failures of workers are errors, and there are many.
	Error.stackTraceLimit = say === undefined ? 0 : stackTraceLimit;
	try {
		new FaultInjector(world).start();
		world.startMaster();
		while (!world.isDone || world.master !== undefined) {
			if (!time.step()) throw new Violation(14, 'nothing happens any more');
			world.checker.passed();
		}
	} catch (error) {
		if (!(error instanceof Error)) throw error;
		violation = error;
		trace.add(time.nowMs, 99, 0, () => `FAILED ${error.stack ?? error.message}`);
	} finally {
		Error.stackTraceLimit = stackTraceLimit;
	}
	const { lives, checker } = world;
	return {
		seed,
		swarm,
		violation,
		virtualMs: time.nowMs - startMs,
		hash: trace.hash,
		lives,
		counts: checker.counts,
	};
}
