/** Workers in memory, behind the interface that the dispatcher knows them by. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PingCall, WorkerLink } from '../../../master/dispatch/worker-link.ts';
import type { Clock } from '../../../shared/clock.ts';
import { hostTexts } from '../../../shared/host-column.ts';
import type { Reason, Status } from '../../../shared/outcome.ts';
import { reasonCode, statusCode } from '../../../shared/outcome.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import type { ProbeName } from '../../../shared/target.ts';

/**
 * Time that goes on by `speed` ms with every millisecond that the event loop has to spare, so that pauses of
 * seconds take milliseconds, and a machine that is busy holds nobody up.
 */
export function fastClock(speed: number): Clock {
	return steppingClock(speed, (tick) => setTimeout(tick, 1));
}

/** Time that goes on by `stepMs` with every turn of the event loop: where nothing waits for real time, it is the
 * same time whenever something happens. */
export function turnClock(stepMs: number): Clock {
	return steppingClock(stepMs, (tick) => setImmediate(tick));
}

function steppingClock(speed: number, soon: (tick: () => void) => void): Clock {
	let nowMs = 0;
	let isRunning = false;
	const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
	const tick = (): void => {
		nowMs += speed;
		const due = [...sleepers].filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
		for (const sleeper of due) {
			sleepers.delete(sleeper);
			sleeper.wake();
		}
		isRunning = sleepers.size > 0;
		if (isRunning) soon(tick);
	};
	return {
		wallMs: () => nowMs,
		monotonicMs: () => nowMs,
		sleep: (ms, signal) =>
			new Promise((resolve, reject) => {
				const sleeper = { atMs: nowMs + ms, wake: resolve };
				sleepers.add(sleeper);
				signal?.addEventListener('abort', () => {
					sleepers.delete(sleeper);
					reject(signal.reason);
				});
				if (!isRunning) soon(tick);
				isRunning = true;
			}),
	};
}

export function capabilities(changes: Partial<Capabilities> = {}): Capabilities {
	return {
		protocol: 1,
		instance: 'fake',
		version: '0.0.0',
		runtime: 'node',
		probes: ['icmp', 'tcp', 'http'],
		icmp: 'datagram',
		hostsPerRequestMax: 16_384,
		probesPerRequestMax: null,
		hostsInFlightMax: 262_144,
		bodyBytesMax: 8 * 1024 * 1024,
		ratePerSecondMax: 0,
		connectionsMax: 1_024,
		requestForms: ['application/json'],
		heartbeatMs: 0,
		requestIds: false,
		...changes,
	};
}

/** The same outcome for the given positions of a request. */
export function blockOf(index: readonly number[], status: Status, reason: Reason | '' = ''): ResultBlock {
	const { length } = index;
	return {
		length,
		index,
		status: new Uint8Array(length).fill(statusCode(status)),
		reason: new Uint8Array(length).fill(reasonCode(reason)),
		address: undefined,
		sent: new Uint16Array(length).fill(1),
		received: new Uint16Array(length).fill(status === 'up' ? 1 : 0),
		rttMs: new Float64Array(length).fill(status === 'up' ? 1 : Number.NaN),
		rtt: undefined,
	};
}

/** What a fake worker does with a request; it answers by `call.onBlock` and throws what it fails with. */
export type Behaviour = (call: PingCall, request: number) => void | Promise<void>;

export interface FakeLinkOptions {
	readonly name: string;
	readonly onPing?: Behaviour;
	/** what the worker says at a check. Default: its capabilities */
	readonly onCheck?: () => Capabilities;
	readonly log?: AskedLog;
	/** takes the hosts of a request at once, before the behaviour does */
	readonly onAsked?: (hosts: readonly string[]) => void;
}

/** Who was asked for which host, over all workers, in order. */
export type AskedLog = {
	readonly worker: string;
	readonly probe: ProbeName;
	readonly hosts: readonly string[];
}[];

export class FakeLink implements WorkerLink {
	readonly name: string;
	requests = 0;
	checks = 0;
	isClosed = false;
	readonly #options: FakeLinkOptions;

	constructor(options: FakeLinkOptions) {
		this.name = options.name;
		this.#options = options;
	}

	async capabilities(signal: AbortSignal): Promise<Capabilities> {
		this.checks += 1;
		await nextTurn();
		signal.throwIfAborted();
		return this.#options.onCheck?.() ?? capabilities();
	}

	async ping(call: PingCall): Promise<void> {
		this.requests += 1;
		const request = this.requests;
		const hosts = hostTexts(call.hosts);
		this.#options.log?.push({ worker: this.name, probe: call.probe, hosts });
		this.#options.onAsked?.(hosts);
		await nextTurn();
		call.signal.throwIfAborted();
		await (this.#options.onPing ?? answerAll)(call, request);
	}

	close(): Promise<void> {
		this.isClosed = true;
		return Promise.resolve();
	}
}

export const answerAll: Behaviour = (call) => {
	call.onBlock(blockOf([...hostTexts(call.hosts).keys()], 'up'));
	call.onSent(0);
};

/** Waits until the signal aborts, as a request to a worker that went silent does. */
export function hang({ signal }: PingCall): Promise<never> {
	return new Promise((_, reject) => {
		signal.addEventListener('abort', () => reject(signal.reason), { once: true });
	});
}
