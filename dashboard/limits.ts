/**
 * The ceilings of the page alone: what it holds in memory, and how often it asks. Those of master and workers stand in
 * shared/limits.ts, which the page does not carry.
 */

/** Chunks of the task stream that are held: at ten chunks a second and worker, minutes of a large fleet. */
export const chunksHeldMax = 20_000;

/** Events that are held. */
export const eventsHeldMax = 5_000;

/** Between two readings of a run that goes on elsewhere, in ms. */
export const refreshMs = 2_000;

/** Before a broken live stream is opened again, in ms: doubled each time, up to the second. */
export const reopenMsMin = 1_000;
export const reopenMsMax = 15_000;
