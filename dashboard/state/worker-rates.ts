/** The rates of the workers over the last minute, kept whichever view is shown. */
import { effect, signal } from '@preact/signals';
import { liveRun, liveWorkers } from './live.ts';
import { noRates, withRates } from './rate-history.ts';

export const workerRates = signal(noRates);

effect(() => {
	const run = liveRun.value;
	if (run !== null) workerRates.value = withRates(workerRates.peek(), run.elapsedMs, liveWorkers.value);
});
