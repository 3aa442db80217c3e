/**
 * Several engines that share the work. What an echo costs is the kernel's time in the sending thread, a few µs
 * (bench/README.md): one thread fills one core. A further engine is started when each of the open ones has more
 * before it than it can send at once, so a small load has one thread only, and stays open then. It costs about
 * 40 MB. What a pacer holds back looks from here like what a thread can not send: a paced load may get a second
 * engine although one would do, where its rate is above what one is good for (open.node.ts).
 *
 * An engine that fails is ahead of all others at once, since it has nothing to do, and would draw all work to
 * itself. So it is taken out while there is another, and replaced under load when it had worked before; the last
 * one stays, and may recover by itself.
 *
 * Datagram sockets only: each hears the answers to its own requests, where every raw socket hears all.
 */
import type { EchoCounters, EchoEngine, EchoJob } from './echo-engine.ts';

/** Echo requests before every open engine with which a further one is started: about `aheadMs` of sending. */
const busyEchoes = 8_192;
const aheadMs = 50;

interface Member {
	readonly engine: EchoEngine;
	/** echo requests that it has to send in the next `aheadMs`, if it can */
	ahead: number;
	/** jobs that have not ended */
	jobs: number;
	/** whether a job of it has ended well */
	proven: boolean;
	closing: Promise<void> | undefined;
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
	readonly families: EchoEngine['families'];
	readonly #openMore: EngineGroupOptions['openMore'];
	readonly #enginesMax: number;
	readonly #members: Member[];
	/** taken out, with jobs under way or about to be closed */
	readonly #leaving = new Set<Member>();
	/** of those that have left */
	#past: EchoCounters | undefined;
	#opening: Promise<void> | undefined;
	/** a machine that could not open one more, or one that works, is not asked again */
	#refused = false;
	#closed = false;

	constructor({ first, openMore, enginesMax }: EngineGroupOptions) {
		this.#openMore = openMore;
		this.#enginesMax = enginesMax;
		this.mode = first.mode;
		this.families = first.families;
		this.#members = [newMember(first)];
	}

	/** Runs the job in the engine that has the least before it, and rejects when that one does: what it had not
	 * reported is not tried in another. */
	async run(job: EchoJob): Promise<void> {
		let member = this.#members[0]!;
		for (const other of this.#members) if (other.ahead < member.ahead) member = other;
		if (member.ahead >= busyEchoes) this.#openOneMore();
		const hosts = job.addresses.length;
		const further = furtherEchoes(job);
		member.ahead += hosts + further;
		member.jobs += 1;
		let unsent = hosts;
		const left = (): void => {
			member.ahead -= unsent;
			unsent = 0;
		};
		let takerFailed = false;
		try {
			await member.engine.run({
				...job,
				left(waitMs) {
					left();
					job.left(waitMs);
				},
				report(block) {
					try {
						job.report(block);
					} catch (error) {
						takerFailed = true;
						throw error;
					}
				},
			});
			member.proven = true;
		} catch (error) {
			if (!job.signal.aborted && !takerFailed) this.#takeOut(member);
			throw error;
		} finally {
			left();
			member.ahead -= further;
			member.jobs -= 1;
			this.#closeIfLeft(member);
		}
	}

	/** Takes an engine that has failed out, unless it is the only one. */
	#takeOut(member: Member): void {
		const at = this.#members.indexOf(member);
		if (at < 0 || this.#members.length === 1 || this.#closed) return;
		this.#members.splice(at, 1);
		this.#refused ||= !member.proven;
		this.#leaving.add(member);
	}

	/** Closes an engine that was taken out when its last job has ended: another one may still have answers to come. */
	#closeIfLeft(member: Member): void {
		if (!this.#leaving.has(member) || member.jobs > 0) return;
		const forget = (): void => {
			if (!this.#leaving.delete(member)) return;
			this.#past = sum(member.engine.counters(), this.#past);
		};
		// It has failed already: how it ends is of no interest.
		close(member).then(forget, forget);
	}

	#openOneMore(): void {
		const isFull = this.#members.length >= this.#enginesMax;
		if (isFull || this.#refused || this.#closed || this.#opening !== undefined) return;
		this.#opening = this.#open().then(
			(opened) => {
				this.#opening = undefined;
				this.#refused = !opened;
			},
			() => {
				this.#opening = undefined;
				this.#refused = true;
			},
		);
	}

	/** @returns whether there is one more */
	async #open(): Promise<boolean> {
		const engine = await this.#openMore();
		if (typeof engine === 'string') return false;
		const { ipv4, ipv6 } = engine.families;
		// With a family less, it would fail hosts that the others reach.
		if (ipv4 === this.families.ipv4 && ipv6 === this.families.ipv6) {
			this.#members.push(newMember(engine));
			return true;
		}
		await engine.close();
		return false;
	}

	counters(): EchoCounters {
		const [first, ...others] = [...this.#members, ...this.#leaving];
		let sums = sum(first!.engine.counters(), this.#past);
		for (const { engine } of others) sums = sum(sums, engine.counters());
		return sums;
	}

	async close(): Promise<void> {
		this.#closed = true;
		await this.#opening;
		const leaving = Array.from(this.#leaving, (member) => close(member).catch(() => undefined));
		await Promise.all([...this.#members.map(close), ...leaving]);
	}
}

function newMember(engine: EchoEngine): Member {
	return { engine, ahead: 0, jobs: 0, proven: false, closing: undefined };
}

function close(member: Member): Promise<void> {
	member.closing ??= member.engine.close();
	return member.closing;
}

/** Echo requests behind each host's first that a job has its engine send in any `aheadMs`, until it ends. */
function furtherEchoes({ addresses, count, intervalMs }: EchoJob): number {
	return Math.ceil(addresses.length * Math.min(count - 1, aheadMs / intervalMs));
}

function sum(counters: EchoCounters, others: EchoCounters | undefined): EchoCounters {
	const sums = { ...counters };
	if (others === undefined) return sums;
	for (const [name, count] of Object.entries(others)) sums[name as keyof EchoCounters] += count;
	return sums;
}
