/** What a run says, for the database: held until there is one and the run has a number, then handed on at once. */
import type { Clock } from '../shared/clock.ts';
import type { RunEvent } from './events.ts';
import { SaidList } from './store/said.ts';
import type { Store } from './store/store.ts';
import { saidOf } from './view/said.ts';

export class RunJournal {
	readonly #clock: Pick<Clock, 'wallMs'>;
	readonly #waiting = new SaidList();
	#store: Pick<Store, 'say'> | undefined;
	#runId: number | undefined;

	constructor(clock: Pick<Clock, 'wallMs'>) {
		this.#clock = clock;
	}

	/** The run says something. */
	event(event: RunEvent): void {
		if (event.type === 'run-started' || event.type === 'run-continued') this.#runId = event.runId;
		const said = saidOf(event);
		if (said !== undefined) this.#waiting.add({ atMs: this.#clock.wallMs(), ...said });
		this.#handOn();
	}

	/** There is a database. */
	writeTo(store: Pick<Store, 'say'>): void {
		this.#store = store;
		this.#handOn();
	}

	#handOn(): void {
		if (this.#store === undefined || this.#runId === undefined || this.#waiting.isEmpty) return;
		this.#store.say(this.#runId, this.#waiting);
		this.#waiting.clear();
	}
}
