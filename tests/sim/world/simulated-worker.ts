/**
 * One worker process: takes requests within what it can hold, sends probes at its rate, answers in pieces, gives
 * signs of life; dies, freezes and comes back as another instance. What a real worker says wrongly is filtered by
 * the master's client, and so is a failure here (`invalid`).
 */
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import { selectRows } from '../../../shared/results.ts';
import type { WorkerTraits } from '../swarm.ts';
import type { Exchange, Listener } from './exchange.ts';
import type { Answers } from './host-answers.ts';
import { answersOf } from './host-answers.ts';
import type { World } from './world.ts';

/** Answers are cut into so many pieces at most. */
const piecesMax = 6;
/** How soon a worker that died of a host is started again, at the latest. */
const poisonedMsMax = 1_000;

export class SimulatedWorker {
	readonly traits: WorkerTraits;
	readonly index: number;
	/** counts its lives */
	instance = 1;
	state: 'up' | 'down' | 'vanished' = 'up';
	frozenUntilMs = 0;
	/** answers 503 until then */
	overloadedUntilMs = 0;
	/** answers for hosts with its own trouble until then */
	troubledUntilMs = 0;
	slowUntilMs = 0;
	readonly #world: World;
	readonly #serving = new Set<Exchange>();
	/** when the next probe may leave */
	#sendFreeMs = 0;
	#hostsInFlightMax: number;

	constructor(world: World, traits: WorkerTraits, index: number) {
		this.#world = world;
		this.traits = traits;
		this.index = index;
		this.#hostsInFlightMax = traits.hostsInFlightMax;
		const { vice } = traits;
		if (vice === 'never-up') this.state = 'down';
		if (vice === 'always-troubled') this.troubledUntilMs = Number.POSITIVE_INFINITY;
		if (vice === 'always-busy') this.overloadedUntilMs = Number.POSITIVE_INFINITY;
	}

	get name(): string {
		return this.traits.name;
	}

	get isFrozen(): boolean {
		return this.frozenUntilMs > this.#world.time.nowMs;
	}

