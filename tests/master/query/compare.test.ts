/** Two runs held against each other: by position, and by host, against what brings hosts together in memory. */
import { describe, expect, it } from 'vitest';
import { compareByHost } from '../../../master/query/compare/by-host.ts';
import { classify } from '../../../master/query/compare/classify.ts';
import { comparisonPage } from '../../../master/query/compare/comparison.ts';
import type { Difference, Differences } from '../../../master/query/compare/differences.ts';
import { readRun } from '../../../master/query/run-rows.ts';
import type { Change, ChangeKind } from '../../../shared/dashboard-api.ts';
import { changeKinds } from '../../../shared/dashboard-api.ts';
import { createRandom } from '../../../shared/random.ts';
import type { TestRow, ViewRow } from '../../query-database.ts';
import { finish, QueryDatabase } from '../../query-database.ts';
import { randomAnswer, randomRows } from './random-rows.ts';

type Kind = ChangeKind | 'same';

/** What the contract says of one host. */
function kindOf(before: ViewRow, after: ViewRow): Kind {
	const [wasUp, isUp] = [before.status === 'up', after.status === 'up'];
	if (wasUp && after.status === 'down') return 'newly-down';
	if (isUp && !wasUp) return 'newly-up';
	if (!wasUp || !isUp)
		return before.status === after.status && before.reason === after.reason ? 'same' : 'other';
	if (before.rtt_ms === null || after.rtt_ms === null) return 'same';
	const [short, long] = [before.rtt_ms, after.rtt_ms].sort((a, b) => a - b) as [number, number];
	if (long <= 1.5 * short || long - short <= 5) return 'same';
	return after.rtt_ms === long ? 'slower' : 'faster';
}

interface Expected {
	readonly counts: Record<string, number>;
	readonly missing: number;
	readonly changes: { readonly kind: Kind; readonly host: string }[];
}

function expected(
	before: readonly ViewRow[],
	after: readonly ViewRow[],
	isWhole: { readonly before: boolean; readonly after: boolean },
): Expected {
	const old = new Map(before.map((row) => [row.host, row]));
	const young = new Set(after.map(({ host }) => host));
	const counts = Object.fromEntries([...changeKinds, 'same'].map((kind) => [kind, 0]));
	const changes: Expected['changes'] = [];
	let missing = 0;
	const add = (kind: Kind, host: string): void => {
		counts[kind]! += 1;
		if (kind !== 'same') changes.push({ kind, host });
	};
	for (const row of after) {
		const was = old.get(row.host);
		if (was !== undefined) add(kindOf(was, row), row.host);
		else if (isWhole.before) add('added', row.host);
		else missing += 1;
	}
	for (const { host } of before) {
		if (young.has(host)) continue;
		if (isWhole.after) add('removed', host);
		else missing += 1;
	}
	return { counts, missing, changes };
}

function pages(
	database: QueryDatabase,
	before: number,
	after: number,
	kind: ChangeKind | undefined,
	limit: number,
) {
	const changes: Change[] = [];
	let from: string | undefined;
	for (;;) {
		const page = finish(comparisonPage(database.context, before, after, { kind, limit, from }));
		expect(page.changes.length).toBeLessThanOrEqual(limit);
		changes.push(...page.changes);
		if (page.next === null) return { ...page, changes };
		from = page.next;
	}
}

function check(
	database: QueryDatabase,
	before: number,
	after: number,
	whole: { before: boolean; after: boolean },
) {
	const wanted = expected(database.rows(before), database.rows(after), whole);
	const all = pages(database, before, after, undefined, 37);
	expect(all.counts).toEqual(wanted.counts);
	expect(all.missing).toBe(wanted.missing);
	expect(all.changes.map(({ kind, host }) => ({ kind, host }))).toEqual(wanted.changes);
	for (const kind of changeKinds) {
		const { changes } = pages(database, before, after, kind, 11);
		expect(changes.map(({ host }) => host)).toEqual(
			wanted.changes.filter((change) => change.kind === kind).map(({ host }) => host),
		);
	}
	const sides = new Map(
		[before, after].map((run) => [run, new Map(database.rows(run).map((row) => [row.host, row]))]),
	);
	for (const change of all.changes) {
		for (const [run, side] of [
			[before, change.before],
			[after, change.after],
		] as const) {
			const row = sides.get(run)!.get(change.host);
			expect(side?.status).toBe(row?.status);
			expect(side?.rttMs).toBe(row?.rtt_ms);
		}
	}
}

