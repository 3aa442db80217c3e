/** What two runs differ in, however their hosts were brought together. */
import type { ChangeKind } from '../../../shared/dashboard-api.ts';
import { changeKinds } from '../../../shared/dashboard-api.ts';

export type ChangeCounts = Readonly<Record<ChangeKind | 'same', number>>;

/** A host that differs, by its places in the two lists. */
export interface Difference {
	readonly kind: ChangeKind;
	/** `null` where the run does not have it */
	readonly before: number | null;
	readonly after: number | null;
	/** grows from one to the next */
	readonly order: number;
}

export interface Differences {
	readonly counts: ChangeCounts;
	/** hosts with a row in one run that the other, unfinished one has none of yet: neither added nor removed */
	readonly missing: number;
	/**
	 * In the order of the newer list, and then those that were removed in that of the older one. Between two slices of
	 * work, `undefined`.
	 *
	 * @param kind of this kind alone
	 * @param behind where to begin: behind the order of one that was had before. -1 for the start
	 */
	list(kind: ChangeKind | undefined, behind: number): Generator<Difference | undefined, void>;
	/** Gives back what it holds; it may not be used again. */
	forget(): void;
}

/** @param rows by number of the change (classify.ts) */
export function countsOf(rows: ArrayLike<number>): ChangeCounts {
	const entries = changeKinds.map((kind, i) => [kind, rows[i + 1]!]);
	return { same: rows[0]!, ...Object.fromEntries(entries) } as ChangeCounts;
}
