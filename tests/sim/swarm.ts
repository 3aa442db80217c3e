/**
 * What one seed simulates. Every seed draws for itself which faults there are and how strong they are (swarm
 * testing: Groce et al., ISSTA 2012): a fault that is always on hides what only shows without it.
 */
import type { ProbeSettings } from '../../shared/protocol.ts';
import type { Random } from '../../shared/random.ts';
import { createRandom, shuffledOrder } from '../../shared/random.ts';
import type { ProbeName } from '../../shared/target.ts';
import { probeNames } from '../../shared/target.ts';

/** Faults of single requests; their strength is a probability. */
export const requestFaults = [
	'connect-refused',
	'connect-timeout',
	'request-lost',
	'answer-lost',
	'cut',
	'busy',
	'rejected',
	'too-large',
	'server-error',
	'invalid',
	'unauthorized',
	'drip',
	'no-descriptors',
	'late-words',
] as const;
export type RequestFault = (typeof requestFaults)[number];

/** Faults that begin at some time and last; their strength is the mean time between two of them, in ms. */
export const lastingFaults = [
	// a worker's
	'crash',
	'vanish',
	'freeze',
	'slow',
	'troubled',
	'overload',
	// the link's to one worker
	'blackhole',
	// the master's
	'master-crash',
	'master-stopped',
	'interrupt',
	// the disk's
	'disk-slow',
	'disk-fails',
	// of workers.txt
	'leave',
] as const;
export type LastingFault = (typeof lastingFaults)[number];
/** Truths that are faults: they do not heal. */
export const hostFaults = ['poisonous', 'unacceptable', 'blind-spots'] as const;
export type HostFault = (typeof hostFaults)[number];
export type Fault = RequestFault | LastingFault | HostFault;

const faultNames: readonly Fault[] = [...requestFaults, ...lastingFaults, ...hostFaults];

/** What is wrong with a worker from its first to its last day: whoever runs it has not noticed. */
export const vices = ['never-up', 'always-busy', 'never-answers', 'always-troubled', 'always-dies'] as const;
export type Vice = (typeof vices)[number];

export interface WorkerTraits {
	readonly name: string;
	readonly probes: readonly ProbeName[];
	/** probes that it sends per second, whatever it says */
	readonly speed: number;
	/** whether it says so */
	readonly saysRate: boolean;
	readonly hostsPerRequestMax: number;
	readonly probesPerRequestMax: number | null;
	readonly hostsInFlightMax: number;
	readonly bodyBytesMax: number;
	/** 0 for one that gives no sign of life, nor marks */
	readonly heartbeatMs: number;
	readonly weight: number;
	/** one way, in ms: at least, and on top at most */
	readonly delayMs: number;
	readonly jitterMs: number;
	/** whether it has answered when the run starts */
	readonly isMetFirst: boolean;
	readonly vice: Vice | undefined;
	/** hosts of a request that a proxy before it lets pass, whatever it says itself */
	readonly hostsPassedMax: number;
}

export interface Swarm {
	readonly seed: number;
	readonly hosts: number;
	readonly probes: readonly ProbeName[];
	/** of the hosts that are not one of the faults */
	readonly shares: { readonly down: number; readonly unresolved: number; readonly denied: number };
	readonly poisonous: number;
	readonly unacceptable: number;
	/** of the pairs of a host and a worker: the worker has no route to it */
	readonly blindShare: number;
	readonly settings: ProbeSettings;
	readonly chunkHosts: number | undefined;
	readonly concurrency: number | undefined;
	readonly ratePerSecond: number;
	readonly workerTimeoutMs: number;
	readonly pendingHostsMax: number;
	/** targets that the list hands over at a time, and how long reading them takes */
	readonly windowHosts: number;
	readonly readMs: number;
	/** rows that the store takes before it asks to wait, and how long a commit takes */
	readonly bufferRows: number;
	readonly commitMs: number;
	readonly workers: readonly WorkerTraits[];
	/** which faults there are, and how strong */
	readonly faults: ReadonlyMap<Fault, number>;
	/** from when on, after the start, there are no faults */
	readonly healAfterMs: number;
}