	/** Hosts in requests that it serves. */
	get inFlight(): number {
		let hosts = 0;
		for (const { positions } of this.#serving) hosts += positions.length;
		return hosts;
	}

	capabilities(): Capabilities {
		const { traits } = this;
		return {
			protocol: 1,
			instance: String(this.instance),
			version: '0',
			runtime: 'node',
			probes: [...traits.probes],
			icmp: traits.probes.includes('icmp') ? 'datagram' : null,
			hostsPerRequestMax: Math.min(traits.hostsPerRequestMax, this.#hostsInFlightMax),
			probesPerRequestMax: traits.probesPerRequestMax,
			hostsInFlightMax: this.#hostsInFlightMax,
			bodyBytesMax: traits.bodyBytesMax,
			ratePerSecondMax: traits.saysRate ? traits.speed : 0,
			connectionsMax: 1_024,
			requestForms: [],
			heartbeatMs: traits.heartbeatMs,
			requestIds: true,
		};
	}

	/** A request has arrived. */
	receive(exchange: Exchange): void {
		if (this.isFrozen) {
			this.#world.time.at(this.frozenUntilMs, () => {
				if (!exchange.isAborted) this.receive(exchange);
			});
			return;
		}
		if (this.state !== 'up') {
			// Its connection was made before it died.
			if (this.state === 'vanished') return;
			this.#world.network.toMaster(exchange, ({ closed }) =>
				closed(new WorkerFailure('broken', 'was reset')),
			);
			return;
		}
		const refusal = this.#refusal(exchange);
		if (refusal !== undefined) {
			this.#world.network.toMaster(exchange, ({ closed }) => closed(refusal));
			return;
		}
		this.#serve(exchange);
	}

	/** The connection of a request has ended. */
	aborted(exchange: Exchange): void {
		exchange.isAborted = true;
		this.#serving.delete(exchange);
	}

	/**
	 * The process dies with all its connections.
	 *
	 * @param state `vanished` with its machine, so that nobody is told
	 * @param restartMs when it is started again
	 */
	die(state: 'down' | 'vanished', restartMs: number): void {
		if (this.state !== 'up') return;
		const { network, time, trace } = this.#world;
		trace.add(time.nowMs, 20, this.index, () => `${this.name} ${state === 'down' ? 'dies' : 'vanishes'}`);
		this.state = state;
		this.instance += 1;
		this.#sendFreeMs = 0;
		for (const exchange of this.#serving) {
			exchange.isAborted = true;
			if (state === 'vanished') exchange.isLost = true;
			else network.toMaster(exchange, ({ closed }) => closed(new WorkerFailure('broken', 'was reset')));
		}
		this.#serving.clear();
		time.after(restartMs, () => this.start());
	}

	/** The process is started again, perhaps with other bounds. */
	start(): void {
		if (this.state === 'up' || this.traits.vice === 'never-up') return;
		const { random, time, trace } = this.#world;
		this.state = 'up';
		this.frozenUntilMs = 0;
		const share = random.next() < 0.3 ? 0.5 : 1;
		this.#hostsInFlightMax = Math.max(1, Math.floor(this.traits.hostsInFlightMax * share));
		trace.add(time.nowMs, 21, this.index, () => `${this.name} starts, with instance ${this.instance}`);
	}

	#refusal({ fault, positions }: Exchange): WorkerFailure | undefined {
		const { random, time, truths } = this.#world;
		const { length } = positions;
		const retryAfterMs = 1_000 * random.below(6);
		if (fault === 'unauthorized') return new WorkerFailure('refused', 'does not accept our token');
		if (fault === 'server-error') return new WorkerFailure('broken', 'failed with HTTP 500');
		if (fault === 'rejected') return new WorkerFailure('rejected', 'rejected the request');
		if ((fault === 'too-large' && length > 1) || length > this.traits.hostsPassedMax)
			return new WorkerFailure('too-large', 'finds it too large');
		if (
			fault === 'busy' ||
			this.overloadedUntilMs > time.nowMs ||
			this.inFlight + length > this.#hostsInFlightMax
		) {
			return new WorkerFailure('busy', 'is busy', { retryAfterMs });
		}
		if (positions.some((position) => truths.of(position) === 'unacceptable')) {
			return new WorkerFailure('rejected', 'rejected the request: a host is wrong');
		}
		return undefined;
	}

	#serve(exchange: Exchange): void {
		const { time, random, checker, network } = this.#world;
		const arrivedMs = time.nowMs;
		this.#serving.add(exchange);
		checker.reached(exchange);
		const speed = this.traits.speed / (this.slowUntilMs > arrivedMs ? 20 : 1);
		const startMs = Math.max(arrivedMs, this.#sendFreeMs);
		const answers = answersOf(this.#world, exchange, { startMs, stepMs: 1_000 / speed });
		this.#sendFreeMs = answers.lastSentMs;
		const diesAtMs =
			answers.poisonedAtMs ?? (this.traits.vice === 'always-dies' ? answers.lastSentMs : undefined);
		if (diesAtMs !== undefined) {
			const restartMs = 50 + poisonedMsMax * random.next();
			this.#at(exchange, diesAtMs, () => this.die('down', restartMs));
		}

		if (exchange.instanceKnown() !== this.instance) {
			network.toMaster(exchange, ({ restarted }) => restarted());
		}
		if (exchange.fault === 'cut') {
			const cutMs = arrivedMs + random.next() * (answers.lastMs - arrivedMs);
			this.#at(exchange, cutMs, () => {
				network.toMaster(exchange, ({ closed }) => closed(new WorkerFailure('broken', 'was cut')));
				this.aborted(exchange);
			});
		}
		if (this.traits.heartbeatMs > 0) {
			this.#beat(exchange);
			const waitMs = answers.lastSentMs - arrivedMs;
			this.#at(exchange, answers.lastSentMs, () => network.toMaster(exchange, ({ sent }) => sent(waitMs)));
		}
		if (this.traits.vice !== 'never-answers') this.#answer(exchange, answers);
	}

	/** Answers in pieces, and ends. */
	#answer(exchange: Exchange, { block, order, endsMs, lastMs }: Answers): void {
		const { network, random, time } = this.#world;
		const pieces = Math.min(order.length, 1 + random.below(piecesMax));
		const wrongPiece = exchange.fault === 'invalid' ? random.below(pieces) : undefined;
		// A slow drip: every piece takes its time.
		const dripMs = exchange.fault === 'drip' ? 500 + random.below(20_000) : 0;
		for (let piece = 0, from = 0; piece < pieces; piece += 1) {
			const to = Math.round(((piece + 1) * order.length) / pieces);
			const rows = order.slice(from, to);
			from = to;
			const atMs = endsMs[rows.at(-1)!]! + (piece + 1) * dripMs;
			this.#at(exchange, atMs, () => {
				if (piece === wrongPiece) {
					network.toMaster(exchange, ({ closed }) =>
						closed(new WorkerFailure('invalid', 'says what can not be')),
					);
					this.aborted(exchange);
					return;
				}
				this.#world.checker.answeredByWorker(exchange, block, rows);
				const said: ResultBlock = selectRows(block, rows);
				network.toMaster(exchange, ({ answered }: Listener) => answered(said));
			});
		}
		this.#at(exchange, Math.max(lastMs + pieces * dripMs, time.nowMs), () => {
			network.toMaster(exchange, ({ closed }) => closed(undefined));
			this.aborted(exchange);
		});
	}

	#beat(exchange: Exchange): void {
		const { network, time } = this.#world;
		this.#at(exchange, time.nowMs + this.traits.heartbeatMs, () => {
			network.toMaster(exchange, ({ alive }) => alive());
			this.#beat(exchange);
		});
	}

	/** Does something for a request at a time, unless that has ended; a frozen process does it when it thaws. */
	#at(exchange: Exchange, atMs: number, run: () => void): void {
		this.#world.time.at(atMs, () => {
			if (exchange.isAborted) return;
			if (this.isFrozen) this.#at(exchange, this.frozenUntilMs, run);
			else run();
		});
	}
}
