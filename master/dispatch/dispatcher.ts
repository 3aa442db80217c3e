/**
 * Carries out what the rules say (rules/dispatch-rules.ts): reads the list, sends requests, sets the timer, hands
 * rows to the store. It decides nothing itself: whatever happens is told to the rules, and then they are asked
 * what is to be done.
 */
import PQueue from 'p-queue';
import type { Clock } from '../../shared/clock.ts';
import { connectionsPerWorkerMax } from '../../shared/limits.ts';
import type { Capabilities } from '../../shared/protocol.ts';
import type { OnRunEvent } from '../events.ts';
import type { DispatchObserver } from './observer.ts';
import { Observers } from './observers.ts';
import { DispatchRules } from './rules/dispatch-rules.ts';
import type { Lane } from './rules/lane.ts';
import type { AnsweredRows, RulesOptions, Step } from './rules/rules-io.ts';
import type { TargetFeed } from './target-feed.ts';
import { WorkerFailure, type WorkerLink } from './worker-link.ts';

export interface DispatcherOptions extends Omit<RulesOptions, 'nowMs'> {
	readonly feed: TargetFeed;
	/** takes rows, at once; resolves when there is room for more */
	readonly onRows: (rows: AnsweredRows) => Promise<void>;
	readonly onEvent: OnRunEvent;
	/** told of every request. Default: nobody */
	readonly observers?: readonly DispatchObserver[];
	/** what the names of all requests begin with (requestIdPattern): random, so that no two masters have the same */
	readonly requestsName: string;
	readonly clock: Clock;
}

export interface DispatcherWorker {
	readonly link: WorkerLink;
	/** what it can do, or why that is not known; `undefined` when it was not asked */
	readonly met: Capabilities | WorkerFailure | undefined;
	readonly weight: number;
}

type AskStep = Step & { readonly type: 'ask' };

interface Asked {
	readonly link: WorkerLink;
	/** requests to the worker: the rules keep them below what it takes, this within our connections */
	readonly queue: PQueue;
}

export class Dispatcher {
	readonly #options: DispatcherOptions;
	readonly #rules: DispatchRules;
	readonly #observers: Observers;
	readonly #workers = new Map<string, Asked>();
	/** of workers that came back before what they had under way had ended: until that has, and they are closed */
	readonly #draining = new Set<Promise<void>>();
	/** of requests under way, by their ids */
	readonly #requests = new Map<number, AbortController>();
	/** aborted when the run has ended */
	readonly #over = new AbortController();
	readonly #ended = Promise.withResolvers<void>();
	#timer: { readonly atMs: number; readonly abort: AbortController } | undefined;
	#isRunning = false;
	#isPumping = false;
	#isReading = false;
	/** rows that the store has not made room behind */
	#keeping = 0;
	#kept: Promise<unknown> = Promise.resolve();

	constructor(options: DispatcherOptions) {
		this.#options = options;
		this.#observers = new Observers(options.observers ?? [], options.onEvent);
		this.#rules = new DispatchRules({ ...options, nowMs: options.clock.monotonicMs() });
	}

	/** Hosts in requests under way. */
	get inFlight(): number {
		return this.#rules.inFlight;
	}

	/** Hosts that wait to go out. */
	get pendingHosts(): number {
		return this.#rules.pendingHosts;
	}

	/** All workers there have been, by name. */
	get lanes(): ReadonlyMap<string, Lane> {
		return this.#rules.lanes;
	}

	/** A worker joins. One of the same name must have been removed before; what that has under way may end. */
	addWorker({ link, met, weight }: DispatcherWorker): void {
		const before = this.#workers.get(link.name);
		if (before !== undefined) this.#drain(before);
		this.#workers.set(link.name, { link, queue: new PQueue({ concurrency: connectionsPerWorkerMax }) });
		this.#rules.addWorker({ name: link.name, weight, met }, this.#nowMs());
		if (met !== undefined) this.#tellMet(link.name, met);
		this.#pump();
	}

	/** A worker gets no more work, and is closed when what it has under way has ended. */
	removeWorker(name: string): void {
		this.#rules.removeWorker(name);
		this.#pump();
	}

