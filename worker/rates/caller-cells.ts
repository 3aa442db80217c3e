/**
 * Which ceiling a caller is under: one for each address that requests come from, one for each /64 of IPv6, which is
 * what one machine has. Every request of a caller that is under way shares it, and who comes back soon finds it as it
 * was.
 *
 * There are more cells than requests at a time, so each caller that has one under way has a cell of its own. Those of
 * the others go, the longest unused first, to callers that are new: memory is constant however many there are. What
 * many addresses gain is their number of ceilings, and together never more than the worker's own.
 */
import { parseIp } from '../../shared/ip.ts';
import { callersMax } from '../../shared/limits.ts';

interface Caller {
	readonly cell: number;
	/** under way */
	requests: number;
}

/** A caller's ceiling for one request. */
export interface CallerTicket {
	readonly cell: number;
	/** the request is over; twice does no harm */
	release(): void;
}

export class CallerCells {
	/** those that were released longest ago first */
	readonly #callers = new Map<string, Caller>();

	/** Callers that are remembered. */
	get size(): number {
		return this.#callers.size;
	}

	/** @param address as the server sees it; all callers without one are one */
	enter(address: string | undefined): CallerTicket {
		const name = nameOf(address ?? '');
		let caller = this.#callers.get(name);
		if (caller === undefined) {
			caller = { cell: this.#freeCell(), requests: 0 };
			this.#callers.set(name, caller);
		}
		caller.requests += 1;
		const { cell } = caller;
		let released = false;
		return {
			cell,
			release: () => {
				if (released) return;
				released = true;
				caller.requests -= 1;
				if (caller.requests > 0) return;
				this.#callers.delete(name);
				this.#callers.set(name, caller);
			},
		};
	}

	#freeCell(): number {
		if (this.#callers.size < callersMax) return this.#callers.size;
		for (const [name, { cell, requests }] of this.#callers) {
			if (requests > 0) continue;
			this.#callers.delete(name);
			return cell;
		}
		throw new Error('more requests are under way than there are cells for callers');
	}
}

function nameOf(address: string): string {
	const parsed = parseIp(address);
	return parsed?.family === 6 ? parsed.bytes.subarray(0, 8).join('.') : address;
}
