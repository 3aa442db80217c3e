/**
 * Progress on standard error: one line that redraws itself on a terminal, a line every few seconds elsewhere.
 * What a run says in between is printed above it.
 */
import { escapeLines } from '../../shared/display.ts';
import type { RunProgress } from '../run.ts';
import { clockTime, count } from './format.ts';

const redrawMs = 200;
const lineMs = 5_000;
/** The rate that is shown is that of the last few seconds. */
const rateSpanMs = 5_000;

/** The part of a tty.WriteStream that is used. */
export interface ProgressOutput {
	write(text: string): unknown;
	readonly isTTY?: boolean;
	readonly columns?: number;
}

export interface ProgressOptions {
	readonly output: ProgressOutput;
	/** show nothing but messages. Default: false */
	readonly quiet?: boolean;
	readonly nowMs: () => number;
}

export class ProgressView {
	readonly #output: ProgressOutput;
	readonly #quiet: boolean;
	readonly #live: boolean;
	readonly #nowMs: () => number;
	#timer: NodeJS.Timeout | undefined;
	#read: (() => RunProgress) | undefined;
	#samples: { atMs: number; done: number }[] = [];
	#drawn = false;

	constructor({ output, quiet = false, nowMs }: ProgressOptions) {
		this.#output = output;
		this.#quiet = quiet;
		this.#nowMs = nowMs;
		this.#live = output.isTTY === true;
	}

	/** Starts showing what `read` returns. */
	start(read: () => RunProgress): void {
		this.#read = read;
		this.#samples = [{ atMs: this.#nowMs(), done: read().done }];
		if (this.#quiet) return;
		this.#timer = setInterval(() => this.#draw(), this.#live ? redrawMs : lineMs);
		this.#timer.unref();
	}

	/** Prints a text above the progress. What is unsafe in it is escaped, so that no line of ours is drawn over. */
	message(text: string): void {
		this.#clear();
		this.#output.write(`${escapeLines(text)}\n`);
	}

	/** Takes the progress off the screen. */
	stop(): void {
		clearInterval(this.#timer);
		this.#clear();
	}

	#clear(): void {
		if (this.#drawn) this.#output.write('\r\x1b[2K');
		this.#drawn = false;
	}

	#draw(): void {
		const progress = this.#read!();
		const rate = this.#rate(progress.done);
		if (!this.#live) {
			this.#output.write(`${progressLine(progress, rate)}\n`);
			return;
		}
		const width = (this.#output.columns ?? 80) - 1;
		const text = progressLine(progress, rate, width);
		const share = progress.total === 0 ? 1 : progress.done / progress.total;
		const room = width - text.length - 1;
		const line = room >= 10 ? `${bar(share, Math.min(room, 30))} ${text}` : text.slice(0, width);
		this.#output.write(`\r\x1b[2K${line}`);
		this.#drawn = true;
	}

	/** hosts per second over the last samples */
	#rate(done: number): number {
		const atMs = this.#nowMs();
		this.#samples.push({ atMs, done });
		while (this.#samples.length > 2 && this.#samples[1]!.atMs < atMs - rateSpanMs) this.#samples.shift();
		const first = this.#samples[0]!;
		return atMs > first.atMs ? ((done - first.done) * 1000) / (atMs - first.atMs) : 0;
	}
}

function bar(share: number, width: number): string {
	const filled = Math.floor(share * width);
	return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** @param width in characters; where it is scarce, the rate is left out first, then the ETA */
function progressLine(
	{ total, done, byStatus }: RunProgress,
	perSecond: number,
	width = Number.POSITIVE_INFINITY,
): string {
	const share = total === 0 ? 100 : Math.floor((100 * done) / total);
	const eta = perSecond > 0 ? clockTime((total - done) / perSecond) : '-';
	const other = byStatus.unresolved + byStatus.denied + byStatus.error;
	const parts = [
		`${share}% ${count(done)}/${count(total)}`,
		`${count(perSecond)}/s`,
		`ETA ${eta}`,
		`up ${count(byStatus.up)} down ${count(byStatus.down)} other ${count(other)}`,
	];
	while (parts.length > 2 && parts.join('  ').length > width) parts.splice(1, 1);
	return parts.join('  ');
}
