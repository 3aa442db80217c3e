/**
 * The machine's monotonic clock in microseconds. Unlike performance.timeOrigin + performance.now(), it is the
 * same for every thread of a process even when the wall clock was stepped between their starts, so it is the
 * time base for a pacer that threads share.
 */
export function monotonicUs(): number {
	const [seconds, nanoseconds] = process.hrtime();
	return seconds * 1e6 + nanoseconds / 1e3;
}
