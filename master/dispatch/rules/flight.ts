/** A request under way. */
import type { Chunk } from './chunk.ts';
import type { Lane } from './lane.ts';

export interface FlightLimits {
	/** without a sign of life for this long the worker is taken for dead, in ms */
	readonly silenceMsMax: number;
	/** without an answer for this long it is taken for stuck, in ms */
	readonly progressMsMax: number;
	/** a slow drip, too, ends some time, in ms */
	readonly totalMsMax: number;
}

/** A worker that goes on for this long after the last probe has left does not die of one, as a rule. It may take a host
 * that does not answer far longer to be done with, and each one that is a suspect for nothing costs a worker as much. */
const survivedMs = 500;

export class Flight {
	readonly id: number;
	readonly lane: Lane;
	readonly chunk: Chunk;
	readonly limits: FlightLimits;
	/** per host: 1 when it has been answered for, errors that are asked again apart */
	readonly answered: Uint8Array;
	/** hosts that were unsent at the worker when it left, its own included */
	readonly aheadHosts: number;
	startedMs: number;
	/** the last sign of life, and the last answer or mark */
	heardMs: number;
	progressMs: number;
	/** when the worker said last that it holds probes back for their prefixes: until then it is neither stuck nor late,
	 * and to ask another one would only double what those prefixes get */
	holdingMs = Number.NEGATIVE_INFINITY;
	/** when the worker said that all of it had left */
	sentMs: number | undefined;
	/** how long hosts that did not answer may have kept it waiting, in ms */
	lossMs = 0;
	/** hosts that came back as a worker's own trouble */
	troubled = 0;
	/** the reason that the last of them gave, as a position in `reasons` */
	trouble = 0;
	/** whether what it does not answer is asked again when it ends; not when a hedge has taken that over */
	isOwner = true;
	/** positions that no other request may be sent for any more: if it does not answer for them either, they are errors */
	readonly lastHopeOf = new Set<number>();

	constructor(
		id: number,
		{ lane, chunk, limits, nowMs }: { lane: Lane; chunk: Chunk; limits: FlightLimits; nowMs: number },
	) {
		this.id = id;
		this.lane = lane;
		this.chunk = chunk;
		this.limits = limits;
		this.answered = new Uint8Array(chunk.hosts.length);
		this.aheadHosts = lane.window.unsent;
		this.startedMs = nowMs;
		this.heardMs = nowMs;
		this.progressMs = nowMs;
	}

	/** A sign of life. */
	heard(nowMs: number): void {
		this.heardMs = nowMs;
		this.lane.heardMs = nowMs;
	}

	/** Its worker says that it holds probes back. */
	holdsBack(nowMs: number): void {
		this.holdingMs = nowMs;
		this.lane.holdingMs = nowMs;
	}

	/** Whether its worker showed, some time after all of it had been sent, that it lived. */
	get hasBeenSurvived(): boolean {
		return this.sentMs !== undefined && this.heardMs - this.sentMs >= survivedMs;
	}

	/** Why it is not waited for any longer; `undefined` while it is. */
	overdue(nowMs: number): string | undefined {
		const { silenceMsMax, progressMsMax, totalMsMax } = this.limits;
		if (nowMs - this.heardMs >= silenceMsMax) return `has been silent for ${seconds(nowMs - this.heardMs)}`;
		if (nowMs - Math.max(this.progressMs, this.holdingMs) >= progressMsMax) {
			return `has answered nothing for ${seconds(nowMs - this.progressMs)}`;
		}
		if (nowMs - Math.max(this.startedMs, this.holdingMs) >= totalMsMax) {
			return `has not finished a request in ${seconds(nowMs - this.startedMs)}`;
		}
		return undefined;
	}

	/** Nobody listened for so long: that time counts against no worker. */
	postpone(ms: number, nowMs: number): void {
		this.startedMs += ms;
		this.heard(nowMs);
		this.progressMs = nowMs;
		if (this.sentMs !== undefined) this.sentMs += ms;
	}
}

function seconds(ms: number): string {
	return `${(ms / 1000).toFixed(1)} s`;
}
