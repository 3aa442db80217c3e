import koffi from 'koffi';

/** CLOCK_THREAD_CPUTIME_ID of Linux. What process.threadCpuUsage() gives is some milliseconds old. */
const threadCpuTime = 3;

/**
 * CPU time of this thread so far, in ms: what work costs, whatever else the machine does meanwhile. Only differences
 * mean something. Elsewhere than on Linux it is the time of a clock.
 */
export const cpuMs: () => number = process.platform === 'linux' ? readThreadTime() : () => performance.now();

function readThreadTime(): () => number {
	const clockGettime = koffi.load(null).func('int clock_gettime(int, _Out_ int64_t *)');
	// struct timespec of 64 bits: seconds, nanoseconds
	const time = new BigInt64Array(2);
	return () => {
		if (clockGettime(threadCpuTime, time) !== 0) throw new Error(`clock_gettime: errno ${koffi.errno()}`);
		return Number(time[0]) * 1_000 + Number(time[1]) / 1e6;
	};
}
