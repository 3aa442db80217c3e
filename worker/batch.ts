/**
 * One batch: every host of a request gets exactly one result.
 *
 * Addresses go through the policy and to their probes at once. Names are resolved side by side, each name once;
 * what is resolved goes through the policy and starts in groups, gathered for a few milliseconds, because a
 * probe is dearer to start than to widen. Where the runtime connects by name (no resolver), names go to the
 * probes as they are, those that stand for the machine itself apart. One deadline bounds it all: what has no
 * result by then is the worker's own trouble (`error/cancelled`).
 */
import { noLongerNeeded, onAbort } from '../shared/abort.ts';
import type { Clock } from '../shared/clock.ts';
import type { IpAddress } from '../shared/ip.ts';
import { formatIpv4, parseIp } from '../shared/ip.ts';
import type { Reason, Status } from '../shared/outcome.ts';
import type { TargetPolicy } from '../shared/policy.ts';
import type { ResultBlock } from '../shared/results.ts';
import type { ProbeName } from '../shared/target.ts';
import { parseTarget } from '../shared/target.ts';
import { Ledger } from './ledger.ts';
import type { BatchPlan, PlannedHost } from './plan.ts';
import type { ProbeGroup } from './probe-group.ts';
import { hostGroup, ipv4Group, sortOutIpv4 } from './probe-group.ts';
import type { BatchReporting, Probe, ProbeHost } from './probes/probe.ts';
import type { Resolver } from './resolver.ts';

export interface BatchOptions {
	readonly plan: BatchPlan;
	readonly probes: readonly Probe[];
	/** `undefined` where the runtime resolves names when it connects */
	readonly resolver: Resolver | undefined;
	readonly policy: TargetPolicy;
	readonly clock: Clock;
	/** the cell of the caller's ceiling (rates/caller-cells.ts). Default: none */
	readonly caller?: number | undefined;
	/** for the whole batch, from now */
	readonly deadlineMs: number;
	/** aborted when the caller has gone */
	readonly signal: AbortSignal;
	/** takes results as they are known; together, the blocks hold every position of the request once */
	readonly report: (block: ResultBlock) => void;
	/** called once, when every host has had its first probe, waits for its prefix's leave for it, or will have none, with
	 * the longest that one of them waited until then, in ms; not called when a probe fails */
	readonly sent: (waitMs: number) => void;
	/** takes what was thrown by a probe or a resolver: faults of ours, whose hosts are `error/internal` */
	readonly fault: (error: unknown) => void;
}

/** How long resolved names are gathered before their probes start. */
const gatherMs = 5;

/** Between two looks at what the policy says now: a file that has changed is followed within a second. */
const policyLookMs = 300;

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
		ledger.settle(plan.ipv4.index, 'error', 'cancelled');
		ledger.settle(positionsOf(plan.others), 'error', 'cancelled');
	} finally {
		ledger.close();
		forget();
		stop.abort(noLongerNeeded);
	}
}

class Run {
	readonly #options: BatchOptions;
	readonly #ledger: Ledger;
	readonly #signal: AbortSignal;
	readonly #probes: ReadonlyMap<ProbeName, Probe>;
	/** resolved and allowed, waiting for their group to start */
	readonly #ready = new Map<ProbeName, ProbeHost[]>();
	readonly #running: Promise<void>[] = [];
	/** of groups that are being probed: stops those that a policy has closed some of */
	readonly #rechecks = new Set<(policy: TargetPolicy) => void>();
	/** hosts whose first probe is still to leave */
	#unsent: number;
	#longestWaitMs = 0;

	constructor(options: BatchOptions, ledger: Ledger, signal: AbortSignal) {
		this.#options = options;
		this.#ledger = ledger;
		this.#signal = signal;
		this.#probes = new Map(options.probes.map((probe) => [probe.name, probe]));
		this.#unsent = options.plan.ipv4.index.length + options.plan.others.length;
	}

