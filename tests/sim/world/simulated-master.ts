/**
 * One life of the master: does what the rules say, as master/dispatch/dispatcher.ts does in the real run, and tells
 * them what happens. It may be stopped for a while, be interrupted, and die between any two steps.
 */
import { DispatchRules } from '../../../master/dispatch/rules/dispatch-rules.ts';
import { Ledger } from '../../../master/dispatch/rules/ledger.ts';
import type { AnsweredRows, Step } from '../../../master/dispatch/rules/rules-io.ts';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { createRandom } from '../../../shared/random.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import type { Exchange, Listener } from './exchange.ts';
import { SimulatedList } from './simulated-list.ts';
import { SimulatedStore } from './simulated-store.ts';
import type { SimulatedWorker } from './simulated-worker.ts';
import type { World } from './world.ts';

/** How long what is under way may take to end after an interruption, as in master/run.ts. */
const drainMsMax = 10_000;
/** More steps than this without a pause would be an endless loop. */
const stepsMax = 100_000;

/** Thrown where the master dies. */
class Died extends Error {}

export class SimulatedMaster {
	readonly rules: DispatchRules;
	readonly ledger: Ledger;
	readonly store: SimulatedStore;
	readonly list: SimulatedList;
	isStopping = false;
	/** neither dead nor done */
	isAlive = true;
	readonly #world: World;
	readonly #onOver: () => void;
	readonly #exchanges = new Map<number, Exchange>();
	/** the life of each worker whose capabilities were read last */
	readonly #instances = new Map<string, number>();
	/** what happened while the process was stopped; `undefined` while it runs */
	#inbox: (() => void)[] | undefined;
	#timerAtMs = Number.POSITIVE_INFINITY;
	#isReading = false;
	#isFlushing = false;
	/** until it dies */
	#stepsLeft = Number.POSITIVE_INFINITY;

	/** @param onOver called when it is dead or done */
	constructor(world: World, onOver: () => void) {
		this.#world = world;
		this.#onOver = onOver;
		const { swarm, disk, time, lives } = world;
		this.ledger = new Ledger(swarm.hosts, disk.pages());
		this.rules = new DispatchRules({
			settings: swarm.settings,
			ledger: this.ledger,
			chunkHosts: swarm.chunkHosts,
			concurrency: swarm.concurrency,
			ratePerSecond: swarm.ratePerSecond,
			workerTimeoutMs: swarm.workerTimeoutMs,
			pendingHostsMax: swarm.pendingHostsMax,
			workersMayJoin: swarm.faults.has('leave'),
			random: createRandom(swarm.seed ^ (0x5eed + lives)),
			nowMs: time.nowMs,
		});
		this.list = new SimulatedList(world);
		this.store = new SimulatedStore(world, {
			onCommit: () => this.#happens(() => this.rules.setStoreRoom(this.store.hasRoom)),
			onFailure: () => this.#happens(() => this.rules.end(new Error('the disk failed'))),
		});
	}

