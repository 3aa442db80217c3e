/**
 * The target list as the dispatcher reads it: in windows of `shuffleWindow`, each shuffled, so that one subnet is
 * not hit at once while rows still reach the database nearly in key order, and dealt by probe, bare IPv4 addresses
 * first.
 */
import type { Random } from '../../shared/random.ts';
import type { ProbeName } from '../../shared/target.ts';
import { probeNames } from '../../shared/target.ts';
import type { TargetBatch } from '../targets/target-list.ts';
import type { Dealt } from './rules/target-queue.ts';
import { ShuffleWindow } from './shuffle-window.ts';

/** Targets that are shuffled together. */
const shuffleWindowDefault = 16_384;

export interface TargetFeedOptions {
	readonly batches: AsyncIterable<TargetBatch>;
	readonly random: Random;
	/** targets that are shuffled together. Default: 16,384 */
	readonly shuffleWindow?: number | undefined;
}

export class TargetFeed {
	readonly #iterator: AsyncIterator<TargetBatch>;
	readonly #random: Random;
	readonly #shuffleWindow: number;
	/** what did not fit the window before */
	#pending: TargetBatch | undefined;
	#ended = false;

	constructor({ batches, random, shuffleWindow = shuffleWindowDefault }: TargetFeedOptions) {
		this.#iterator = batches[Symbol.asyncIterator]();
		this.#random = random;
		this.#shuffleWindow = shuffleWindow;
	}

	/**
	 * Reads the next window; one call at a time.
	 *
	 * @returns its targets by probe; `undefined` behind the end of the list
	 * @throws what reading the list threw
	 */
	async next(): Promise<(Dealt & { readonly probe: ProbeName })[] | undefined> {
		const window = new ShuffleWindow(this.#shuffleWindow);
		while (window.room > 0 && !this.#ended) {
			if (this.#pending === undefined) {
				const next = await this.#iterator.next();
				if (next.done) {
					this.#ended = true;
					break;
				}
				this.#pending = next.value;
			}
			this.#pending = window.add(this.#pending);
		}
		if (window.room === this.#shuffleWindow) return undefined;
		return window
			.shuffled(this.#random)
			.map(({ probe, positions, hosts }) => ({ probe: probeNames[probe]!, positions, hosts }));
	}

	/** Stops reading the list. */
	async close(): Promise<void> {
		this.#ended = true;
		await this.#iterator.return?.();
	}
}
