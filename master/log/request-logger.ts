/**
 * A line per step of every request, at level debug: asked, sent, late, ended. Their `request` is what the request is
 * named on the wire, so a worker's log has it, too.
 */
import type { Clock } from '../../shared/clock.ts';
import { formatCount, formatPlural } from '../../shared/format.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { AskedChunk, DispatchObserver } from '../dispatch/observer.ts';
import type { WorkerFailure } from '../dispatch/worker-link.ts';
import type { LogEntry } from './log-entry.ts';

interface Open {
	readonly chunk: AskedChunk;
	readonly askedAtMs: number;
	answered: number;
}

export class RequestLogger implements DispatchObserver {
	readonly #say: (entry: LogEntry) => void;
	readonly #clock: Pick<Clock, 'monotonicMs'>;
	/** requests under way, by their ids */
	readonly #open = new Map<number, Open>();

	constructor(say: (entry: LogEntry) => void, clock: Pick<Clock, 'monotonicMs'>) {
		this.#say = say;
		this.#clock = clock;
	}

	asked(chunk: AskedChunk): void {
		const { id, worker, probe, kind, hosts } = chunk;
		this.#open.set(id, { chunk, askedAtMs: this.#clock.monotonicMs(), answered: 0 });
		this.#tell(id, 'asked', `${worker} is asked for ${formatPlural(hosts, 'host')}, ${probe}, ${kind}`, {
			probe,
			kind,
			hosts,
		});
	}

	sent(id: number, waitMs: number): void {
		const ms = this.#ageOf(id);
		if (ms === undefined) return;
		const { worker, hosts } = this.#open.get(id)!.chunk;
		const waited = rounded(waitMs);
		this.#tell(
			id,
			'sent',
			`${worker} has sent all of ${formatPlural(hosts, 'host')}, the last after ${waited} ms`,
			{
				waitMs: waited,
				ms,
			},
		);
	}

	answered(id: number, { length }: ResultBlock): void {
		const open = this.#open.get(id);
		if (open !== undefined) open.answered += length;
	}

	late(id: number): void {
		const ms = this.#ageOf(id);
		if (ms === undefined) return;
		const { chunk, answered } = this.#open.get(id)!;
		const text = `${chunk.worker} is late with ${formatPlural(chunk.hosts - answered, 'host')}, asked elsewhere as well`;
		this.#tell(id, 'late', text, { answered, ms });
	}

	closed(id: number, failure: WorkerFailure | undefined, isCancelled: boolean): void {
		const ms = this.#ageOf(id);
		if (ms === undefined) return;
		const { chunk, answered } = this.#open.get(id)!;
		const { worker, probe, kind, hosts } = chunk;
		// Of the last request, every host is often answered before its answer has ended.
		const end = answered >= hosts && isCancelled ? 'ok' : endOf(failure, isCancelled);
		const words = end === 'failed' ? failure!.message : end;
		this.#tell(
			id,
			'ended',
			`${worker} answered ${formatCount(answered)} of ${formatPlural(hosts, 'host')} in ${ms} ms: ${words}`,
			{
				probe,
				kind,
				hosts,
				answered,
				ms,
				end,
				...(end === 'failed' && { failure: failure!.message, failureKind: failure!.kind }),
			},
		);
		this.#open.delete(id);
	}

	/** ms since it was asked; `undefined` of a request that was not */
	#ageOf(id: number): number | undefined {
		const open = this.#open.get(id);
		return open && rounded(this.#clock.monotonicMs() - open.askedAtMs);
	}

	#tell(id: number, step: string, text: string, fields: Readonly<Record<string, unknown>>): void {
		const { request, worker } = this.#open.get(id)!.chunk;
		this.#say({
			level: 'debug',
			event: `request-${step}`,
			msg: `request ${request}: ${text}`,
			fields: { request, worker, ...fields },
		});
	}
}

/** That nobody wants to know any more is nobody's failure; that a worker was given up on is one. */
function endOf(failure: WorkerFailure | undefined, isCancelled: boolean): 'ok' | 'failed' | 'cancelled' {
	if (isCancelled && (failure === undefined || failure.kind === 'local')) return 'cancelled';
	return failure === undefined ? 'ok' : 'failed';
}

/** to a thousandth of a ms */
function rounded(ms: number): number {
	return Math.round(ms * 1000) / 1000;
}