	/** Never rejects. */
	async all(): Promise<void> {
		const { plan, resolver, policy } = this.#options;
		const unoffered: PlannedHost[] = [];
		const named = new Map<string, PlannedHost[]>();
		void this.#followPolicy(policy.current());
		this.#admitIpv4();
		for (const planned of plan.others) {
			const { address, name } = planned.target;
			// Before its name is looked up: nothing needs to be known of a host that nothing may be sent to.
			const closed = planned.port === undefined ? undefined : policy.checkPort(planned.port);
			if (!this.#probes.has(planned.probe)) unoffered.push(planned);
			else if (closed !== undefined) this.#settle([planned.index], 'denied', closed);
			else if (address !== undefined) this.#admit(planned, address);
			else if (resolver === undefined) this.#admit(planned, undefined);
			else {
				const others = named.get(name!);
				if (others === undefined) named.set(name!, [planned]);
				else others.push(planned);
			}
		}
		this.#settle(positionsOf(unoffered), 'error', 'no-probe');
		this.#startReady();
		if (resolver !== undefined && named.size > 0) await this.#resolveAll(resolver, named);
		await Promise.all(this.#running);
	}

	/** Starts the probe of bare IPv4 addresses in columns, or puts them among the ready ones where it takes none;
	 * reports those that are denied. */
	#admitIpv4(): void {
		const { plan, policy } = this.#options;
		const probe = this.#probes.get(plan.settings.probe);
		if (probe === undefined) {
			this.#settle(plan.ipv4.index, 'error', 'no-probe');
			return;
		}
		const closed = plan.ipv4Port === undefined ? undefined : policy.checkPort(plan.ipv4Port);
		if (closed !== undefined) {
			this.#settle(plan.ipv4.index, 'denied', closed);
			return;
		}
		const rules = policy.current();
		const { allowed, denied } = sortOutIpv4(plan.ipv4, (value) => rules.checkIpv4(value, probe.name));
		for (const [reason, positions] of denied) this.#settle(positions, 'denied', reason);
		if (allowed.index.length === 0) return;
		if (probe.runIpv4 === undefined) {
			const port = plan.ipv4Port;
			this.#ready.set(
				probe.name,
				Array.from(allowed.index, (index, row): ProbeHost => {
					const target = parseTarget(formatIpv4(allowed.ipv4[row]!));
					return { index, target, address: target.address, port };
				}),
			);
		} else {
			this.#running.push(this.#probe(ipv4Group(allowed, probe, probe.runIpv4)));
		}
	}

