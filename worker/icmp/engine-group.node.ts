/**
 * Several engines that share the work. What an echo costs is the kernel's time in the sending thread, a few µs
 * (bench/README.md): one thread fills one core. A further engine is started when the open ones have more before
 * them than they can send at once, so a small or paced load has one thread only; it stays open then.
 *
 * Datagram sockets only: each hears the answers to its own requests, where every raw socket hears all.
 */
import type { EchoCounters, EchoEngine, EchoJob } from './echo-engine.ts';

/** Hosts before every open engine with which a further one is started: about 50 ms of sending. */
const busyHosts = 8_192;

interface Member {
	readonly engine: EchoEngine;
	/** hosts of its jobs that have not had their first echo request */
	unsent: number;
}

export interface EngineGroupOptions {
	/** the engine that is open already */
	readonly first: EchoEngine;
	/** opens another one like it, or says why it can not */
	readonly openMore: () => Promise<EchoEngine | string>;
	/** engines at most; 1 or more */
	readonly enginesMax: number;
}

export class EngineGroup implements EchoEngine {
	readonly mode: EchoEngine['mode'];
	readonly #options: EngineGroupOptions;
	readonly #members: Member[];
	#opening: Promise<void> | undefined;
	/** a machine that could not open one more is not asked again */
	#refused = false;
	#closed = false;

	constructor(options: EngineGroupOptions) {
		this.#options = options;
		this.mode = options.first.mode;
		this.#members = [{ engine: options.first, unsent: 0 }];
	}

	get families(): EchoEngine['families'] {
		return this.#options.first.families;
	}

	async run(job: EchoJob): Promise<void> {
		let member = this.#members[0]!;
		for (const other of this.#members) if (other.unsent < member.unsent) member = other;
		if (member.unsent >= busyHosts) this.#openOneMore();
		const hosts = job.addresses.length;
		member.unsent += hosts;
		let unsent = true;
		const left = (): void => {
			if (unsent) member.unsent -= hosts;
			unsent = false;
		};
		try {
			await member.engine.run({
				...job,
				left(waitMs) {
					left();
					job.left(waitMs);
				},
			});
		} finally {
			left();
		}
	}

	#openOneMore(): void {
		const { enginesMax, openMore } = this.#options;
		const isFull = this.#members.length >= enginesMax;
		if (isFull || this.#refused || this.#closed || this.#opening !== undefined) return;
		this.#opening = openMore().then(
			(engine) => {
				this.#opening = undefined;
				if (typeof engine === 'string') this.#refused = true;
				else this.#members.push({ engine, unsent: 0 });
			},
			() => {
				this.#opening = undefined;
				this.#refused = true;
			},
		);
	}

	counters(): EchoCounters {
		const [first, ...others] = this.#members.map(({ engine }) => engine.counters());
		const sums = { ...first! };
		for (const counters of others) {
			for (const [name, count] of Object.entries(counters)) sums[name as keyof EchoCounters] += count;
		}
		return sums;
	}

	async close(): Promise<void> {
		this.#closed = true;
		await this.#opening;
		await Promise.all(this.#members.map(({ engine }) => engine.close()));
	}
}