	/** Meets the workers that answer, and begins. */
	start(): void {
		const { checker, members } = this.#world;
		checker.begun(this);
		this.#happens(() => {
			for (const worker of members) this.#add(worker, worker.state === 'up' && !worker.isFrozen);
		});
	}

	join(worker: SimulatedWorker): void {
		this.#happens(() => {
			// The connections of a worker of that name, which had been removed, end.
			for (const exchange of this.#exchanges.values()) {
				if (exchange.worker !== worker) continue;
				this.#world.network.abort(exchange);
				const failure = new WorkerFailure('broken', 'its connections were closed');
				this.#world.time.after(0, () => exchange.listener.closed(failure));
			}
			this.#add(worker, false);
		});
	}

	leave(worker: SimulatedWorker): void {
		this.#happens(() => {
			this.rules.removeWorker(worker.name);
			this.#world.checker.left(worker);
		});
	}

	/** The process gets no time for so long. */
	hold(ms: number): void {
		if (!this.isAlive || this.#inbox !== undefined) return;
		const { time, random, trace, checker } = this.#world;
		trace.add(time.nowMs, 40, ms, () => `the master is stopped for ${ms.toFixed(0)} ms`);
		this.#inbox = [];
		checker.held(ms);
		time.after(ms, () => {
			const waiting = this.#inbox ?? [];
			this.#inbox = undefined;
			trace.add(time.nowMs, 41, waiting.length, () => 'the master goes on');
			// Which of them a process notices first is chance.
			const timerFirst = random.next() < 0.5;
			if (timerFirst) this.#happens(() => undefined);
			for (const happens of waiting) this.#happens(happens);
			if (!timerFirst) this.#happens(() => undefined);
		});
	}

	/** As by SIGINT. */
	interrupt(): void {
		if (!this.isAlive || this.isStopping) return;
		this.#happens(() => {
			this.isStopping = true;
			this.rules.stop();
		});
		this.#world.time.after(drainMsMax, () => this.#happens(() => this.rules.end()));
	}

	/** It dies between two of its next steps. */
	dieAfter(steps: number): void {
		this.#stepsLeft = steps;
	}

	/** As by SIGKILL. */
	die(): void {
		if (!this.isAlive) return;
		const { time, trace } = this.#world;
		trace.add(time.nowMs, 42, 0, () => 'the master is killed');
		this.store.lose();
		this.#over();
	}

	/** Something happens that the rules may have to be told. */
	#happens(tell: () => void, pumps = true): void {
		if (!this.isAlive) return;
		if (this.#inbox !== undefined) {
			this.#inbox.push(tell);
			return;
		}
		try {
			this.#countStep();
			tell();
			if (pumps) this.#pump();
		} catch (error) {
			if (!(error instanceof Died)) throw error;
			this.die();
		}
	}

	#countStep(): void {
		if (this.#stepsLeft <= 0) throw new Died();
		this.#stepsLeft -= 1;
	}

	#pump(): void {
		const { rules } = this;
		const { time, checker } = this.#world;
		let steps = 0;
		for (let step = rules.next(time.nowMs); step !== undefined; step = rules.next(time.nowMs)) {
			this.#countStep();
			this.#perform(step);
			steps += 1;
			checker.that(steps < stepsMax, 14, 'the rules say what to do without an end');
		}
		checker.pumped(this);
		if (rules.ended) {
			this.#finish();
			return;
		}
		this.#setTimer();
		if (rules.wantsTargets && !this.#isReading) this.#read();
	}

	#perform(step: Step): void {
		const { time, trace, checker, network, workers } = this.#world;
		switch (step.type) {
			case 'ask': {
				const { id, worker, positions, probe } = step;
				trace.add(time.nowMs, 1, id, () => `#${id} asks ${worker} for ${named(positions)} (${probe})`);
				checker.asked(this, step);
				this.#send(step);
				return;
			}
			case 'cancel': {
				const { id, worker, reason } = step;
				trace.add(time.nowMs, 2, id, () => `#${id} is given up: ${worker} ${reason.message}`);
				checker.cancelled(id, reason);
				const exchange = this.#exchanges.get(id);
				if (exchange === undefined) return;
				this.#exchanges.delete(id);
				network.abort(exchange);
				// As the dispatcher does, when the aborted call ends.
				time.after(0, () => this.#happens(() => this.rules.closed(id, reason, time.nowMs)));
				return;
			}
			case 'check': {
				const worker = workers.get(step.worker)!;
				trace.add(time.nowMs, 3, worker.index, () => `${worker.name} is asked what it can do`);
				checker.checks(worker);
				this.#check(worker);
				return;
			}
			case 'record':
				this.#keep(step.rows, undefined);
				return;
			case 'tell': {
				const { event } = step;
				trace.add(time.nowMs, 5, 0, () => `says ${JSON.stringify(event)}`);
				checker.told(event);
				return;
			}
			case 'close':
				trace.add(time.nowMs, 6, 0, () => `${step.worker} is closed`);
				checker.closes(step.worker);
				return;
		}
	}

	#send({ id, worker: name, positions, probe }: Step & { type: 'ask' }): void {
		const { time, workers, network } = this.#world;
		const worker = workers.get(name)!;
		const exchange: Exchange = {
			id,
			life: this.#world.lives,
			worker,
			probe,
			positions,
			fault: this.#world.drawRequestFault(),
			listener: this.#listener(id),
			instanceKnown: () => this.#instances.get(name) ?? 0,
			isLost: false,
			isAborted: false,
			lastArrivalMs: time.nowMs,
		};
		this.#exchanges.set(id, exchange);
		network.send(exchange);
	}

	#listener(id: number): Listener {
		const { time, trace, checker } = this.#world;
		const { rules } = this;
		/** What is said of a request that is over is dropped by the client, and now and then comes through. */
		const hears = (tell: () => void, pumps = true): void => {
			if (!this.#exchanges.has(id) && !this.#world.letsLateWordsPass()) return;
			this.#happens(tell, pumps);
		};
		return {
			answered: (block) => hears(() => this.#answered(id, block)),
			sent: (waitMs) =>
				hears(() => {
					checker.sent(id);
					rules.sent(id, waitMs, time.nowMs);
				}),
			alive: () => hears(() => rules.alive(id, time.nowMs), false),
			restarted: () => hears(() => rules.restarted(id, time.nowMs)),
			closed: (failure) =>
				hears(() => {
					trace.add(
						time.nowMs,
						7,
						id,
						() => `#${id} ends ${failure === undefined ? 'well' : failure.message}`,
					);
					this.#exchanges.delete(id);
					const before = checker.before(id);
					rules.closed(id, failure, time.nowMs);
					checker.ended(id, failure, before);
				}),
		};
	}

	#answered(id: number, block: ResultBlock): void {
		const { time, trace, checker } = this.#world;
		trace.add(time.nowMs, 8, id, () => `#${id} brings ${block.length} answers`);
		const before = this.ledger.count;
		const rows = this.rules.answered(id, block, time.nowMs);
		if (rows !== undefined) this.#keep(rows, id);
		checker.heard(this, id, block, before);
	}

	#check(worker: SimulatedWorker): void {
		const { network, time, trace, checker } = this.#world;
		network.check(worker, this.#world.drawRequestFault(), (result, instance) => {
			this.#happens(() => {
				const failure = result instanceof WorkerFailure ? result : undefined;
				trace.add(
					time.nowMs,
					9,
					worker.index,
					() => `${worker.name} ${failure?.message ?? 'says what it can do'}`,
				);
				if (failure === undefined) this.#instances.set(worker.name, instance);
				checker.hasChecked(this, worker, result, () => this.rules.checked(worker.name, result, time.nowMs));
			});
		});
	}

	#keep(rows: AnsweredRows, id: number | undefined): void {
		const { time, trace, checker } = this.#world;
		const { positions, block } = rows;
		trace.add(time.nowMs, 4, block.length, () => `keeps ${block.length} rows of ${rows.worker}`);
		checker.kept(rows, id);
		for (let row = 0; row < block.length; row += 1) {
			this.store.append(positions[block.index[row]!]!, block.status[row]!);
		}
		this.rules.setStoreRoom(this.store.hasRoom);
		if (!this.store.hasRoom) this.store.flush();
	}

	#read(): void {
		this.#isReading = true;
		this.list.readNext((targets) =>
			this.#happens(() => {
				this.#isReading = false;
				if (targets === undefined) this.rules.endTargets();
				else {
					this.#world.checker.read(targets);
					this.rules.addTargets(targets);
				}
			}),
		);
	}

	#add(worker: SimulatedWorker, isMet: boolean): void {
		const { time, checker } = this.#world;
		const { name, traits } = worker;
		const answers = isMet && (traits.isMetFirst || this.#world.lives > 1);
		if (answers) this.#instances.set(name, worker.instance);
		const silence = isMet ? undefined : new WorkerFailure('unreachable', 'can not be reached');
		const met = answers ? worker.capabilities() : silence;
		checker.joined(worker, met);
		this.rules.addWorker({ name, weight: traits.weight, met }, time.nowMs);
	}

	#setTimer(): void {
		const { wakeAtMs } = this.rules;
		if (this.#timerAtMs <= wakeAtMs) return;
		this.#timerAtMs = wakeAtMs;
		const { time } = this.#world;
		// No timer is shorter than a millisecond.
		time.at(Math.max(wakeAtMs, time.nowMs + 1), () => {
			if (this.#timerAtMs !== wakeAtMs) return;
			this.#timerAtMs = Number.POSITIVE_INFINITY;
			this.#happens(() => undefined);
		});
	}

	/** The run has ended; what is buffered is committed. */
	#finish(): void {
		if (this.#isFlushing) {
			if (this.store.buffered === 0 || this.store.isClosed) this.#over();
			else this.store.flush();
			return;
		}
		this.#isFlushing = true;
		const { checker, time, trace } = this.#world;
		const { failure } = this.rules;
		trace.add(
			time.nowMs,
			10,
			0,
			() => `the run ends ${failure instanceof Error ? `with "${failure.message}"` : ''}`,
		);
		checker.runEnded();
		if (this.store.buffered === 0 || this.store.isClosed) this.#over();
		else this.store.flush();
	}

	#over(): void {
		this.isAlive = false;
		for (const exchange of this.#exchanges.values()) this.#world.network.abort(exchange);
		this.#exchanges.clear();
		this.#onOver();
	}
}

function named(positions: Uint32Array): string {
	if (positions.length <= 8) return `hosts ${positions.join(', ')}`;
	return `${positions.length} hosts from ${positions[0]} on`;
}
