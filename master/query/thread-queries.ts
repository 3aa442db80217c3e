/**
 * Questions to a database, answered in a thread of its own: reading ten million rows takes seconds, in which a run and
 * its server must go on. The thread is started by the first question: a run that nobody watches does not pay for it.
 */
import { Worker } from 'node:worker_threads';
import { onAbort } from '../../shared/abort.ts';
import type {
	Comparison,
	HostHistory,
	PrefixMap,
	ResultsPage,
	RunDetail,
	RunEvents,
	RunRow,
} from '../../shared/dashboard-api.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { questionsMax } from '../../shared/limits.ts';
import { unpackError } from '../store/thread-messages.ts';
import type { ComparisonPart, Queries, ResultFilter } from './queries.ts';
import type { FromThread, Question, ThreadOptions, ToThread } from './thread-messages.ts';

/** Nothing is opened before the first question. */
export function threadQueries(options: ThreadOptions): Queries {
	return new ThreadQueries(options);
}

interface Pending {
	readonly resolve: (value: unknown) => void;
	readonly reject: (error: unknown) => void;
	readonly forget: () => void;
}

class ThreadQueries implements Queries {
	readonly #options: ThreadOptions;
	readonly #pending = new Map<number, Pending>();
	#thread: Worker | undefined;
	#nextNumber = 0;
	#closing: Promise<void> | undefined;

	constructor(options: ThreadOptions) {
		this.#options = options;
	}

	runs(signal: AbortSignal): Promise<readonly RunRow[]> {
		return this.#ask({ method: 'runs' }, signal);
	}

	run(id: number, signal: AbortSignal): Promise<RunDetail> {
		return this.#ask({ method: 'run', id }, signal);
	}

	events(id: number, signal: AbortSignal): Promise<RunEvents> {
		return this.#ask({ method: 'events', id }, signal);
	}

	results(id: number, filter: ResultFilter, signal: AbortSignal): Promise<ResultsPage> {
		return this.#ask({ method: 'results', id, filter }, signal);
	}

	history(host: string, signal: AbortSignal): Promise<HostHistory> {
		return this.#ask({ method: 'history', host }, signal);
	}

	map(id: number, prefix: string | undefined, signal: AbortSignal): Promise<PrefixMap> {
		return this.#ask({ method: 'map', id, prefix }, signal);
	}

	compare(before: number, after: number, part: ComparisonPart, signal: AbortSignal): Promise<Comparison> {
		return this.#ask({ method: 'compare', before, after, part }, signal);
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		this.#rejectAll(new PingpoolError('busy', 'no more questions are answered: the master ends'));
		const thread = this.#thread;
		if (thread === undefined) return;
		const exited = new Promise((resolve) => thread.once('exit', resolve));
		this.#post({ type: 'close' });
		await exited;
	}

	/** The thread's answer to a question is what the method for it promises. */
	#ask<Answer>(question: Question, signal: AbortSignal): Promise<Answer> {
		if (signal.aborted) return Promise.reject(signal.reason);
		if (this.#closing !== undefined) {
			return Promise.reject(new PingpoolError('busy', 'no more questions are answered: the master ends'));
		}
		if (this.#pending.size >= questionsMax) {
			return Promise.reject(
				new PingpoolError('busy', `${questionsMax} questions to the database wait already; try again soon`),
			);
		}
		const number = this.#nextNumber;
		this.#nextNumber += 1;
		return new Promise((resolve, reject) => {
			const forget = onAbort(signal, () => {
				this.#pending.delete(number);
				this.#post({ type: 'drop', number });
				reject(signal.reason);
			});
			this.#pending.set(number, { resolve: resolve as (value: unknown) => void, reject, forget });
			this.#thread ??= this.#start();
			this.#post({ type: 'ask', number, question });
		});
	}

	#start(): Worker {
		const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
		const thread = new Worker(new URL(`./thread-main${extension}`, import.meta.url), {
			name: 'pingpool-queries',
			workerData: this.#options,
		});
		const ended = (cause: unknown): void => {
			if (this.#thread !== thread) return;
			// The next question starts another one.
			this.#thread = undefined;
			this.#rejectAll(new PingpoolError('internal', 'the thread that reads the database ended', { cause }));
		};
		thread.on('message', (message: FromThread) => this.#settle(message));
		thread.once('error', ended);
		thread.once('exit', () => ended(undefined));
		return thread;
	}

	#post(message: ToThread): void {
		this.#thread?.postMessage(message);
	}

	#settle(message: FromThread): void {
		const pending = this.#pending.get(message.number);
		if (pending === undefined) return;
		this.#pending.delete(message.number);
		pending.forget();
		if (message.type === 'answer') pending.resolve(message.value);
		else pending.reject(unpackError(message.error));
	}

	#rejectAll(error: Error): void {
		for (const { reject, forget } of this.#pending.values()) {
			forget();
			reject(error);
		}
		this.#pending.clear();
	}
}
