/** The door of a worker: how many requests and hosts it holds at a time. What does not fit is told to come back. */
import { PingpoolError } from '../shared/errors.ts';
import { bodyBytesInFlightMax } from '../shared/limits.ts';

export interface AdmissionOptions {
	/** hosts held at a time, over all requests */
	readonly hostsInFlightMax: number;
	/** requests served at a time */
	readonly requestsInFlightMax: number;
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
	 * @throws PingpoolError `busy` when the worker is full
	 */
	enter(): Ticket {
		const { hostsInFlightMax, requestsInFlightMax } = this.#options;
		if (this.#requests >= requestsInFlightMax) throw busy('requests', requestsInFlightMax);
		if (this.#hosts >= hostsInFlightMax) throw busy('hosts', hostsInFlightMax);
		this.#requests += 1;
		let held = 0;
		let heldBytes = 0;
		let released = false;
		return {
			addHosts: (hosts) => {
				if (released) return;
				if (this.#hosts + hosts > hostsInFlightMax) throw busy('hosts', hostsInFlightMax);
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
