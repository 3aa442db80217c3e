/** What the run said, for whoever comes later: the newest. */
import type { LiveEvent } from '../../shared/dashboard-api.ts';
import { eventsKeptMax } from '../../shared/limits.ts';

export class EventLog {
	/** in the order in which they came, around the end */
	readonly #held: { readonly version: number; readonly event: LiveEvent }[] = [];
	#count = 0;

	/** @param version what to call the change (run-monitor.ts) */
	add(event: Omit<LiveEvent, 'id'>, version: number): void {
		this.#held[this.#count % eventsKeptMax] = { version, event: { id: this.#count + 1, ...event } };
		this.#count += 1;
	}

	/** The oldest first. */
	all(): LiveEvent[] {
		return this.since(Number.NEGATIVE_INFINITY);
	}

	/** Those behind a version that are held, the oldest first. */
	since(version: number): LiveEvent[] {
		const found: LiveEvent[] = [];
		const oldest = Math.max(0, this.#count - eventsKeptMax);
		for (let at = this.#count - 1; at >= oldest; at -= 1) {
			const held = this.#held[at % eventsKeptMax]!;
			if (held.version <= version) break;
			found.push(held.event);
		}
		return found.reverse();
	}
}
