/**
 * One batch: every host of a request gets exactly one result.
 *
 * Addresses go through the policy and to their probes at once. Names are resolved side by side, each name once;
 * what is resolved goes through the policy and starts in groups, gathered for a few milliseconds, because a
 * probe is dearer to start than to widen. Where the runtime connects by name (no resolver), names go to the
 * probes as they are, those that stand for the machine itself apart. One deadline bounds it all: what has no
 * result by then is the worker's own trouble (`error/cancelled`).
 */
import { onAbort } from '../shared/abort.ts';
import type { Clock } from '../shared/clock.ts';
import type { IpAddress } from '../shared/ip.ts';
import { formatIp, parseIp } from '../shared/ip.ts';
import type { Reason, Status } from '../shared/outcome.ts';
import type { TargetPolicy } from '../shared/policy.ts';
import type { ResultBlock } from '../shared/results.ts';
import type { ProbeName } from '../shared/target.ts';
import { Ledger } from './ledger.ts';
import type { BatchPlan, PlannedHost } from './plan.ts';
import type { Probe, ProbeHost } from './probes/probe.ts';
import type { Resolver } from './resolver.ts';

export interface BatchOptions {
	readonly plan: BatchPlan;
	readonly probes: readonly Probe[];
	/** `undefined` where the runtime resolves names when it connects */
	readonly resolver: Resolver | undefined;
	readonly policy: TargetPolicy;
	readonly clock: Clock;
	/** for the whole batch, from now */
	readonly deadlineMs: number;
	/** aborted when the caller has gone */
	readonly signal: AbortSignal;
	/** takes results as they are known; together, the blocks hold every position of the request once */
	readonly report: (block: ResultBlock) => void;
	/** called once, when every host has had its first probe or will have none, with the longest that one of them
	 * waited for it, in ms; not called when a probe fails */
	readonly sent: (waitMs: number) => void;
	/** takes what was thrown by a probe or a resolver: faults of ours, whose hosts are `error/internal` */
	readonly fault: (error: unknown) => void;
}

/** How long resolved names are gathered before their probes start. */
const gatherMs = 5;

const loopback = parseIp('127.0.0.1')!;

/**
 * Resolves when every position is reported.
 *
 * Rejects only with the signal's reason, at once, and stops everything that the batch started.
 */
export async function runBatch(options: BatchOptions): Promise<void> {
	const { plan, clock, deadlineMs, signal, report } = options;
	signal.throwIfAborted();
	const ledger = new Ledger(plan, report);
	const stop = new AbortController();
	const overdue = new Error('the deadline of the batch has passed');
	const forget = onAbort(signal, () => stop.abort(signal.reason));
	// Raced with the work, so that a probe which forgets its signal holds up nobody.
	const stopped = new Promise<void>((resolve) => {
		stop.signal.addEventListener('abort', () => resolve(), { once: true });
	});
	clock.sleep(deadlineMs, stop.signal).then(
		() => stop.abort(overdue),
		() => undefined,
	);
	try {
		await Promise.race([new Run(options, ledger, stop.signal).all(), stopped]);
		signal.throwIfAborted();
		ledger.settle(plan.unique, 'error', 'cancelled');
	} finally {
		ledger.close();
		forget();
		stop.abort();
	}
}

class Run {
	readonly #options: BatchOptions;
	readonly #ledger: Ledger;
	readonly #signal: AbortSignal;
	readonly #probes: ReadonlyMap<ProbeName, Probe>;
	/** resolved and allowed, waiting for their group to start */
	readonly #ready = new Map<ProbeName, { planned: PlannedHost[]; hosts: ProbeHost[] }>();
	readonly #running: Promise<void>[] = [];
	/** hosts whose first probe is still to leave */
	#unsent: number;
	#longestWaitMs = 0;

	constructor(options: BatchOptions, ledger: Ledger, signal: AbortSignal) {
		this.#options = options;
		this.#ledger = ledger;
		this.#signal = signal;
		this.#probes = new Map(options.probes.map((probe) => [probe.name, probe]));
		this.#unsent = options.plan.unique.length;
	}

