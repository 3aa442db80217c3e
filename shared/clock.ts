import { onAbort } from './abort.ts';

/** Time, passed in, so that a test or a simulation owns it. */
export interface Clock {
	/** milliseconds since the epoch, UTC; may jump */
	wallMs(): number;
	/** milliseconds since some start; never goes back */
	monotonicMs(): number;
	/** resolves after `ms`, or rejects with the signal's reason; leaves no timer and no listener behind */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
	wallMs: () => Date.now(),
	monotonicMs: () => performance.now(),
	sleep(ms, signal) {
		return new Promise((resolve, reject) => {
			if (signal?.aborted) {
				reject(signal.reason);
				return;
			}
			const timer = setTimeout(() => {
				forget?.();
				resolve();
			}, ms);
			const forget =
				signal &&
				onAbort(signal, () => {
					clearTimeout(timer);
					reject(signal.reason);
				});
		});
	},
};
