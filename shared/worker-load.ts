/** What a worker says of its own load. It comes with its answers, a few times a second at most: nobody asks for it. */
import { z } from 'zod';

/** No larger than what can be counted: what is shown of it stays a number. */
const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

export const workerLoadSchema = z.object({
	/** processor time of the whole process since the last report over the time since then: 1 is one core */
	cpu: amount,
	/** resident set of the process */
	memoryBytes: amount,
	/** the longest that the event loop was late since the last report, in ms */
	eventLoopDelayMs: amount,
	/** echo requests sent and replies taken since the worker started */
	sent: amount,
	received: amount,
	/** packets for its sockets that the kernel had no room for, since it started */
	dropped: amount,
	/** packets that carried no cookie of ours, since it started */
	forged: amount,
});
export type WorkerLoad = z.output<typeof workerLoadSchema>;
