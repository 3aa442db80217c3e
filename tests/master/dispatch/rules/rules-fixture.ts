/**
 * The rules with a clock, a list and workers that are a few lines each, driven step by step: no promises, no
 * timers. A worker is a function that is called with every request and says later what becomes of it (`at`).
 */
import { DispatchRules } from '../../../../master/dispatch/rules/dispatch-rules.ts';
import { Ledger } from '../../../../master/dispatch/rules/ledger.ts';
import type { RulesOptions, Step } from '../../../../master/dispatch/rules/rules-io.ts';
import { WorkerFailure } from '../../../../master/dispatch/worker-link.ts';
import type { RunEvent } from '../../../../master/events.ts';
import { hostAt, hostColumn } from '../../../../shared/host-column.ts';
import { formatIpv4 } from '../../../../shared/ip.ts';
import type { Reason, Status } from '../../../../shared/outcome.ts';
import { reasons, statuses } from '../../../../shared/outcome.ts';
import type { Capabilities } from '../../../../shared/protocol.ts';
import { createRandom } from '../../../../shared/random.ts';
import type { ResultBlock } from '../../../../shared/results.ts';
import { blockOf, capabilities } from '../fake-link.ts';

export type Ask = Extract<Step, { type: 'ask' }>;

/** Called with every request of a worker. */
export type OnAsk = (ask: Ask, world: RulesWorld) => void;

export interface FixtureWorker {
	readonly onAsk: OnAsk;
	readonly said?: Partial<Capabilities>;
	/** what it answers to a check. Default: that it is well */
	readonly onCheck?: (world: RulesWorld) => Capabilities | WorkerFailure;
}

export interface WorldOptions extends Partial<Omit<RulesOptions, 'ledger' | 'nowMs' | 'random'>> {
	readonly workers: Readonly<Record<string, FixtureWorker>>;
	/** hosts of the run */
	readonly total: number;
	/** hosts that the list has when it is read. Default: all */
	readonly listed?: number;
	/** whether the list ends behind them. Default: it does */
	readonly ends?: boolean;
}

export interface LoggedAsk {
	readonly atMs: number;
	readonly worker: string;
	readonly positions: readonly number[];
}

/** Answers a request in full after some time. */
export function answers(status: Status = 'up', afterMs = 10): OnAsk {
	return (ask, world) => {
		world.at(afterMs, () => {
			world.answer(ask, status);
			world.close(ask);
		});
	};
}

/** Fails at a request after some time. */
export function fails(failure: WorkerFailure, afterMs = 10): OnAsk {
	return (ask, world) => {
		world.at(afterMs, () => world.close(ask, failure));
	};
}

export const broken = new WorkerFailure('broken', 'broke off the connection');

export class RulesWorld {
	readonly rules: DispatchRules;
	readonly ledger: Ledger;
	nowMs = 0;
	readonly asks: LoggedAsk[] = [];
	readonly events: RunEvent[] = [];
	readonly closed: string[] = [];
	readonly cancelled: number[] = [];
	/** by position: what is kept */
	readonly kept = new Map<number, string>();
	/** what must never happen */
	readonly wrong: string[] = [];
	readonly #workers: Map<string, FixtureWorker>;
	readonly #options: WorldOptions;
	#queue: { readonly atMs: number; readonly what: () => void }[] = [];
	#listed = 0;

	constructor({ workers, total, ...options }: WorldOptions) {
		this.#options = { workers, total, ...options };
		this.#workers = new Map(Object.entries(workers));
		this.ledger = new Ledger(total);
		this.rules = new DispatchRules({
			settings: { count: 1, attempts: 1, timeoutMs: 1_000, intervalMs: 1_000, refusedIsUp: false },
			ratePerSecond: 0,
			workerTimeoutMs: 60_000,
			...options,
			ledger: this.ledger,
			random: createRandom(1),
			nowMs: 0,
		});
		for (const [name, { said }] of this.#workers) {
			this.rules.addWorker({ name, weight: 1, met: capabilities(said) }, 0);
		}
	}

	/** Lets something happen in so many ms. */
	at(inMs: number, what: () => void): void {
		this.#queue.push({ atMs: this.nowMs + inMs, what });
		this.#queue.sort((a, b) => a.atMs - b.atMs);
	}

