/** Progress for programs: a record every few seconds. */
import type { Clock } from '../../shared/clock.ts';
import type { RunProgress } from '../run.ts';
import { lineMs } from '../view/progress.ts';
import { RecentRate } from '../view/rate.ts';
import { progressEntry } from './entries.ts';
import type { LogEntry } from './log-entry.ts';

export class JsonProgress {
	readonly #say: (entry: LogEntry) => void;
	readonly #clock: Pick<Clock, 'monotonicMs'>;
	#timer: NodeJS.Timeout | undefined;

	constructor(say: (entry: LogEntry) => void, clock: Pick<Clock, 'monotonicMs'>) {
		this.#say = say;
		this.#clock = clock;
	}

	/** Starts telling what `read` returns. */
	start(read: () => RunProgress): void {
		const rate = new RecentRate();
		rate.sample(this.#clock.monotonicMs(), read().done);
		this.#timer = setInterval(() => {
			const progress = read();
			this.#say(progressEntry(progress, rate.sample(this.#clock.monotonicMs(), progress.done)));
		}, lineMs);
		this.#timer.unref();
	}

	stop(): void {
		clearInterval(this.#timer);
	}
}