	/** Never rejects. */
	async all(): Promise<void> {
		const { plan, resolver } = this.#options;
		const unoffered: PlannedHost[] = [];
		const named = new Map<string, PlannedHost[]>();
		for (const planned of plan.unique) {
			const { address, name } = planned.target;
			if (!this.#probes.has(planned.probe)) unoffered.push(planned);
			else if (address !== undefined) this.#admit(planned, address);
			else if (resolver === undefined) this.#admit(planned, undefined);
			else {
				const others = named.get(name!);
				if (others === undefined) named.set(name!, [planned]);
				else others.push(planned);
			}
		}
		this.#settle(unoffered, 'error', 'no-probe');
		this.#startReady();
		if (resolver !== undefined && named.size > 0) await this.#resolveAll(resolver, named);
		await Promise.all(this.#running);
	}

	/** Puts a host among the ready ones, or reports it as denied. */
	#admit(planned: PlannedHost, address: IpAddress | undefined): void {
		const { index, target, probe, port } = planned;
		const checked = address ?? (isLocalhost(target.name!) ? loopback : undefined);
		const reason = checked && this.#options.policy.check(checked, probe);
		if (reason !== undefined) {
			this.#settle([planned], 'denied', reason);
			return;
		}
		let group = this.#ready.get(probe);
		if (group === undefined) {
			group = { planned: [], hosts: [] };
			this.#ready.set(probe, group);
		}
		group.planned.push(planned);
		group.hosts.push({ index, target, address, port });
	}

	/** Hosts that no probe is sent to. */
	#settle(hosts: readonly PlannedHost[], status: Status, reason: Reason): void {
		this.#ledger.settle(hosts, status, reason);
		this.#left(hosts.length, 0);
	}

	#left(hosts: number, waitMs: number): void {
		this.#longestWaitMs = Math.max(this.#longestWaitMs, waitMs);
		this.#unsent -= hosts;
		if (this.#unsent === 0 && hosts > 0) this.#options.sent(this.#longestWaitMs);
	}

	#startReady(): void {
		for (const [name, { planned, hosts }] of this.#ready) {
			this.#running.push(this.#probe(this.#probes.get(name)!, planned, hosts));
		}
		this.#ready.clear();
	}

	async #probe(probe: Probe, planned: readonly PlannedHost[], hosts: readonly ProbeHost[]): Promise<void> {
		const { plan, fault } = this.#options;
		const resolved = new Map<number, string>();
		for (const { index, target, address } of hosts) {
			if (target.address === undefined && address !== undefined) resolved.set(index, formatIp(address));
		}
		try {
			await probe.run({
				hosts,
				settings: plan.request,
				report: (block) => this.#ledger.take(withAddresses(block, resolved)),
				left: (count, waitMs) => this.#left(count, waitMs),
				signal: this.#signal,
			});
		} catch (error) {
			if (!this.#signal.aborted) fault(error);
		}
		if (!this.#signal.aborted) this.#ledger.settle(planned, 'error', 'internal');
	}

	async #resolveAll(resolver: Resolver, named: ReadonlyMap<string, readonly PlannedHost[]>): Promise<void> {
		const done = new AbortController();
		const signal = AbortSignal.any([this.#signal, done.signal]);
		const gathering = this.#gather(signal);
		const resolving = Array.from(named, ([name, hosts]) => this.#resolve(resolver, name, hosts));
		await Promise.all(resolving);
		done.abort();
		await gathering;
		if (!this.#signal.aborted) this.#startReady();
	}

	/** Starts what has become ready, every few milliseconds, until the signal says that names are through. */
	async #gather(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			await this.#options.clock.sleep(gatherMs, signal).catch(() => undefined);
			if (!signal.aborted) this.#startReady();
		}
	}

	async #resolve(resolver: Resolver, name: string, hosts: readonly PlannedHost[]): Promise<void> {
		try {
			const resolution = await resolver.resolve(name, this.#signal);
			if (this.#signal.aborted) return;
			if ('address' in resolution) {
				for (const planned of hosts) this.#admit(planned, resolution.address);
			} else {
				const { reason } = resolution;
				this.#settle(hosts, reason.startsWith('dns-') ? 'unresolved' : 'error', reason);
			}
		} catch (error) {
			if (this.#signal.aborted) return;
			this.#options.fault(error);
			this.#settle(hosts, 'error', 'internal');
		}
	}
}

/** Adds the addresses that names resolved to, where something was sent there; addresses speak for themselves. */
function withAddresses(block: ResultBlock, resolved: ReadonlyMap<number, string>): ResultBlock {
	if (resolved.size === 0) return block;
	const address = Array.from({ length: block.length }, (_, row) =>
		block.sent[row] === 0 ? undefined : resolved.get(block.index[row]!),
	);
	return { ...block, address };
}

/** Names that stand for the machine itself (RFC 6761 section 6.3). */
function isLocalhost(name: string): boolean {
	return name === 'localhost' || name.endsWith('.localhost');
}
