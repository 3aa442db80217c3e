/** SIGINT and SIGTERM: the first one asks to stop, the second one stops at once, the third one whatever it waits for. */
import { PingpoolError } from '../shared/errors.ts';

export interface Signals {
	/** aborted by the first signal */
	readonly signal: AbortSignal;
	/** of the signal that came: 128 + its number, as shells have it */
	readonly exitCode: () => number;
	readonly release: () => void;
}

/** Listens for them until `release`. */
export function onSignals(): Signals {
	const controller = new AbortController();
	const codes = { SIGINT: 130, SIGTERM: 143 } as const;
	let exitCode = 0;
	const onSignal = (name: keyof typeof codes): void => {
		if (controller.signal.aborted) {
			// Leaving waits for threads, and one may be in a call that does not return: a third signal ends even that.
			release();
			process.exit(codes[name]);
		}
		exitCode = codes[name];
		controller.abort(new PingpoolError('internal', `stopped by ${name}`));
	};
	const release = (): void => {
		for (const name of Object.keys(codes)) process.off(name, onSignal);
	};
	for (const name of Object.keys(codes)) process.on(name, onSignal);
	return { signal: controller.signal, exitCode: () => exitCode, release };
}