	/** Lets time go by until the run has ended, or for so long. */
	run(ms = 3_600_000): void {
		const untilMs = this.nowMs + ms;
		for (this.#pump(); !this.rules.ended; this.#pump()) {
			const nextMs = Math.min(this.rules.wakeAtMs, this.#queue[0]?.atMs ?? Number.POSITIVE_INFINITY);
			if (nextMs > untilMs) {
				this.nowMs = untilMs;
				return;
			}
			// Rounding must not let it stand still.
			this.nowMs = Math.max(nextMs, this.nowMs + 0.001);
			while (!this.rules.ended && (this.#queue[0]?.atMs ?? Number.POSITIVE_INFINITY) <= this.nowMs) {
				this.#queue.shift()!.what();
				this.#pump();
			}
		}
	}

	/** Nobody is told anything, and nobody asks, for so long: what was to happen waits. */
	holdUp(ms: number): void {
		this.nowMs += ms;
	}

	join(name: string, worker: FixtureWorker): void {
		this.#workers.set(name, worker);
		this.rules.addWorker({ name, weight: 1, met: undefined }, this.nowMs);
	}

	/** @param rows of the request. Default: all */
	answer(
		ask: Ask,
		status: Status,
		rows: readonly number[] = [...ask.positions.keys()],
		reason: Reason | '' = '',
	): void {
		const kept = this.rules.answered(ask.id, blockOf(rows, status, reason), this.nowMs);
		if (kept !== undefined) this.#keep(kept);
	}

	sent(ask: Ask, waitMs = 0): void {
		this.rules.sent(ask.id, waitMs, this.nowMs);
	}

	close(ask: Ask, failure?: WorkerFailure): void {
		if (failure === undefined) this.sent(ask);
		this.rules.closed(ask.id, failure, this.nowMs);
	}

	/** In how many requests every host was. */
	dispatches(): number[] {
		const times = new Array<number>(this.ledger.total).fill(0);
		for (const { positions } of this.asks) for (const position of positions) times[position]! += 1;
		return times;
	}

	/** What is kept, with how many hosts it is so. */
	outcome(): Record<string, number> {
		const counts: Record<string, number> = {};
		for (const what of this.kept.values()) counts[what] = (counts[what] ?? 0) + 1;
		return counts;
	}

	told(type: RunEvent['type']): RunEvent[] {
		return this.events.filter((event) => event.type === type);
	}

	#pump(): void {
		this.#feed();
		for (let step = this.rules.next(this.nowMs); step; step = this.rules.next(this.nowMs)) {
			this.#perform(step);
			this.#feed();
		}
	}

	#feed(): void {
		const { total, listed = total, ends = true } = this.#options;
		while (this.rules.wantsTargets && this.#listed < listed) {
			const first = this.#listed;
			const positions = Uint32Array.from({ length: Math.min(4_096, listed - first) }, (_, i) => first + i);
			this.#listed += positions.length;
			const hosts = hostColumn(Array.from(positions, hostOf));
			this.rules.addTargets([{ probe: 'icmp', positions, hosts }]);
		}
		if (this.#listed === listed && ends) this.rules.endTargets();
	}

	#perform(step: Step): void {
		if (step.type === 'ask') {
			this.asks.push({ atMs: this.nowMs, worker: step.worker, positions: [...step.positions] });
			this.#workers.get(step.worker)!.onAsk(step, this);
		} else if (step.type === 'check') {
			const { onCheck, said } = this.#workers.get(step.worker)!;
			this.at(1, () => this.rules.checked(step.worker, onCheck?.(this) ?? capabilities(said), this.nowMs));
		} else if (step.type === 'record') this.#keep(step.rows);
		else if (step.type === 'tell') this.events.push(step.event);
		else if (step.type === 'close') this.closed.push(step.worker);
		else if (step.type === 'cancel') this.cancelled.push(step.id);
	}

	#keep({ worker, positions, hosts, block }: KeptRows): void {
		for (let row = 0; row < block.length; row += 1) {
			const at = block.index[row]!;
			const position = positions[at]!;
			if (this.kept.has(position)) this.wrong.push(`${position} twice`);
			if (hostAt(hosts, at) !== hostOf(position)) this.wrong.push(`${position} is not ${hostAt(hosts, at)}`);
			const reason = reasons[block.reason[row]!]!;
			this.kept.set(position, [worker, statuses[block.status[row]!]!, reason].filter(Boolean).join(' '));
		}
	}
}

interface KeptRows {
	readonly worker: string;
	readonly positions: Uint32Array;
	readonly hosts: Parameters<typeof hostAt>[0];
	readonly block: ResultBlock;
}

function hostOf(position: number): string {
	return formatIpv4(0x0a00_0000 + position);
}
