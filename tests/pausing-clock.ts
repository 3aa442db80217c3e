/** Time that stands still until a pause is taken. */
import type { Clock } from '../shared/clock.ts';

export interface PausingClock {
	readonly clock: Clock;
	/** Lets a pause end. @returns how long it was, when the next one has begun */
	pass(): Promise<number>;
}

/** @param startMs ms since the epoch at which it starts. Default: 0 */
export function pausingClock(startMs = 0): PausingClock {
	let nowMs = startMs;
	let pause: { readonly ms: number; readonly end: () => void } | undefined;
	let begun = Promise.withResolvers<void>();
	const clock: Clock = {
		wallMs: () => nowMs,
		monotonicMs: () => nowMs,
		sleep: (ms, signal) =>
			new Promise((resolve, reject) => {
				signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
				pause = { ms, end: resolve };
				begun.resolve();
			}),
	};
	return {
		clock,
		async pass() {
			await begun.promise;
			const { ms, end } = pause!;
			begun = Promise.withResolvers();
			nowMs += ms;
			end();
			await begun.promise;
			return ms;
		},
	};
}
