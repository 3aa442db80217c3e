/** What a run said, on its way to the database: bounded, with a count of what there was no room for. */
import type { EventLevel } from '../../shared/dashboard-api.ts';
import { eventsPerRunMax } from '../../shared/limits.ts';

export interface SaidEvent {
	/** ms UTC */
	readonly atMs: number;
	readonly level: EventLevel;
	/** RunEvent.type, or one of the monitor's own */
	readonly type: string;
	readonly worker: string | null;
	/** for people; without any secret */
	readonly text: string;
}

export interface Said {
	/** in the order in which they came */
	readonly events: readonly SaidEvent[];
	/** events behind them that were too many to be held */
	readonly leftOut: number;
}

export class SaidList implements Said {
	readonly events: SaidEvent[] = [];
	leftOut = 0;

	get isEmpty(): boolean {
		return this.events.length + this.leftOut === 0;
	}

	add(event: SaidEvent): void {
		// Behind one that was left out, nothing is taken: what is missing is missing in one place.
		if (this.leftOut === 0 && this.events.length < eventsPerRunMax) this.events.push(event);
		else this.leftOut += 1;
	}

	addAll({ events, leftOut }: Said): void {
		for (const event of events) this.add(event);
		this.leftOut += leftOut;
	}

	clear(): void {
		this.events.length = 0;
		this.leftOut = 0;
	}
}