function again(rows: readonly TestRow[], seed: number): TestRow[] {
	const random = createRandom(seed);
	return rows.map((row) =>
		random.below(3) === 0 ? { ...row, ...randomAnswer(random, row.host), address: row.address } : row,
	);
}

describe('two runs of one list', () => {
	it.each([21])('are compared by position (seed %i)', (seed) => {
		using database = new QueryDatabase();
		const rows = randomRows({ seed, rows: 300, positions: 200_000 });
		const before = database.addRun({ rows, fingerprint: 'list' });
		const after = database.addRun({ rows: again(rows, seed + 1), fingerprint: 'list' });
		check(database, before, after, { before: true, after: true });
		check(database, after, before, { before: true, after: true });
		expect(pages(database, before, before, undefined, 10).counts.same).toBe(300);
	});

	it('have nothing removed while one goes on', () => {
		using database = new QueryDatabase();
		const rows = randomRows({ seed: 23, rows: 400, positions: 200_000 });
		const before = database.addRun({ rows: rows.slice(50), fingerprint: 'list', state: 'interrupted' });
		const after = database.addRun({
			rows: again(rows.slice(0, 300), 24),
			fingerprint: 'list',
			state: 'running',
		});
		check(database, before, after, { before: false, after: false });
	});
});

describe('two runs of different lists', () => {
	it.each([
		[31, 'finished', 'finished'],
		[32, 'interrupted', 'finished'],
		[33, 'imported', 'running'],
	] as const)('are compared by host (seed %i: %s, %s)', (seed, stateBefore, stateAfter) => {
		using database = new QueryDatabase();
		const rows = randomRows({ seed, rows: 250, positions: 200_000 });
		const others = again(randomRows({ seed, rows: 250, positions: 150_000, isAscending: true }), seed);
		const before = database.addRun({ rows: rows.slice(30), state: stateBefore, fingerprint: '' });
		const after = database.addRun({ rows: others.slice(0, 220), state: stateAfter, fingerprint: '' });
		const isWhole = (state: string): boolean => state === 'finished' || state === 'imported';
		check(database, before, after, { before: isWhole(stateBefore), after: isWhole(stateAfter) });
	});

	it('in parts give the same as at once', () => {
		using database = new QueryDatabase();
		const rows = randomRows({ seed: 35, rows: 600, positions: 60_000 });
		const others = again(randomRows({ seed: 35, rows: 600, positions: 90_000, isAscending: true }), 36);
		const before = readRun(database.db, database.addRun({ rows: rows.slice(100) }));
		const after = readRun(database.db, database.addRun({ rows: others }));
		const { db } = database.context;
		const whole = finish(compareByHost(db, before, after));
		const inParts = finish(compareByHost(db, before, after, 90));
		expect(inParts.counts).toEqual(whole.counts);
		expect(listed(inParts)).toEqual(listed(whole));
		expect(listed(whole).length).toBeGreaterThan(100);
		whole.forget();
		inParts.forget();
		expect(db.prepare('SELECT count(*) FROM sqlite_temp_schema').pluck().get()).toBe(0);
	});
});

function listed(found: Differences): Difference[] {
	return [...found.list(undefined, -1)].filter((difference) => difference !== undefined);
}

describe('round-trip times', () => {
	const up = 0;
	it.each([
		[10_000, 15_000, 'same'],
		[10_000, 15_001, 'slower'],
		[15_001, 10_000, 'faster'],
		[1_000, 6_000, 'same'],
		[1_000, 6_001, 'slower'],
		[200_000, 290_000, 'same'],
		[-1, 6_001, 'same'],
		[6_001, -1, 'same'],
	] as const)('of %i and %i µs are %s', (before, after, kind) => {
		expect(['same', ...changeKinds][classify(up, before, up, after)]).toBe(kind);
	});
});

describe('a question', () => {
	it('about a run that is not there is not found, and one from nowhere refused', () => {
		using database = new QueryDatabase();
		const run = database.addRun({ rows: [] });
		const ask = (after: number, from: string | undefined) => () =>
			finish(comparisonPage(database.context, run, after, { kind: undefined, limit: 5, from }));
		expect(ask(9, undefined)).toThrow(expect.objectContaining({ code: 'not-found' }));
		expect(ask(run, 'x')).toThrow(expect.objectContaining({ code: 'bad-request' }));
	});
});
