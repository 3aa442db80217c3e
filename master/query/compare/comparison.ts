/** Two runs held against each other, a page of what differs at a time. */
import type { Change, ChangeSide, Comparison, RunRow } from '../../../shared/dashboard-api.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import type { QueryContext } from '../context.ts';
import type { ComparisonPart } from '../queries.ts';
import { isOver, readRun } from '../run-rows.ts';
import type { Steps } from '../steps.ts';
import { compareByHost } from './by-host.ts';
import { compareByPosition } from './by-position.ts';
import type { Difference, Differences } from './differences.ts';

/** @throws PingpoolError `not-found`, `bad-request` */
export function* comparisonPage(
	context: QueryContext,
	beforeId: number,
	afterId: number,
	{ kind, limit, from }: ComparisonPart,
): Steps<Comparison> {
	const behind = from === undefined ? -1 : parseOrder(from);
	const before = readRun(context.db, beforeId);
	const after = readRun(context.db, afterId);
	context.words.refresh();
	const found = yield* differencesOf(context, before, after);
	const changes: Change[] = [];
	let last = behind;
	let next: string | null = null;
	for (const difference of found.list(kind, behind)) {
		if (difference === undefined) yield;
		else if (changes.length === limit) {
			next = String(last);
			break;
		} else {
			changes.push(changeOf(context, before, after, difference));
			last = difference.order;
		}
	}
	return { before, after, counts: found.counts, missing: found.missing, changes, next };
}

/** Worked out when first asked for. */
export function* differencesOf(context: QueryContext, before: RunRow, after: RunRow): Steps<Differences> {
	const key = `${before.id} ${after.id}`;
	const kept = context.differences.get(key);
	if (kept !== undefined) return kept;
	const begun = context.differences.begin();
	const found = isOfOneList(before, after)
		? yield* compareByPosition(context.db, before.id, after.id)
		: yield* compareByHost(context.db, before, after);
	context.differences.put(key, found, begun, isOver(before) && isOver(after));
	return found;
}

/** Whether a host has the same position in both. What was carried over from an old file has no list. */
export function isOfOneList(before: RunRow, after: RunRow): boolean {
	return before.id === after.id || (before.fingerprint === after.fingerprint && before.fingerprint !== '');
}

/** The host of a difference, and its answers. */
export function changeOf(
	{ rows, places }: QueryContext,
	before: RunRow,
	after: RunRow,
	difference: Difference,
): Change {
	const was = difference.before === null ? undefined : rows.at(before.id, difference.before);
	const is = difference.after === null ? undefined : rows.at(after.id, difference.after);
	const row = is ?? was!;
	places.remember([row]);
	return { kind: difference.kind, host: row.host, before: sideOf(was), after: sideOf(is) };
}

function sideOf(row: ChangeSide | undefined): ChangeSide | null {
	if (row === undefined) return null;
	const { status, reason, rttMs, worker } = row;
	return { status, reason, rttMs, worker };
}

function parseOrder(text: string): number {
	if (/^[0-9]{1,10}$/.test(text)) return Number(text);
	throw new PingpoolError('bad-request', 'the place to go on from is none among changes');
}
