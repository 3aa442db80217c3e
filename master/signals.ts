/** SIGINT and SIGTERM: the first one asks to stop, the second one stops at once. */
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
		if (controller.signal.aborted) process.exit(codes[name]);
		exitCode = codes[name];
		controller.abort(new PingpoolError('internal', `stopped by ${name}`));
	};
	for (const name of Object.keys(codes)) process.on(name, onSignal);
	return {
		signal: controller.signal,
		exitCode: () => exitCode,
		release: () => {
			for (const name of Object.keys(codes)) process.off(name, onSignal);
		},
	};
}
