/**
 * The door of a worker: how many requests and hosts it holds at a time. What does not fit is told to come back.
 *
 * One caller gets at most what the ceilings say. All together get a third more: who has filled the places of a caller
 * (with hosts that wait for a slow network, say) keeps nobody else out.
 */
import { PingpoolError } from '../shared/errors.ts';
import { bodyBytesInFlightMax } from '../shared/limits.ts';

export interface AdmissionOptions {
	/** hosts of one caller that are held at a time, over all its requests */
	readonly hostsInFlightMax: number;
	/** requests of one caller that are served at a time */
	readonly requestsInFlightMax: number;
}

/** Places of all callers, of which one gets `ofOneCaller` at most. */
export function placesOfAll(ofOneCaller: number): number {
	return ofOneCaller + Math.floor(ofOneCaller / 3);
}

interface Held {
	requests: number;
	hosts: number;
}

/** One request's place. Every ticket is released, whatever becomes of its request; twice does no harm. */
export interface Ticket {
	/**
	 * Takes room for the hosts of the request.
	 *
	 * @throws PingpoolError `busy` when there is not enough
	 */
	addHosts(hosts: number): void;
	/**
	 * Takes room for some more bytes of the request's body, until its hosts are known.
	 *
	 * @throws PingpoolError `busy` when there is not enough
	 */
	addBytes(bytes: number): void;
	release(): void;
}

export class Admission {
	readonly #options: AdmissionOptions;
	#requests = 0;
	#hosts = 0;
	#bodyBytes = 0;
	/** of callers with requests under way */
	readonly #callers = new Map<string, Held>();

	constructor(options: AdmissionOptions) {
		this.#options = options;
	}

	get hostsInFlight(): number {
		return this.#hosts;
	}

	get requestsInFlight(): number {
		return this.#requests;
	}

	/**
	 * Lets a request in before anything of its body is read.
	 *
	 * @param caller who shares a caller's part
	 * @throws PingpoolError `busy` when the worker is full
	 */
	enter(caller: string): Ticket {
		const { hostsInFlightMax, requestsInFlightMax } = this.#options;
		const mine = this.#callers.get(caller) ?? { requests: 0, hosts: 0 };
		const isFull = (): boolean =>
			mine.requests >= requestsInFlightMax || this.#requests >= placesOfAll(requestsInFlightMax);
		const hasRoomFor = (hosts: number): boolean =>
			mine.hosts + hosts <= hostsInFlightMax && this.#hosts + hosts <= placesOfAll(hostsInFlightMax);
		if (isFull()) throw busy('requests', requestsInFlightMax);
		if (!hasRoomFor(1)) throw busy('hosts', hostsInFlightMax);
		this.#callers.set(caller, mine);
		mine.requests += 1;
		this.#requests += 1;
		let held = 0;
		let heldBytes = 0;
		let released = false;
		return {
			addHosts: (hosts) => {
				if (released) return;
				if (!hasRoomFor(hosts)) throw busy('hosts', hostsInFlightMax);
				mine.hosts += hosts;
				this.#hosts += hosts;
				held += hosts;
				this.#bodyBytes -= heldBytes;
				heldBytes = 0;
			},
			addBytes: (bytes) => {
				if (released) return;
				if (this.#bodyBytes + bytes > bodyBytesInFlightMax) throw busy('bytes', bodyBytesInFlightMax);
				this.#bodyBytes += bytes;
				heldBytes += bytes;
			},
			release: () => {
				if (released) return;
				released = true;
				mine.requests -= 1;
				mine.hosts -= held;
				if (mine.requests === 0) this.#callers.delete(caller);
				this.#requests -= 1;
				this.#hosts -= held;
				this.#bodyBytes -= heldBytes;
			},
		};
	}
}

const ceilings = {
	requests: 'requestsInFlightMax',
	hosts: 'hostsInFlightMax',
	bytes: 'bodyBytesInFlightMax',
} as const;

function busy(what: keyof typeof ceilings, max: number): PingpoolError {
	return new PingpoolError('busy', `this worker is full: at most ${max} ${what} are in flight at a time`, {
		details: { [ceilings[what]]: max },
	});
}
