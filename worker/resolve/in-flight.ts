/** Lookups under way, shared by everybody who asks for the same name meanwhile. */
import { onAbort } from '../../shared/abort.ts';

interface Flight<Value> {
	readonly result: Promise<Value>;
	readonly controller: AbortController;
	callers: number;
}

export class InFlight<Value> {
	readonly #flights = new Map<string, Flight<Value>>();

	/**
	 * Joins the work under way for a key, or starts it. A caller that leaves takes nobody with it; when the last
	 * one has left, the work's own signal is aborted.
	 *
	 * @returns what the work resolves with; rejects as it does, or with the caller's reason
	 */
	join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
		if (signal.aborted) return Promise.reject(signal.reason);
		const flight = this.#flights.get(key) ?? this.#start(key, start);
		flight.callers += 1;
		return new Promise((resolve, reject) => {
			const forget = onAbort(signal, () => {
				flight.callers -= 1;
				if (flight.callers === 0) {
					this.#end(key, flight);
					flight.controller.abort(signal.reason);
				}
				reject(signal.reason);
			});
			flight.result.then(resolve, reject).finally(forget);
		});
	}

	#start(key: string, start: (signal: AbortSignal) => Promise<Value>): Flight<Value> {
		const controller = new AbortController();
		const flight: Flight<Value> = { result: start(controller.signal), controller, callers: 0 };
		this.#flights.set(key, flight);
		const end = (): void => this.#end(key, flight);
		flight.result.then(end, end);
		return flight;
	}

	#end(key: string, flight: Flight<Value>): void {
		// A later lookup of the same name may have taken the place.
		if (this.#flights.get(key) === flight) this.#flights.delete(key);
	}
}
