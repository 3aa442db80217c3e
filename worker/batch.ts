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
import { formatIp, formatIpv4, parseIp } from '../shared/ip.ts';
import type { Reason, Status } from '../shared/outcome.ts';
import type { TargetPolicy } from '../shared/policy.ts';
import type { ResultBlock } from '../shared/results.ts';
import type { ProbeName } from '../shared/target.ts';
import { parseTarget } from '../shared/target.ts';
import type { Ipv4Hosts } from './ipv4-hosts.ts';
import { Ledger } from './ledger.ts';
import type { BatchPlan, PlannedHost } from './plan.ts';
import type { BatchReporting, Ipv4Batch, Probe, ProbeBatch, ProbeHost } from './probes/probe.ts';
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
		const { allowed, denied } = sortOut(plan.ipv4, (value) => rules.checkIpv4(value, probe.name));
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
			const batch: Ipv4Batch = { ...allowed, ...this.#reporting(new Map()) };
			this.#running.push(this.#probe(() => probe.runIpv4!(batch), allowed.index));
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
			const probe = this.#probes.get(name)!;
			const resolved = new Map<number, string>();
			for (const { index, target, address } of hosts) {
				if (target.address === undefined && address !== undefined) resolved.set(index, formatIp(address));
			}
			const batch: ProbeBatch = { hosts, ...this.#reporting(resolved) };
			this.#running.push(this.#probe(() => probe.run(batch), positionsOf(hosts)));
		}
		this.#ready.clear();
	}

	/** What every batch of a probe has in common. */
	#reporting(resolved: ReadonlyMap<number, string>): BatchReporting {
		return {
			settings: this.#options.plan.settings,
			caller: this.#options.caller,
			report: (block) => this.#ledger.take(withAddresses(block, resolved)),
			left: (count, waitMs) => this.#left(count, waitMs),
			signal: this.#signal,
		};
	}

	async #probe(run: () => Promise<void>, positions: ArrayLike<number>): Promise<void> {
		try {
			await run();
		} catch (error) {
			if (!this.#signal.aborted) this.#options.fault(error);
		}
		if (!this.#signal.aborted) this.#ledger.settle(positions, 'error', 'internal');
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

/** The hosts that may be probed, which are nearly always all of them as they are, and the positions of the others
 * by reason. */
function sortOut(hosts: Ipv4Hosts, check: (value: number) => Reason | undefined) {
	const denied = new Map<Reason, number[]>();
	const rows: number[] = [];
	for (let row = 0; row < hosts.ipv4.length; row += 1) {
		const reason = check(hosts.ipv4[row]!);
		if (reason === undefined) continue;
		const positions = denied.get(reason);
		if (positions === undefined) denied.set(reason, [hosts.index[row]!]);
		else positions.push(hosts.index[row]!);
		rows.push(row);
	}
	if (rows.length === 0) return { allowed: hosts, denied };
	const isDenied = new Set(rows);
	const isAllowed = (_: number, row: number): boolean => !isDenied.has(row);
	return { allowed: { index: hosts.index.filter(isAllowed), ipv4: hosts.ipv4.filter(isAllowed) }, denied };
}

/** Adds the addresses that names resolved to, where something was sent there; addresses speak for themselves. */
function withAddresses(block: ResultBlock, resolved: ReadonlyMap<number, string>): ResultBlock {
	if (resolved.size === 0) return block;
	const address = Array.from({ length: block.length }, (_, row) =>
		block.sent[row] === 0 ? undefined : resolved.get(block.index[row]!),
	);
	return { ...block, address };
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
