/** A caller who gives a worker up when it has shown no sign of life for a while, as the dispatcher does. */
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';

export interface Watchdog {
	readonly signal: AbortSignal;
	/** takes a sign of life */
	readonly alive: () => void;
	/** what the call is given up with */
	readonly reason: WorkerFailure;
	/** ends the watch */
	stop(): void;
}

export function watchdog(silenceMs: number): Watchdog {
	const controller = new AbortController();
	const reason = new WorkerFailure('broken', `showed no sign of life for ${silenceMs} ms`);
	const timer = setTimeout(() => controller.abort(reason), silenceMs);
	return {
		signal: controller.signal,
		alive: () => void timer.refresh(),
		reason,
		stop: () => clearTimeout(timer),
	};
}
