/**
 * Since when something that is noticed may have been there: a process that is held up notices late, and many things at
 * once. One that has had its turn all the time has looked a moment ago.
 */
const lookMs = 5;

export interface Looks extends Disposable {
	/** of what is noticed now: when at the earliest it came, by performance.now() */
	sinceMs(): number;
}

export function startLooks(): Looks {
	let [before, last] = [performance.now(), performance.now()];
	const timer = setInterval(() => {
		// What comes between a timer and the look of its turn of the loop may be noticed after the next one.
		before = last;
		last = performance.now();
	}, lookMs);
	return { sinceMs: () => before, [Symbol.dispose]: () => clearInterval(timer) };
}