	/** Puts a host among the ready ones, or reports it as denied. */
	#admit(planned: PlannedHost, address: IpAddress | undefined): void {
		const { index, target, probe, port } = planned;
		const checked = address ?? (isNameOfMachine(target.name!) ? loopback : undefined);
		const reason = checked && this.#options.policy.check(checked, probe);
		if (reason !== undefined) {
			this.#settle([index], 'denied', reason);
			return;
		}
		const host: ProbeHost = { index, target, address, port };
		const group = this.#ready.get(probe);
		if (group === undefined) this.#ready.set(probe, [host]);
		else group.push(host);
	}

	/** Hosts that no probe is sent to. */
	#settle(positions: ArrayLike<number>, status: Status, reason: Reason): void {
		this.#ledger.settle(positions, status, reason);
		this.#left(positions.length, 0);
	}

	#left(hosts: number, waitMs: number): void {
		this.#longestWaitMs = Math.max(this.#longestWaitMs, waitMs);
		this.#unsent -= hosts;
		if (this.#unsent === 0 && hosts > 0) this.#options.sent(this.#longestWaitMs);
	}

	#startReady(): void {
		for (const [name, hosts] of this.#ready) {
			this.#running.push(this.#probe(hostGroup(hosts, this.#probes.get(name)!)));
		}
		this.#ready.clear();
	}

	/** Never rejects. Whenever the policy closes hosts of the group that wait for something, the rest goes on. */
	async #probe(group: ProbeGroup): Promise<void> {
		let unsent = group.positions.length;
		const left = (hosts: number, waitMs: number): void => {
			unsent -= hosts;
			this.#left(hosts, waitMs);
		};
		if (await this.#probeWhileAllowed(group, left)) return;
		// Of those that go on, what has left is not counted any more.
		this.#left(unsent, 0);
		for (let rest = group; ; ) {
			const { allowed, denied } = rest.sortOut(this.#options.policy.current(), (at) =>
				this.#ledger.isOpen(at),
			);
			for (const [reason, positions] of denied) this.#ledger.settle(positions, 'denied', reason);
			if (allowed.positions.length === 0 || (await this.#probeWhileAllowed(allowed, () => undefined))) return;
			rest = allowed;
		}
	}

	/** @returns whether it came to its end; false when it was stopped because the policy has closed some of it */
	async #probeWhileAllowed(group: ProbeGroup, left: BatchReporting['left']): Promise<boolean> {
		const stop = new AbortController();
		const forget = onAbort(this.#signal, () => stop.abort(this.#signal.reason));
		const recheck = (policy: TargetPolicy): void => {
			const { denied } = group.sortOut(policy, (position) => this.#ledger.isOpen(position));
			if (denied.size > 0) stop.abort(noLongerNeeded);
		};
		this.#rechecks.add(recheck);
		try {
			await group.run({
				settings: this.#options.plan.settings,
				caller: this.#options.caller,
				report: (block) => this.#ledger.take(block),
				left: (hosts, waitMs) => {
					if (!stop.signal.aborted) left(hosts, waitMs);
				},
				signal: stop.signal,
			});
		} catch (error) {
			if (!stop.signal.aborted) this.#options.fault(error);
		} finally {
			this.#rechecks.delete(recheck);
			forget();
		}
		if (this.#signal.aborted) return true;
		if (stop.signal.aborted) return false;
		this.#ledger.settle(group.positions, 'error', 'internal');
		return true;
	}

	/** Sees to it that hosts which the policy closes while they wait are sent nothing more. Never rejects. */
	async #followPolicy(first: TargetPolicy): Promise<void> {
		const { policy, clock, fault } = this.#options;
		let seen = first;
		while (!this.#signal.aborted) {
			await clock.sleep(policyLookMs, this.#signal).catch(() => undefined);
			if (this.#signal.aborted) return;
			try {
				const now = policy.current();
				if (now === seen) continue;
				seen = now;
				for (const recheck of this.#rechecks) recheck(now);
			} catch (error) {
				fault(error);
			}
		}
	}

	async #resolveAll(resolver: Resolver, named: ReadonlyMap<string, readonly PlannedHost[]>): Promise<void> {
		const done = new AbortController();
		const signal = AbortSignal.any([this.#signal, done.signal]);
		const gathering = this.#gather(signal);
		const resolving = Array.from(named, ([name, hosts]) => this.#resolve(resolver, name, hosts));
		await Promise.all(resolving);
		done.abort(noLongerNeeded);
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
				this.#settle(positionsOf(hosts), reason.startsWith('dns-') ? 'unresolved' : 'error', reason);
			}
		} catch (error) {
			if (this.#signal.aborted) return;
			this.#options.fault(error);
			this.#settle(positionsOf(hosts), 'error', 'internal');
		}
	}
}

function positionsOf(hosts: readonly { readonly index: number }[]): number[] {
	return hosts.map(({ index }) => index);
}

/** What the hosts files of common systems call the machine itself, beside the names of RFC 6761 section 6.3. */
const namesOfMachine = new Set([
	'localhost',
	'localhost.localdomain',
	'localhost4',
	'localhost4.localdomain4',
	'localhost6',
	'localhost6.localdomain6',
	'ip6-localhost',
	'ip6-loopback',
]);

function isNameOfMachine(name: string): boolean {
	return namesOfMachine.has(name) || name.endsWith('.localhost');
}
