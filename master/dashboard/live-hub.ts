/**
 * Tells pages what a run does, as streams of server-sent events: `hello`, then `update` after `update`.
 *
 * A page's stream is pulled by who writes it to the socket, a message at a time, when the one before has gone out. What
 * a message has in it is decided only then: a page that reads slowly gets fewer updates, each with all that is new since
 * its last, or a new `hello` when that is more than the source still knows. So nothing is ever queued for a page, and a
 * page that has stopped reading costs one message.
 *
 * All pages wake at the same tick, and those that stand at the same cursor share one text. Without pages there are no
 * ticks.
 */
import type { Clock } from '../../shared/clock.ts';
import { liveHeartbeatMs, livePagesMax, liveUpdateBusyMs, liveUpdateMs } from '../../shared/limits.ts';
import { asciiJson } from './ascii-json.ts';
import type { LiveCursor, LiveSource } from './live-source.ts';

export interface LiveHubOptions {
	readonly source: LiveSource;
	readonly clock: Clock;
	/** takes what the source should not have thrown; the stream breaks. Default: nothing */
	readonly fault?: (error: unknown) => void;
	/** streams at a time. Default: limits.ts, as the others */
	readonly pagesMax?: number;
	readonly updateMs?: number;
	/** between updates while this machine is busy */
	readonly busyMs?: number;
	/** whether it is, since this was asked last. Default: it never is */
	readonly isBusy?: () => boolean;
	readonly heartbeatMs?: number;
}

interface Message {
	readonly bytes: Uint8Array;
	/** where whoever has read it stands */
	readonly cursor: LiveCursor;
}

/** Says nothing, but keeps the page, and what lies between, from taking the connection for a dead one. */
const heartbeat = new TextEncoder().encode('event: alive\ndata:\n\n');

export class LiveHub {
	readonly #source: LiveSource;
	readonly #clock: Clock;
	readonly #fault: (error: unknown) => void;
	readonly #pagesMax: number;
	readonly #updateMs: number;
	readonly #busyMs: number;
	readonly #isBusy: () => boolean;
	readonly #heartbeatMs: number;
	readonly #over = new AbortController();
	readonly #encoder = new TextEncoder();
	#pages = 0;
	#tick: Promise<void> | undefined;
	/** of this tick */
	#hello: Message | undefined;
	readonly #updates = new Map<LiveCursor, Message | undefined>();

	constructor({
		source,
		clock,
		fault = () => undefined,
		pagesMax = livePagesMax,
		updateMs = liveUpdateMs,
		busyMs = liveUpdateBusyMs,
		isBusy = () => false,
		heartbeatMs = liveHeartbeatMs,
	}: LiveHubOptions) {
		this.#source = source;
		this.#clock = clock;
		this.#fault = fault;
		this.#pagesMax = pagesMax;
		this.#updateMs = updateMs;
		this.#busyMs = busyMs;
		this.#isBusy = isBusy;
		this.#heartbeatMs = heartbeatMs;
	}

	/** streams that are open */
	get pages(): number {
		return this.#pages;
	}

	/** @returns a stream; `undefined` when there are too many, or the run is over */
	open(): ReadableStream<Uint8Array> | undefined {
		if (this.#pages >= this.#pagesMax || this.#over.signal.aborted) return undefined;
		this.#pages += 1;
		let cursor: LiveCursor | undefined;
		let spokenMs = 0;
		let isGone = false;
		const leave = (): void => {
			if (!isGone) this.#pages -= 1;
			isGone = true;
		};
		return new ReadableStream<Uint8Array>(
			{
				pull: async (controller) => {
					let message: Message | undefined;
					try {
						message =
							cursor === undefined ? this.#helloNow() : await this.#next(cursor, spokenMs, () => isGone);
					} catch (error) {
						leave();
						this.#fault(error);
						throw error;
					}
					if (isGone) return;
					const isOver = this.#over.signal.aborted;
					if (message !== undefined || !isOver) controller.enqueue(message?.bytes ?? heartbeat);
					cursor = message?.cursor ?? cursor;
					spokenMs = this.#clock.monotonicMs();
					if (!isOver) return;
					leave();
					controller.close();
				},
				cancel: leave,
			},
			// Nothing is asked for before whoever writes wants it.
			new CountQueuingStrategy({ highWaterMark: 0 }),
		);
	}

	/** The run is over: every page is told how it ended, and its stream ends. */
	finish(): void {
		this.#newTick();
		this.#over.abort();
	}

	/** @returns what is new behind a cursor; `undefined` when nothing is, but a word is due, or the run is over */
	async #next(cursor: LiveCursor, spokenMs: number, isGone: () => boolean): Promise<Message | undefined> {
		for (;;) {
			await this.#nextTick();
			if (isGone()) return undefined;
			const message = this.#after(cursor);
			const isDue = this.#clock.monotonicMs() - spokenMs >= this.#heartbeatMs;
			if (message !== undefined || isDue || this.#over.signal.aborted) return message;
		}
	}

	#nextTick(): Promise<void> {
		this.#tick ??= this.#clock.sleep(this.#isBusy() ? this.#busyMs : this.#updateMs, this.#over.signal).then(
			() => this.#newTick(),
			() => undefined,
		);
		return this.#tick;
	}

	#newTick(): void {
		this.#tick = undefined;
		this.#hello = undefined;
		this.#updates.clear();
	}

	#helloNow(): Message {
		if (this.#hello === undefined) {
			// It is of this tick alone, which has to end for that.
			void this.#nextTick();
			const { message, cursor } = this.#source.hello();
			this.#hello = { bytes: this.#event('hello', message), cursor };
		}
		return this.#hello;
	}

	/** @returns `undefined` when nothing is new */
	#after(cursor: LiveCursor): Message | undefined {
		if (this.#updates.has(cursor)) return this.#updates.get(cursor);
		const update = this.#source.updateSince(cursor);
		let message: Message | undefined;
		if (update === undefined) message = this.#helloNow();
		else if (update.cursor !== cursor) {
			message = { bytes: this.#event('update', update.message), cursor: update.cursor };
		}
		this.#updates.set(cursor, message);
		return message;
	}

	#event(name: string, data: unknown): Uint8Array {
		return this.#encoder.encode(`event: ${name}\ndata: ${asciiJson(data)}\n\n`);
	}
}
