/**
 * Many waits on one signal. An AbortSignal looks through its whole list of listeners at every addition and
 * removal: ten thousand hosts that wait on the signal of their request would cost a hundred million looks. Here
 * a signal has one listener, and a Set behind it.
 */
const waits = new WeakMap<AbortSignal, { callbacks: Set<() => void>; listener: () => void }>();

/**
 * Calls back once when the signal is aborted; one that is already never does.
 *
 * @param callback must not throw, and is a new function each time
 * @returns takes the callback back; nothing stays on the signal when none is left
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
	let wait = waits.get(signal);
	if (wait === undefined) {
		const callbacks = new Set<() => void>();
		const listener = (): void => {
			waits.delete(signal);
			for (const one of callbacks) one();
		};
		wait = { callbacks, listener };
		waits.set(signal, wait);
		signal.addEventListener('abort', listener, { once: true });
	}
	const { callbacks, listener } = wait;
	callbacks.add(callback);
	return () => {
		if (!callbacks.delete(callback) || callbacks.size > 0 || signal.aborted) return;
		waits.delete(signal);
		signal.removeEventListener('abort', listener);
	};
}

/** The reason to end a wait of our own that nobody looks at: made once, because each `abort()` without a reason
 * makes an exception with its stack, which cost a third of all work where ten thousand names were resolved. */
export const noLongerNeeded = new Error('no longer needed');
