/** A monitor with a clock that a test sets, and what it is told by a run, without one. */
import { Lane } from '../../../master/dispatch/rules/lane.ts';
import { RunMonitor } from '../../../master/monitor/run-monitor.ts';
import type { RowsBefore } from '../../../master/run-tally.ts';
import { RunTally } from '../../../master/run-tally.ts';
import { Tally } from '../../../master/tally.ts';
import type { ChunkKind } from '../../../shared/dashboard-api.ts';
import { hostColumn } from '../../../shared/host-column.ts';
import type { Reason, Status } from '../../../shared/outcome.ts';
import { reasonCode, statusCode } from '../../../shared/outcome.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import { capabilities } from '../dispatch/fake-link.ts';

/** Wall-clock time at which the process started. */
export const startedAtMs = 1_790_000_000_000;
/** What the monotonic clock said then: not 0, so that one is not taken for the other. */
export const startedMs = 5_000;

export interface Answer {
	readonly status: Status;
	readonly reason?: Reason;
	readonly rttMs?: number;
}

export function blockOfAnswers(answers: readonly Answer[]): ResultBlock {
	const { length } = answers;
	return {
		length,
		index: Uint32Array.from(answers, (_, row) => row),
		status: Uint8Array.from(answers, ({ status }) => statusCode(status)),
		reason: Uint8Array.from(answers, ({ reason }) => reasonCode(reason ?? '')),
		address: undefined,
		sent: new Uint16Array(length).fill(1),
		received: Uint16Array.from(answers, ({ rttMs }) => (rttMs === undefined ? 0 : 1)),
		rttMs: Float64Array.from(answers, ({ rttMs = Number.NaN }) => rttMs),
		rtt: undefined,
	};
}

export function laneOf(name: string, isMet = true): Lane {
	return new Lane({
		name,
		capabilities: isMet ? capabilities() : undefined,
		weight: 1,
		chunkHosts: undefined,
		concurrency: undefined,
		probesPerHost: 1,
		nowMs: startedMs,
	});
}

export interface MonitorFixtureOptions {
	readonly total?: number;
	/** rows that were there before the run was continued. Default: none */
	readonly before?: RowsBefore;
	readonly lanes?: readonly Lane[];
}

export function monitorFixture(options: MonitorFixtureOptions = {}) {
	const {
		total = 1_000,
		before = { rows: 0, counts: undefined },
		lanes = [laneOf('a'), laneOf('b')],
	} = options;
	let atMs = 0;
	let nextId = 1;
	const tally = new Tally();
	const dispatcher = { inFlight: 0, pendingHosts: 0, lanes: new Map(lanes.map((lane) => [lane.name, lane])) };
	const monitor = new RunMonitor({
		clock: { monotonicMs: () => startedMs + atMs },
		startedAtMs,
		config: { hosts: 'hosts.txt', db: 'hosts.db', probe: 'icmp', timeoutMs: 1_000, count: 1 },
	});
	const { observer } = monitor;
	return {
		monitor,
		observer,
		dispatcher,
		tally,
		begin: () => monitor.begin({ runId: 7, total, dispatcher, tally: new RunTally(tally, before) }),
		/** lets time go by */
		wait: (ms: number) => {
			atMs += ms;
		},
		/** rows that count reach the store, as in master/run.ts */
		keep(worker: string, block: ResultBlock): void {
			const rows = { worker, positions: new Uint32Array(block.length), hosts: hostColumn([]), block };
			monitor.rows(rows);
			tally.add(rows);
		},
		/** @returns the number of the request */
		ask(worker: string, hosts: number, kind: ChunkKind = 'first'): number {
			const id = nextId;
			nextId += 1;
			observer.asked!({ id, request: `r-${id}`, worker, probe: 'icmp', kind, hosts });
			return id;
		},
	};
}
