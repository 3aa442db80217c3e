/** A dispatcher over fake workers, with everything that came out of it. */

import { Dispatcher } from '../../../master/dispatch/dispatcher.ts';
import type { DispatchObserver } from '../../../master/dispatch/observer.ts';
import { Ledger } from '../../../master/dispatch/rules/ledger.ts';
import type { AnsweredRows } from '../../../master/dispatch/rules/rules-io.ts';
import { TargetFeed } from '../../../master/dispatch/target-feed.ts';
import type { WorkerLink } from '../../../master/dispatch/worker-link.ts';
import type { RunEvent } from '../../../master/events.ts';
import type { TargetBatch } from '../../../master/targets/target-list.ts';
import type { Clock } from '../../../shared/clock.ts';
import { hostAt, hostColumn } from '../../../shared/host-column.ts';
import { formatIpv4 } from '../../../shared/ip.ts';
import { reasons, statuses } from '../../../shared/outcome.ts';
import type { Capabilities, ProbeSettings } from '../../../shared/protocol.ts';
import { createRandom } from '../../../shared/random.ts';
import type { ProbeName } from '../../../shared/target.ts';
import { probeNames } from '../../../shared/target.ts';
import { capabilities, fastClock } from './fake-link.ts';

export interface FixtureWorker {
	readonly link: WorkerLink;
	readonly capabilities?: Partial<Capabilities>;
}

export interface FixtureOptions {
	readonly workers: readonly FixtureWorker[];
	readonly total: number;
	/** Default: icmp for all */
	readonly probeAt?: (position: number) => ProbeName;
	readonly chunkHosts?: number;
	readonly concurrency?: number;
	readonly ratePerSecond?: number;
	readonly settings?: Partial<ProbeSettings>;
	readonly workerTimeoutMs?: number;
	readonly seed?: number;
	readonly clock?: Clock;
	readonly shuffleWindow?: number;
	readonly onRows?: (rows: AnsweredRows) => Promise<void>;
	readonly observers?: readonly DispatchObserver[];
}

export interface Answer {
	readonly worker: string;
	readonly status: string;
	readonly reason: string;
}

/** Every third one is a name, the others are bare IPv4 addresses. */
export function hostOf(position: number): string {
	return position % 3 === 0 ? `h${position}.test` : formatIpv4(0x0a00_0000 + position);
}

export async function* batchesOf(
	total: number,
	probeAt: (position: number) => ProbeName = () => 'icmp',
	batchSize = 1_000,
): AsyncGenerator<TargetBatch> {
	for (let first = 0; first < total; first += batchSize) {
		const positions = Array.from({ length: Math.min(batchSize, total - first) }, (_, i) => first + i);
		yield {
			firstPosition: first,
			hosts: hostColumn(positions.map(hostOf)),
			probes: Uint8Array.from(positions, (position) => probeNames.indexOf(probeAt(position))),
		};
	}
}

export function dispatchFixture(options: FixtureOptions) {
	const { workers, total, settings, clock = fastClock(50), seed = 1 } = options;
	const probeSettings: ProbeSettings = {
		count: 1,
		attempts: 2,
		timeoutMs: 1_000,
		intervalMs: 1_000,
		refusedIsUp: false,
		...settings,
	};
	const random = createRandom(seed);
	const ledger = new Ledger(total);
	const feed = new TargetFeed({
		batches: batchesOf(total, options.probeAt),
		random,
		shuffleWindow: options.shuffleWindow,
	});
	const events: RunEvent[] = [];
	const answers = new Map<number, Answer>();
	/** what must never happen: rows that were there before, or whose host is not the position's */
	const wrong: string[] = [];
	const dispatcher = new Dispatcher({
		feed,
		ledger,
		settings: probeSettings,
		chunkHosts: options.chunkHosts ?? 100,
		concurrency: options.concurrency,
		ratePerSecond: options.ratePerSecond ?? 0,
		onRows(rows) {
			const { block, positions, hosts, worker } = rows;
			for (let row = 0; row < block.length; row += 1) {
				const at = block.index[row]!;
				const position = positions[at]!;
				if (answers.has(position)) wrong.push(`position ${position} twice`);
				const host = hostAt(hosts, at);
				if (host !== hostOf(position)) wrong.push(`position ${position} is not ${host}`);
				answers.set(position, {
					worker,
					status: statuses[block.status[row]!]!,
					reason: reasons[block.reason[row]!]!,
				});
			}
			return options.onRows?.(rows) ?? Promise.resolve();
		},
		onEvent: (event) => events.push(event),
		observers: options.observers ?? [],
		requestsName: 'test',
		...(options.shuffleWindow === undefined ? {} : { pendingHostsMax: options.shuffleWindow }),
		workerTimeoutMs: options.workerTimeoutMs ?? 20_000,
		clock,
		random,
	});
	for (const { link, capabilities: said } of workers) {
		dispatcher.addWorker({ link, weight: 1, met: capabilities(said) });
	}
	return { dispatcher, ledger, events, answers, wrong };
}
