/** That this process stood still (stopped, or out of CPU), and what may be laid to that: nobody listened, or spoke. */
import { formatDuration } from '../../../shared/format.ts';
import type { RunEvent } from '../../events.ts';
import type { WorkerFailure } from '../worker-link.ts';

/** Not to have been asked for this long means that this process was held up. */
const heldUpMs = 500;
/** Connections that break within this time of that are no worker's fault. */
const graceMs = 5_000;

export class HeldUp {
	/** when it was so last */
	#atMs = Number.NEGATIVE_INFINITY;
	/** for how long, until it has been said */
	#forMs = 0;

	/** Takes note of how long nobody has listened. @returns whether that was too long for this process to be well */
	notes(gapMs: number, nowMs: number): boolean {
		if (gapMs < heldUpMs) return false;
		this.#forMs = gapMs;
		this.#atMs = nowMs;
		return true;
	}

	/** Whether a request failed because this process did not send or read in time, and its worker gave it up. */
	explains({ kind }: WorkerFailure, nowMs: number): boolean {
		return kind === 'broken' && nowMs - this.#atMs < graceMs;
	}

	/** Says that requests had to be broken off for it. @returns `undefined` when that has been said already */
	tell(): RunEvent | undefined {
		if (this.#forMs === 0) return undefined;
		const message =
			`this program stood still for ${formatDuration(this.#forMs)}; ` +
			'what that broke off is asked again, and no worker is blamed for it';
		this.#forMs = 0;
		return { type: 'notice', message };
	}
}
