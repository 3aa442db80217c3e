/** Where a page of rows ends, and the next one begins: the value of its last row by which rows are sorted, and its
 * position. As a text it goes to the page and comes back from it, so anything may come. */
import type { ResultSort } from '../../shared/dashboard-api.ts';
import { PingpoolError } from '../../shared/errors.ts';

export interface Place {
	/** µs, or ms since 1970; `null` in list order, and behind the last row that has one */
	readonly value: number | null;
	readonly position: number;
}

export function placeText({ value, position }: Place, sort: ResultSort): string {
	return sort === 'position' ? String(position) : `${sort}:${value ?? ''}:${position}`;
}

/** @throws PingpoolError `bad-request` for a place in nothing, or in another order */
export function parsePlace(text: string, sort: ResultSort): Place {
	const match = /^(?:(-?[a-z]+):(-?[0-9]{0,19}):)?([0-9]{1,10})$/.exec(text);
	const isOfSort = match !== null && (match[1] ?? 'position') === sort;
	const value = match?.[2] ?? '';
	if (!isOfSort || value === '-' || (value === '' && sort.endsWith('checked'))) {
		throw new PingpoolError('bad-request', 'the place to go on from is none in this order of rows');
	}
	return { value: value === '' ? null : Number(value), position: Number(match[3]) };
}
