/** Which rows a question is about: as SQL over the table of answers, and by what a summary can tell of a whole block. */
import { addressBlock } from './address-block.ts';
import type { BlockSummary } from './block-summary.ts';
import type { ResultFilter } from './queries.ts';
import type { RunSummary } from './run-summary.ts';
import type { DatabaseWords } from './words.ts';

export interface RowFilter {
	/** of a row; empty for all of them */
	readonly sql: string;
	readonly params: readonly string[];
	/** the same for the same rows */
	readonly key: string;
	/** whether a summary helps to find them */
	readonly isSummed: boolean;
	/** whether it is the kinds of rows alone that say which */
	readonly isByKind: boolean;
	/** whether a block may have such rows */
	mayBeIn(block: BlockSummary, summary: RunSummary): boolean;
	/** how many there are; `null` where the summary does not say */
	countIn(summary: Pick<RunSummary, 'kinds' | 'kindRows'>): number | null;
}

type Wanted = Pick<ResultFilter, 'statuses' | 'reasons' | 'workers' | 'prefix' | 'text'>;

/** @throws PingpoolError `bad-request` */
export function rowFilter(
	{ statuses, reasons, workers, prefix, text }: Wanted,
	words: DatabaseWords,
): RowFilter {
	const kind = words.kindTest(statuses, reasons, workers);
	const block = prefix === undefined ? undefined : addressBlock(prefix);
	const part = text === undefined ? undefined : textPart(text);
	const conditions = [kind.sql, block?.sql ?? '', part?.sql ?? ''].filter((sql) => sql !== '');
	const hasKinds = kind.sql !== '';
	const isNarrower = block !== undefined || part !== undefined;
	return {
		sql: conditions.join(' AND '),
		params: [...(block?.params ?? []), ...(part?.params ?? [])],
		key: JSON.stringify([statuses, reasons, workers, prefix, text]),
		isSummed: hasKinds || block !== undefined,
		isByKind: hasKinds && !isNarrower,
		mayBeIn: (rows, summary) =>
			(block === undefined || block.mayBeIn(rows)) && (!hasKinds || hasKind(rows, summary, kind.passes)),
		countIn: ({ kinds, kindRows }) =>
			isNarrower ? null : kinds.reduce((sum, each, i) => sum + (kind.passes(each) ? kindRows[i]! : 0), 0),
	};
}

/** Case is that of ASCII: hosts have no other letters, what others write apart. */
function textPart(text: string): { sql: string; params: readonly string[] } {
	// Without letters, no copy of every host is needed.
	const column = /[a-z]/i.test(text) ? 'lower(host)' : 'host';
	return { sql: `instr(${column}, lower(?))`, params: [text] };
}

function hasKind(
	{ kindRows }: BlockSummary,
	{ kinds }: RunSummary,
	passes: (kind: number) => boolean,
): boolean {
	for (const number of kindRows.keys()) if (passes(kinds[number]!)) return true;
	return false;
}
