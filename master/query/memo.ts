/** The answers that were worked out last, by what was asked. */
import type { Clock } from '../../shared/clock.ts';
import type { DatabaseWords } from './words.ts';

/** What was worked out while rows come is used for ten times as long as that took, and a second. */
const freshFactor = 10;
const freshMsMin = 1_000;

/** When working something out began. */
export interface Begun {
	readonly atMs: number;
	/** DatabaseWords.version */
	readonly version: number;
}

interface Kept<Value> {
	readonly value: Value;
	/** it holds while this is the database's, or until then */
	readonly version: number;
	readonly untilMs: number;
}

export interface MemoOptions<Value> {
	readonly clock: Pick<Clock, 'monotonicMs'>;
	readonly words: Pick<DatabaseWords, 'version'>;
	/** values that are kept */
	readonly max: number;
	/** Default: nothing */
	readonly onForget?: (value: Value) => void;
}

export class Memo<Value> {
	readonly #clock: Pick<Clock, 'monotonicMs'>;
	readonly #words: Pick<DatabaseWords, 'version'>;
	readonly #max: number;
	readonly #onForget: (value: Value) => void;
	/** the one used last at the end */
	readonly #kept = new Map<string, Kept<Value>>();

	constructor({ clock, words, max, onForget = () => undefined }: MemoOptions<Value>) {
		this.#clock = clock;
		this.#words = words;
		this.#max = max;
		this.#onForget = onForget;
	}

	get(key: string): Value | undefined {
		const kept = this.#kept.get(key);
		if (kept === undefined) return undefined;
		if (this.#clock.monotonicMs() > kept.untilMs && this.#words.version() !== kept.version) {
			this.#forget(key);
			return undefined;
		}
		this.#kept.delete(key);
		this.#kept.set(key, kept);
		return kept.value;
	}

	/** To be called before a value is worked out. */
	begin(): Begun {
		return { atMs: this.#clock.monotonicMs(), version: this.#words.version() };
	}

	/** @param isFinal whether nothing could change any more when it was begun */
	put(key: string, value: Value, { atMs, version }: Begun, isFinal: boolean): void {
		const nowMs = this.#clock.monotonicMs();
		const freshMs = Math.max(freshMsMin, freshFactor * (nowMs - atMs));
		this.#forget(key);
		this.#kept.set(key, { value, version, untilMs: isFinal ? Number.POSITIVE_INFINITY : nowMs + freshMs });
		if (this.#kept.size > this.#max) this.#forget(this.#kept.keys().next().value!);
	}

	#forget(key: string): void {
		const kept = this.#kept.get(key);
		if (kept === undefined) return;
		this.#kept.delete(key);
		this.#onForget(kept.value);
	}
}
