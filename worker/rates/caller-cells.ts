/**
 * Which ceiling a caller is under: one for each address that requests come from, one for each /64 of IPv6, which is
 * what one machine has. Every request of a caller that is under way shares it, and who comes back soon finds it as it
 * was.
 *
 * There are more cells than requests at a time, so each caller that has one under way has a cell of its own. Those of
 * the others go, the longest unused first, to callers that are new: memory is constant however many there are. What
 * many addresses gain is their number of ceilings, and together never more than the worker's own.
 */
import { callersMax } from '../../shared/limits.ts';
import { callerName } from '../caller-name.ts';

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
	readonly #served = new Map<string, Caller>();
	/** cells of callers who have no request under way, those that were left longest ago first */
	readonly #idle = new Map<string, number>();
	/** cells that have been given to anybody */
	#used = 0;

	/** @param address as the server sees it; all callers without one are one */
	enter(address: string | undefined): CallerTicket {
		const name = callerName(address);
		let caller = this.#served.get(name);
		if (caller === undefined) {
			caller = { cell: this.#cellFor(name), requests: 0 };
			this.#served.set(name, caller);
		}
		const { cell } = caller;
		caller.requests += 1;
		let released = false;
		return {
			cell,
			release: () => {
				if (released) return;
				released = true;
				caller.requests -= 1;
				if (caller.requests > 0) return;
				this.#served.delete(name);
				this.#idle.set(name, cell);
			},
		};
	}

	/** The cell that the caller had, one that nobody had, or that of whoever left longest ago. */
	#cellFor(name: string): number {
		const own = this.#idle.get(name);
		if (own !== undefined) {
			this.#idle.delete(name);
			return own;
		}
		if (this.#used < callersMax) {
			this.#used += 1;
			return this.#used - 1;
		}
		for (const [oldest, cell] of this.#idle) {
			this.#idle.delete(oldest);
			return cell;
		}
		throw new Error('more requests are under way than there are cells for callers');
	}
}