	/**
	 * Resolves when every target is answered for, or after `stop`, when nothing is under way any more.
	 *
	 * @throws what made it impossible: PingpoolError `no-worker`, or what the list or the store threw
	 */
	async run(): Promise<void> {
		this.#isRunning = true;
		this.#pump();
		await this.#ended.promise;
		this.#over.abort();
		this.#timer?.abort.abort();
		await Promise.all([...[...this.#workers.values()].map(({ queue }) => queue.onIdle()), ...this.#draining]);
		if (this.#rules.failure !== undefined) throw this.#rules.failure;
		await this.#kept;
	}

	/** Takes no more targets; what is under way may end until `giveUp` aborts. */
	stop(giveUp: AbortSignal): void {
		this.#rules.stop();
		const end = (): void => {
			this.#rules.end();
			this.#pump();
		};
		giveUp.addEventListener('abort', end, { once: true });
		if (giveUp.aborted) end();
		this.#pump();
	}

	/** Ends the run: nothing more is sent, and `run` rejects with the first error given. */
	fail(error: unknown): void {
		this.#rules.end(error);
		this.#pump();
	}

	#drain({ link, queue }: Asked): void {
		const drained = queue
			.onIdle()
			.then(() => link.close())
			.finally(() => this.#draining.delete(drained));
		this.#draining.add(drained);
	}

	#nowMs(): number {
		return this.#options.clock.monotonicMs();
	}

	/** Does all that is to be done now. To be called after whatever the rules were told. */
	#pump(): void {
		if (!this.#isRunning || this.#isPumping) return;
		this.#isPumping = true;
		try {
			for (let step = this.#rules.next(this.#nowMs()); step; step = this.#rules.next(this.#nowMs())) {
				this.#perform(step);
			}
		} finally {
			this.#isPumping = false;
		}
		if (this.#rules.ended) this.#ended.resolve();
		else {
			this.#setTimer();
			if (this.#rules.wantsTargets && !this.#isReading) void this.#read();
		}
	}

	#perform(step: Step): void {
		switch (step.type) {
			case 'ask': {
				const { link, queue } = this.#workers.get(step.worker)!;
				const { id, worker, probe, kind, hosts } = step;
				this.#requests.set(id, new AbortController());
				// Nothing but a counter for each: who looks for it in two logs can see what came before it.
				const request = `${this.#options.requestsName}-${id.toString(36)}`;
				this.#observers.asked({ id, request, worker, probe, kind, hosts: hosts.length });
				void queue.add(() => this.#ask(step, request, link));
				return;
			}
			case 'late':
				this.#observers.late(step.id);
				return;
			case 'cancel':
				this.#requests.get(step.id)?.abort(step.reason);
				return;
			case 'check':
				void this.#check(step.worker);
				return;
			case 'record':
				this.#keep(step.rows);
				return;
			case 'tell':
				this.#options.onEvent(step.event);
				return;
			case 'close':
				void this.#workers.get(step.worker)?.link.close();
				return;
		}
	}

	async #ask({ id, worker, probe, hosts }: AskStep, request: string, link: WorkerLink): Promise<void> {
		const { signal } = this.#requests.get(id)!;
		let failure: WorkerFailure | undefined;
		try {
			if (signal.aborted) return;
			await link.ping({
				request,
				hosts,
				probe,
				settings: this.#options.settings,
				onBlock: (block) => {
					this.#observers.answered(id, block);
					const rows = this.#rules.answered(id, block, this.#nowMs());
					if (rows !== undefined) this.#keep(rows);
					this.#pump();
				},
				onSent: (waitMs) => {
					this.#observers.sent(id, waitMs);
					this.#rules.sent(id, waitMs, this.#nowMs());
					this.#pump();
				},
				onAlive: (isHolding) => this.#rules.alive(id, this.#nowMs(), isHolding),
				onRestarted: () => {
					this.#rules.restarted(id, this.#nowMs());
					this.#pump();
				},
				onLoad: (load) => {
					this.#observers.load(worker, load);
				},
				signal,
			});
		} catch (error) {
			if (error instanceof WorkerFailure) failure = error;
			else if (!signal.aborted) this.fail(error);
		} finally {
			this.#requests.delete(id);
			this.#observers.closed(id, failure, signal.aborted);
		}
		this.#rules.closed(id, failure, this.#nowMs());
		this.#pump();
	}

	async #check(worker: string): Promise<void> {
		const asked = this.#workers.get(worker)!;
		let result: Capabilities | WorkerFailure;
		try {
			result = await asked.link.capabilities(this.#over.signal);
		} catch (error) {
			if (this.#over.signal.aborted) return;
			if (!(error instanceof WorkerFailure)) {
				this.fail(error);
				return;
			}
			result = error;
		}
		// Another one of that name may have joined meanwhile.
		if (this.#workers.get(worker) !== asked) return;
		this.#rules.checked(worker, result, this.#nowMs());
		this.#tellMet(worker, result);
		this.#pump();
	}

	#tellMet(worker: string, met: Capabilities | WorkerFailure): void {
		if (met instanceof WorkerFailure) this.#observers.unmet(worker, met);
		else this.#observers.met(worker, met);
	}

	async #read(): Promise<void> {
		this.#isReading = true;
		try {
			const targets = await this.#options.feed.next();
			if (targets === undefined) this.#rules.endTargets();
			else this.#rules.addTargets(targets);
		} catch (error) {
			this.fail(error);
		} finally {
			this.#isReading = false;
		}
		this.#pump();
	}

	#keep(rows: AnsweredRows): void {
		this.#keeping += 1;
		this.#rules.setStoreRoom(false);
		const kept = this.#options.onRows(rows).then(
			() => {
				this.#keeping -= 1;
				if (this.#keeping > 0) return;
				this.#rules.setStoreRoom(true);
				this.#pump();
			},
			(error) => this.fail(error),
		);
		this.#kept = Promise.all([this.#kept, kept]);
	}

	/** Sees to it that the rules are asked again in time. A timer that is early does no harm. */
	#setTimer(): void {
		const { wakeAtMs } = this.#rules;
		if (this.#timer !== undefined) {
			if (this.#timer.atMs <= wakeAtMs) return;
			this.#timer.abort.abort();
		}
		const timer = { atMs: wakeAtMs, abort: new AbortController() };
		this.#timer = timer;
		this.#options.clock.sleep(Math.max(0, wakeAtMs - this.#nowMs()), timer.abort.signal).then(
			() => {
				if (this.#timer === timer) this.#timer = undefined;
				this.#pump();
			},
			() => undefined,
		);
	}
}
