/** Kinds of changes in words, and what the numbers of a comparison say. */
import type { ChangeKind, Comparison } from '../../../shared/dashboard-api.ts';
import { changeKinds } from '../../../shared/dashboard-api.ts';
import { formatCount, formatPlural } from '../../../shared/format.ts';
import { hrefOf } from '../../router.ts';

/** Kinds as the page names them. */
export const changeWords: Readonly<Record<ChangeKind, string>> = {
	'newly-down': 'newly down',
	'newly-up': 'newly up',
	slower: 'slower',
	faster: 'faster',
	other: 'changed',
	added: 'added',
	removed: 'removed',
};

/** The kind that a parameter of an address names; `null` for all of them. */
export function changeKindOf(text: string | undefined): ChangeKind | null {
	return changeKinds.find((kind) => kind === text) ?? null;
}

/** How many changes a comparison has, of one kind or of all. */
export function changesIn(counts: Comparison['counts'], kind: ChangeKind | null): number {
	if (kind !== null) return counts[kind];
	return changeKinds.reduce((sum, each) => sum + counts[each], 0);
}

/** @param from `next` of the page before */
export function compareUrl(
	before: number,
	after: number,
	kind: ChangeKind | null,
	from: string | null,
): string {
	return hrefOf('/api/compare', { before, after, kind, from });
}

/** What is said beside "nothing has changed". */
export function sameText(counts: Comparison['counts']): string {
	const { same } = counts;
	if (same > 1) return `${formatCount(same)} hosts are as they were.`;
	if (same === 1) return '1 host is as it was.';
	return changesIn(counts, null) === 0 ? 'No host has an answer in both runs.' : 'No host is as it was.';
}

const stateWords: Readonly<Record<string, string>> = {
	running: 'goes on',
	failed: 'has failed',
	interrupted: 'was interrupted',
};

/** What makes a comparison say less than it seems to. */
export function caveats({
	before,
	after,
	missing,
}: Pick<Comparison, 'before' | 'after' | 'missing'>): string[] {
	const notes: string[] = [];
	for (const run of [before, after]) {
		if (run.state === 'finished' || run.state === 'imported') continue;
		const says = stateWords[run.state] ?? `is ${run.state}`;
		notes.push(`Run ${run.id} ${says}: hosts that it has no answer of count as neither removed nor added.`);
	}
	if (missing > 0) notes.push(`${formatPlural(missing, 'host')} could not be compared for that.`);
	if (before.fingerprint !== after.fingerprint) {
		notes.push('The two runs had different lists: hosts of one alone count as removed or added.');
	}
	if (before.id === after.id) notes.push('Both are the same run.');
	return notes;
}

/** How an RTT changed: `×2.5`, `÷3`; `null` where one of the two is missing. */
export function rttChange(beforeMs: number | null, afterMs: number | null): string | null {
	if (beforeMs === null || afterMs === null || beforeMs <= 0 || afterMs <= 0) return null;
	const factor = afterMs / beforeMs;
	const digits = (value: number) => (value >= 9.95 ? value.toFixed(0) : value.toFixed(1));
	return factor >= 1 ? `×${digits(factor)}` : `÷${digits(1 / factor)}`;
}
