/**
 * What became of one host in all runs.
 *
 * In runs of the same list it has the same position, so one search per list is enough, and none for a host that was
 * shown a short while ago. A search reads the hosts of a run, the likeliest block first: lists are mostly in ascending
 * order, and where a summary knows the addresses of a block, others are passed over.
 */
import type { Statement } from 'better-sqlite3';
import type { HostHistory, RunRow } from '../../shared/dashboard-api.ts';
import { parseIpv4 } from '../../shared/ip.ts';
import { historyEntriesMax } from '../../shared/limits.ts';
import { runUnit } from '../store/schema.ts';
import { blockPositions } from './block-summary.ts';
import type { QueryContext } from './context.ts';
import { isOver, listRuns, positionsOf } from './run-rows.ts';
import type { Steps } from './steps.ts';

type Entry = HostHistory['entries'][number];

/** Its answers, of the newest run first: `historyEntriesMax` of them. */
export function* hostHistory(context: QueryContext, host: string): Steps<HostHistory> {
	context.words.refresh();
	const entries: Entry[] = [];
	for (const runs of runsByList(listRuns(context.db))) {
		const position = yield* positionOf(context, host, runs);
		if (position === undefined) continue;
		for (const { id, startedAtMs } of runs) {
			const row = context.rows.at(id, position);
			if (row?.host === host) entries.push({ ...row, startedAtMs });
		}
		yield;
	}
	entries.sort((a, b) => b.runId - a.runId);
	return { host, entries: entries.slice(0, historyEntriesMax) };
}

/** Runs in whose lists a host has the same position; those that are over first. */
function runsByList(runs: readonly RunRow[]): readonly RunRow[][] {
	const groups = new Map<string, RunRow[]>();
	for (const run of runs) {
		// What was carried over from an old file has no list.
		const key = run.fingerprint === '' ? String(run.id) : run.fingerprint;
		const group = groups.get(key);
		if (group === undefined) groups.set(key, [run]);
		else group.push(run);
	}
	return [...groups.values()].map((group) => group.sort((a, b) => Number(isOver(b)) - Number(isOver(a))));
}

function* positionOf(
	context: QueryContext,
	host: string,
	runs: readonly RunRow[],
): Steps<number | undefined> {
	const place = context.places.of(host);
	if (place !== undefined && runs.some(({ id }) => id === place.runId)) return place.position;
	const search = context.db
		.prepare<[number, number, string], number>(
			'SELECT id FROM answers NOT INDEXED WHERE id >= ? AND id < ? AND host = ? LIMIT 1',
		)
		.pluck();
	for (const run of runs) {
		const position = yield* searchRun(context, run, host, search);
		if (position !== undefined) {
			context.places.remember([{ host, runId: run.id, position }]);
			return position;
		}
		// Who is not in a whole run of a list is not in the list.
		if (isOver(run)) return undefined;
	}
	return undefined;
}

function* searchRun(
	context: QueryContext,
	{ id }: RunRow,
	host: string,
	search: Statement<[number, number, string], number>,
): Steps<number | undefined> {
	const base = id * runUnit;
	for (const block of likelyBlocks(context, id, host)) {
		const found = search.get(base + block * blockPositions, base + (block + 1) * blockPositions, host);
		if (found !== undefined) return found - base;
		yield;
	}
	return undefined;
}

/** Blocks that may have the host, the one where it would be in an ascending list first. */
function likelyBlocks({ db, summaries }: QueryContext, runId: number, host: string): number[] {
	const length = Math.ceil(positionsOf(db, runId) / blockPositions);
	const value = parseIpv4(host);
	const known = summaries.known(runId);
	const firstHost = db
		.prepare<[number, number], unknown>(
			'SELECT host FROM answers WHERE id >= ? AND id < ? ORDER BY id LIMIT 1',
		)
		.pluck();
	const base = runId * runUnit;
	const blocks: number[] = [];
	let likely = -1;
	for (let block = 0; block < length; block += 1) {
		const summary = known?.summary.blocks.get(block);
		const isKnown = summary !== undefined && (summary.isFull || known!.isOver);
		if (isKnown && value >= 0 && (value < summary.ipv4Min || value > summary.ipv4Max)) continue;
		blocks.push(block);
		const start = base + block * blockPositions;
		const first = firstHost.get(start, start + blockPositions);
		if (typeof first === 'string' && startsBefore(first, host, value)) likely = blocks.length - 1;
	}
	if (likely > 0) blocks.unshift(...blocks.splice(likely, 1));
	return blocks;
}

function startsBefore(first: string, host: string, value: number): boolean {
	if (value < 0) return first <= host;
	const firstValue = parseIpv4(first);
	return firstValue >= 0 && firstValue <= value;
}
