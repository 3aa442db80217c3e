/**
 * What a worker says of its load: in answers that leave anyway, so that nobody has to ask. It is measured when an answer
 * could carry it, at most once in `loadMsMin`, and each caller is told every measurement once, however many of its
 * requests end meanwhile.
 */
import type { Clock } from '../../shared/clock.ts';
import { loadMsMin } from '../../shared/limits.ts';
import type { WorkerLoad } from '../../shared/worker-load.ts';

/** What can be known of the process that a worker runs in. */
export interface LoadMeter {
	/** Work is about to begin: what has to be watched all the time is watched from now on. */
	begin(): void;
	/** Nothing is under way any more. */
	end(): void;
	/** The load since the last call, or since the start. */
	measure(): WorkerLoad;
}

export interface LoadReporterOptions {
	readonly meter: LoadMeter;
	readonly clock: Clock;
}

export class LoadReporter {
	readonly #meter: LoadMeter;
	readonly #clock: Clock;
	#newest: WorkerLoad | undefined;
	#measuredAtMs = Number.NEGATIVE_INFINITY;
	/** callers that know the newest */
	readonly #told = new Set<string>();
	#requests = 0;

	constructor({ meter, clock }: LoadReporterOptions) {
		this.#meter = meter;
		this.#clock = clock;
	}

	/** A request is under way. @returns what says that it is over; twice does no harm */
	began(): () => void {
		this.#requests += 1;
		if (this.#requests === 1) this.#meter.begin();
		let over = false;
		return () => {
			if (over) return;
			over = true;
			this.#requests -= 1;
			if (this.#requests === 0) this.#meter.end();
		};
	}

	/** What this caller is to be told, if there is anything new. */
	next(caller: string): WorkerLoad | undefined {
		const load = this.newest();
		if (this.#told.has(caller)) return undefined;
		this.#told.add(caller);
		return load;
	}

	/** The load, no older than `loadMsMin`. */
	newest(): WorkerLoad {
		const nowMs = this.#clock.monotonicMs();
		if (this.#newest === undefined || nowMs - this.#measuredAtMs >= loadMsMin) {
			this.#newest = this.#meter.measure();
			this.#measuredAtMs = nowMs;
			this.#told.clear();
		}
		return this.#newest;
	}
}
