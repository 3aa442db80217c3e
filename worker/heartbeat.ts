/**
 * Signs of life in an answer in frames. A list of dead hosts keeps a worker silent for whole timeouts; a worker that
 * was stopped, or whose machine is gone, is silent as well. What has written nothing for `heartbeatMs` writes a
 * mark, so that a master need not wait for the longest timeout to tell the one from the other.
 *
 * While the worker holds probes back for their prefixes, the marks say so, and come as often whatever else is
 * written: a host that waits for its turn is no sign that the worker is stuck, or late.
 */
import type { Clock } from '../shared/clock.ts';
import { markFrame } from '../shared/frames.ts';
import { heartbeatMs } from '../shared/limits.ts';
import type { StreamAlive } from '../shared/protocol.ts';
import type { WorkerLoad } from '../shared/worker-load.ts';
import type { ByteWriter } from './byte-stream.ts';

export interface HeartbeatOptions {
	readonly writer: ByteWriter;
	readonly clock: Clock;
	/** whether probes wait for their prefixes now */
	readonly isHolding: () => boolean;
	/** what there is to say of the worker's load */
	readonly load: () => WorkerLoad | undefined;
	/** ends the heartbeat, and leaves no timer behind */
	readonly signal: AbortSignal;
}

export class Heartbeat {
	readonly #options: HeartbeatOptions;
	#wroteMs: number;
	#saidMs: number;

	constructor(options: HeartbeatOptions) {
		this.#options = options;
		this.#wroteMs = options.clock.monotonicMs();
		this.#saidMs = this.#wroteMs;
		void this.#beat();
	}

	/** Writes a frame, after which no sign of life is needed for a while. */
	write(frame: Uint8Array): void {
		this.#wroteMs = this.#options.clock.monotonicMs();
		this.#options.writer.write(frame);
	}

	/** One timer for an answer, however many frames it has: it looks when it wakes how long the last one is ago. */
	async #beat(): Promise<void> {
		const { writer, clock, isHolding, load, signal } = this.#options;
		while (!signal.aborted) {
			const isHeld = isHolding();
			const leftMs = (isHeld ? this.#saidMs : this.#wroteMs) + heartbeatMs - clock.monotonicMs();
			if (leftMs > 0) {
				await clock.sleep(leftMs, signal).catch(() => undefined);
				continue;
			}
			this.#wroteMs = clock.monotonicMs();
			this.#saidMs = this.#wroteMs;
			// What still waits to be read says as much; and marks must not pile up for a caller that reads nothing.
			if (!writer.isDrained) continue;
			const said = load();
			const mark: StreamAlive = {
				alive: true,
				...(isHeld && { holding: true }),
				...(said && { load: said }),
			};
			writer.write(markFrame(mark));
		}
	}
}
