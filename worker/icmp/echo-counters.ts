/** Positions of the counters that the thread writes and the main thread reads, in shared memory. */

import type { CounterName } from './thread-messages.ts';
import { counterNames } from './thread-messages.ts';

export const counterAt = Object.fromEntries(
	counterNames.map((name, position) => [name, position]),
) as Readonly<Record<CounterName, number>>;
