/** The network between the master and its workers: what is sent takes time, and may not arrive. */
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import type { RequestFault } from '../swarm.ts';
import type { Exchange, Listener } from './exchange.ts';
import type { SimulatedWorker } from './simulated-worker.ts';
import type { World } from './world.ts';

/** Deadlines of the master's client (master/worker-client.ts). */
const connectMsMax = 3_000;
const capabilitiesMsMax = 5_000;

export class Network {
	readonly #world: World;
	/** until when nothing passes between the master and a worker; what was sent is sent again then, as TCP does */
	readonly #darkUntilMs = new Map<string, number>();

	constructor(world: World) {
		this.#world = world;
	}

	/** Nothing passes until then. */
	darken(worker: string, untilMs: number): void {
		this.#darkUntilMs.set(worker, untilMs);
	}

	isDark(worker: string): boolean {
		return (this.#darkUntilMs.get(worker) ?? 0) > this.#world.time.nowMs;
	}

	/** Sends a request on its way. */
	send(exchange: Exchange): void {
		const { worker, fault } = exchange;
		const { time } = this.#world;
		if (fault === 'no-descriptors') {
			this.#fail(exchange, 0, new WorkerFailure('local', 'no descriptors are left here'));
		} else if (fault === 'connect-refused' || worker.state === 'down') {
			this.#fail(exchange, this.#delayMs(worker), new WorkerFailure('unreachable', 'refused the connection'));
		} else if (fault === 'connect-timeout' || worker.state === 'vanished' || this.isDark(worker.name)) {
			this.#fail(exchange, connectMsMax, new WorkerFailure('unreachable', 'no connection in time'));
		} else if (fault !== 'request-lost') {
			time.after(this.#delayMs(worker), () => {
				if (exchange.isAborted) return;
				if (fault === 'answer-lost') exchange.isLost = true;
				worker.receive(exchange);
			});
		}
	}

	/** Lets the master hear something of a request, in the order in which it was said. */
	toMaster(exchange: Exchange, say: (listener: Listener) => void): void {
		if (exchange.isLost) return;
		const { worker, listener } = exchange;
		exchange.lastArrivalMs = Math.max(exchange.lastArrivalMs, this.#arrivalMs(worker));
		this.#world.time.at(exchange.lastArrivalMs, () => say(listener));
	}

	/** The master ends a request; its worker hears of that, later. */
	abort(exchange: Exchange): void {
		if (exchange.isLost) return;
		this.#world.time.at(this.#arrivalMs(exchange.worker), () => exchange.worker.aborted(exchange));
	}

	/** Asks a worker what it can do. */
	check(
		worker: SimulatedWorker,
		fault: RequestFault | undefined,
		done: (result: Capabilities | WorkerFailure, instance: number) => void,
	): void {
		const { time, random } = this.#world;
		const { nowMs } = time;
		const say = (ms: number, kind: WorkerFailure['kind'], message: string, retryAfterMs?: number): void => {
			const failure = new WorkerFailure(kind, message, retryAfterMs === undefined ? {} : { retryAfterMs });
			time.after(ms, () => done(failure, 0));
		};
		const arrivalMs = this.#arrivalMs(worker);
		const answersMs = Math.max(arrivalMs, worker.frozenUntilMs);
		const delayMs = arrivalMs - nowMs;
		if (fault === 'no-descriptors') say(0, 'local', 'no descriptors are left here');
		else if (fault === 'connect-refused' || worker.state === 'down')
			say(delayMs, 'unreachable', 'refused it');
		else if (fault === 'connect-timeout' || worker.state === 'vanished' || this.isDark(worker.name)) {
			say(connectMsMax, 'unreachable', 'no connection in time');
		} else if (fault === 'request-lost' || fault === 'answer-lost') {
			say(capabilitiesMsMax, 'broken', 'did not answer in time');
		} else if (fault === 'server-error' || fault === 'cut')
			say(2 * delayMs, 'broken', 'failed with HTTP 500');
		else if (fault === 'busy' || (worker.overloadedUntilMs > nowMs && worker.traits.vice !== 'always-busy')) {
			say(2 * delayMs, 'busy', 'is busy', 1_000 * random.below(6));
		} else if (fault === 'unauthorized') say(2 * delayMs, 'refused', 'does not accept our token');
		else if (fault === 'invalid') say(2 * delayMs, 'invalid', 'is not a pingpool worker');
		else if (answersMs - nowMs + delayMs > capabilitiesMsMax) {
			say(capabilitiesMsMax, 'broken', 'did not answer in time');
		} else {
			time.at(answersMs, () => {
				if (worker.state !== 'up') {
					say(delayMs, 'broken', 'was reset');
					return;
				}
				const [capabilities, instance] = [worker.capabilities(), worker.instance];
				time.after(delayMs, () => done(capabilities, instance));
			});
		}
	}

	#fail(exchange: Exchange, afterMs: number, failure: WorkerFailure): void {
		this.#world.time.after(afterMs, () => exchange.listener.closed(failure));
	}

	#arrivalMs(worker: SimulatedWorker): number {
		const arrivalMs = this.#world.time.nowMs + this.#delayMs(worker);
		return Math.max(arrivalMs, this.#darkUntilMs.get(worker.name) ?? 0);
	}

	#delayMs({ traits }: SimulatedWorker): number {
		return traits.delayMs + this.#world.random.next() * traits.jitterMs;
	}
}
