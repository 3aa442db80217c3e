/**
 * Progress on standard error: a line that redraws itself on a terminal, with a line per worker above it where that is
 * asked for; a line every few seconds elsewhere. What a run says in between is printed above it.
 */

import type { Clock } from '../../shared/clock.ts';
import type { LiveWorker } from '../../shared/dashboard-api.ts';
import { escapeLines } from '../../shared/display.ts';
import type { RunProgress } from '../run.ts';
import type { Screen } from './live-block.ts';
import { LiveBlock, sizeOf } from './live-block.ts';
import { progressLine, progressText } from './progress-line.ts';
import { RecentRate } from './rate.ts';
import type { TerminalTraits } from './terminal.ts';
import { workerLines } from './worker-lines.ts';

const redrawMs = 200;
/** How often progress is told where nothing can be redrawn. */
export const lineMs = 5_000;

/** The part of a tty.WriteStream that is used. */
export interface ProgressOutput extends Screen {
	on?(event: 'resize', listener: () => void): unknown;
	off?(event: 'resize', listener: () => void): unknown;
}

export interface ProgressOptions {
	readonly output: ProgressOutput;
	readonly terminal: TerminalTraits;
	/** show nothing but messages. Default: false */
	readonly quiet?: boolean;
	readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>;
	/** the workers, to be shown above the line on a terminal; `undefined` for the line alone */
	readonly workers?: (() => readonly LiveWorker[]) | undefined;
	/** stops this process until it is continued. Default: with the signal that can not be caught */
	readonly suspend?: () => void;
}

export class ProgressView {
	readonly #options: ProgressOptions & { readonly suspend: () => void };
	readonly #block: LiveBlock;
	readonly #rate = new RecentRate();
	readonly #onResize = (): void => this.#draw();
	// Ctrl-Z: who has the terminal next writes from where the progress was, and nothing of it is drawn over later.
	readonly #onSuspend = (): void => {
		this.#block.clear();
		this.#options.suspend();
	};
	#timer: NodeJS.Timeout | undefined;
	#read: (() => RunProgress) | undefined;

	constructor(options: ProgressOptions) {
		this.#options = { suspend: () => process.kill(process.pid, 'SIGSTOP'), ...options };
		this.#block = new LiveBlock(options.output, options.terminal);
	}

	/** Starts showing what `read` returns. */
	start(read: () => RunProgress): void {
		const { output, terminal, quiet, clock } = this.#options;
		this.#read = read;
		this.#rate.sample(clock.monotonicMs(), read().done);
		if (quiet) return;
		this.#timer = setInterval(() => this.#draw(), terminal.isLive ? redrawMs : lineMs);
		this.#timer.unref();
		if (!terminal.isLive) return;
		output.on?.('resize', this.#onResize);
		process.on('SIGTSTP', this.#onSuspend);
	}

	/**
	 * Prints a text above the progress. What is unsafe in it is escaped, so that no line of ours is drawn over.
	 *
	 * @param paint makes something of the first line that is safe
	 */
	message(text: string, paint: (line: string) => string = (line) => line): void {
		const [first, ...rest] = escapeLines(text).split('\n');
		this.#block.print(`${[paint(first!), ...rest].join('\n')}\n`);
	}

	/** Takes the progress off the screen. */
	stop(): void {
		clearInterval(this.#timer);
		this.#options.output.off?.('resize', this.#onResize);
		process.off('SIGTSTP', this.#onSuspend);
		this.#block.clear();
	}

	#draw(): void {
		const { output, terminal, clock, workers } = this.#options;
		const progress = this.#read!();
		const rate = this.#rate.sample(clock.monotonicMs(), progress.done);
		if (!terminal.isLive) {
			output.write(`${progressText(progress, rate)}\n`);
			return;
		}
		const { columns, rows } = sizeOf(output);
		// The last column stays free: a cursor behind it wraps in some terminals.
		const width = columns - 1;
		const lines = workers?.() ?? [];
		// One row is for the progress, and one for what is said above.
		const options = { width, lines: rows - 2, colour: terminal.hasColour, nowMs: clock.wallMs() };
		this.#block.draw([...workerLines(lines, options), progressLine(progress, rate, width)]);
	}
}