export function drawSwarm(seed: number): Swarm {
	const random = createRandom(seed);
	const draw = new Draw(random);
	const hostsUsual = draw.oneOf([
		[65, () => draw.between(1, 50)],
		[29.7, () => draw.between(20, 200)],
		[5, () => draw.between(200, 800)],
		[0.3, () => draw.between(1_000, 4_000)],
	]);
	// A list that is long for its chunks, and workers that know no way to half of it: what is asked again needs a
	// budget.
	const isStorm = draw.chance(0.01);
	const probes = draw.some(probeNames, 0.3);
	const faults = drawFaults(draw);
	if (isStorm) faults.set('blind-spots', 1);
	const settings = drawSettings(draw);
	const fleet = draw.between(isStorm ? 3 : 1, 6);
	const offersAll = draw.chance(0.97);
	const workers = Array.from({ length: fleet }, (_, i) =>
		// The first one offers everything, so that every probe is offered by somebody, in most seeds.
		drawWorker(
			draw,
			`w${i}`,
			(i === 0 && offersAll) || isStorm ? probeNames : draw.some(probeNames, 0.6),
			settings,
		),
	);
	if (fleet > 1 && draw.chance(0.1)) corrupt(draw, workers, probes);
	return {
		seed,
		hosts: isStorm ? draw.between(500, 1_000) : hostsUsual,
		probes,
		shares: {
			down: draw.chance(0.1) ? 1 : draw.chance(0.7) ? random.next() * 0.6 : 0,
			unresolved: draw.chance(0.3) ? random.next() * 0.2 : 0,
			denied: draw.chance(0.3) ? random.next() * 0.2 : 0,
		},
		poisonous: faults.has('poisonous') ? draw.between(1, Math.min(3, hostsUsual)) : 0,
		unacceptable: faults.has('unacceptable') ? draw.between(1, Math.min(3, hostsUsual)) : 0,
		blindShare: faults.has('blind-spots') ? random.next() * (isStorm ? 0.9 : 0.3) : 0,
		settings,
		chunkHosts: isStorm || draw.chance(0.25) ? draw.between(1, isStorm ? 25 : 100) : undefined,
		concurrency: draw.chance(0.15) ? draw.between(1, 4) : undefined,
		ratePerSecond: draw.chance(0.1) ? draw.spread(50, 5_000) : 0,
		// A host that kills its workers is found out within one life of the master, or never.
		workerTimeoutMs: faults.has('poisonous') ? draw.spread(20_000, 60_000) : draw.spread(1_000, 30_000),
		pendingHostsMax: draw.between(2, 512),
		windowHosts: draw.between(1, 256),
		readMs: draw.chance(0.2) ? draw.spread(1, 1_000) : 0,
		bufferRows: draw.between(1, 2_000),
		commitMs: draw.spread(1, 200),
		workers,
		faults,
		healAfterMs: draw.spread(500, 30_000),
	};
}

function drawFaults(draw: Draw): Map<Fault, number> {
	const faults = new Map<Fault, number>();
	const order = shuffledOrder(faultNames.length, draw.random);
	const count = draw.oneOf([
		[6, () => 0],
		[34, () => 1],
		[60, () => draw.between(2, 8)],
	]);
	for (const at of order.subarray(0, count)) {
		const name = faultNames[at]!;
		const lasts = (lastingFaults as readonly string[]).includes(name);
		faults.set(name, lasts ? draw.spread(200, 8_000) : draw.spread(0.01, 0.6));
	}
	return faults;
}

function drawSettings(draw: Draw): ProbeSettings {
	return {
		count: draw.chance(0.8) ? 1 : draw.between(2, 3),
		attempts: draw.between(1, 3),
		timeoutMs: draw.spread(30, 1_000),
		intervalMs: draw.spread(10, 300),
		refusedIsUp: false,
	};
}

function drawWorker(
	draw: Draw,
	name: string,
	probes: readonly ProbeName[],
	{ count, attempts }: ProbeSettings,
): WorkerTraits {
	const heartbeatMs = draw.chance(0.75) ? 250 : 0;
	return {
		name,
		probes,
		speed: draw.spread(100, 50_000),
		saysRate: draw.chance(0.4),
		hostsPerRequestMax: draw.chance(0.5) ? 16_384 : draw.spread(1, 500),
		probesPerRequestMax: draw.chance(0.8) ? null : Math.max(count, attempts) * draw.spread(1, 200),
		hostsInFlightMax: draw.chance(0.6) ? 16_384 : draw.spread(draw.chance(0.1) ? 1 : 8, 500),
		bodyBytesMax: draw.chance(0.8) ? 8 * 1024 * 1024 : draw.spread(600, 5_000),
		heartbeatMs,
		weight: draw.chance(0.8) ? 1 : draw.between(1, 4),
		delayMs: draw.spread(0.1, 100),
		jitterMs: draw.spread(0.1, 100),
		isMetFirst: draw.chance(0.85),
		vice: undefined,
		hostsPassedMax: draw.chance(0.95) ? Number.POSITIVE_INFINITY : draw.spread(1, 100),
	};
}

/** Gives one worker a vice; often one that offers a probe of the list that nobody else has. */
function corrupt(draw: Draw, workers: WorkerTraits[], probes: readonly ProbeName[]): void {
	const at = draw.random.below(workers.length);
	const vice = vices[draw.random.below(vices.length)]!;
	const only = draw.chance(0.5) ? probes[draw.random.below(probes.length)] : undefined;
	for (const [i, worker] of workers.entries()) {
		const others = probeNames.filter((probe) => probe !== only);
		if (i === at) workers[i] = { ...worker, probes: probeNames, vice };
		else if (only !== undefined) workers[i] = { ...worker, probes: others };
	}
}

/** Draws of settings. */
class Draw {
	readonly random: Random;

	constructor(random: Random) {
		this.random = random;
	}

	chance(share: number): boolean {
		return this.random.next() < share;
	}

	/** A whole number, evenly spread; both ends belong to it. */
	between(least: number, most: number): number {
		return least + this.random.below(most - least + 1);
	}

	/** Spread evenly over the orders of magnitude; whole when `least` is. */
	spread(least: number, most: number): number {
		const value = least * (most / least) ** this.random.next();
		return Number.isInteger(least) ? Math.round(value) : value;
	}

	oneOf(choices: readonly (readonly [weight: number, draw: () => number])[]): number {
		let left = this.random.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
		for (const [weight, choice] of choices) {
			left -= weight;
			if (left < 0) return choice();
		}
		return choices.at(-1)![1]();
	}

	/** Each with a probability, at least one. */
	some<Item>(items: readonly Item[], share: number): Item[] {
		const chosen = items.filter(() => this.chance(share));
		return chosen.length > 0 ? chosen : [items[this.random.below(items.length)]!];
	}
}
