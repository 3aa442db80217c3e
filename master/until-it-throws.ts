/** Whoever looks on at a run must not end it. */
import { messageOf } from '../shared/errors.ts';
import type { OnRunEvent } from './events.ts';

/**
 * For what should not throw, and matters less than what goes on when it does.
 *
 * @returns does what it is given, at once, until something of that throws: this is told once, and nothing is done any
 *   more
 */
export function untilItThrows(onEvent: OnRunEvent): (work: () => void) => void {
	let isOver = false;
	return (work) => {
		if (isOver) return;
		try {
			work();
		} catch (error) {
			isOver = true;
			const message = `what looks on at the run met a fault, and does so no longer: ${messageOf(error)}`;
			onEvent({ type: 'notice', level: 'warning', message });
		}
	};
}
