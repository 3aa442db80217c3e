/** Pages of rows, held against what one SELECT over all of them gives. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResultFilter } from '../../../master/query/queries.ts';
import { resultsPage } from '../../../master/query/results-page.ts';
import { runDetail } from '../../../master/query/run-detail.ts';
import { cidrSet } from '../../../shared/cidr-set.ts';
import type { ResultRow } from '../../../shared/dashboard-api.ts';
import { resultSorts } from '../../../shared/dashboard-api.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import { parseCidr, parseIp } from '../../../shared/ip.ts';
import { statuses } from '../../../shared/outcome.ts';
import { createRandom, type Random } from '../../../shared/random.ts';
import type { ViewRow } from '../../query-database.ts';
import { finish, QueryDatabase } from '../../query-database.ts';
import { notLong, testUnless } from '../../requirements.ts';
import { randomRows } from './random-rows.ts';

const rows = 700;
const positions = 300_000;
const everything: ResultFilter = {
	statuses: [],
	reasons: [],
	workers: [],
	prefix: undefined,
	text: undefined,
	sort: 'position',
	limit: 500,
	after: undefined,
};

let database: QueryDatabase;
const views = new Map<number, ViewRow[]>();
beforeAll(() => {
	database = new QueryDatabase();
	database.addRun({ rows: randomRows({ seed: 1, rows, positions }) });
	database.addRun({
		rows: randomRows({ seed: 2, rows, positions, isAscending: true }),
		state: 'interrupted',
	});
	database.addRun({ rows: [] });
	for (const runId of [1, 2]) views.set(runId, database.rows(runId));
});
afterAll(() => database[Symbol.dispose]());

/** What a filter lets through, row by row. */
function expected(all: readonly ViewRow[], filter: ResultFilter): ViewRow[] {
	const block = filter.prefix === undefined ? undefined : cidrSet([parseCidr(filter.prefix)!]);
	const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
	const found = all.filter(({ status, reason, worker, address, host }) => {
		const ip = parseIp(address ?? host);
		return (
			(filter.statuses.length === 0 || (filter.statuses as readonly string[]).includes(status)) &&
			(filter.reasons.length === 0 || filter.reasons.includes(reason ?? '')) &&
			(filter.workers.length === 0 || filter.workers.includes(worker ?? '')) &&
			(block === undefined || (ip !== undefined && block.has(ip))) &&
			(filter.text === undefined || lower(host).includes(lower(filter.text)))
		);
	});
	const { sort } = filter;
	const sign = sort.startsWith('-') ? -1 : 1;
	const value = (row: ViewRow): number =>
		sort === 'position'
			? 0
			: sort.endsWith('rtt')
				? row.rtt_ms === null
					? Number.MAX_VALUE
					: sign * row.rtt_ms
				: sign * row.checked_at;
	return found.sort((a, b) => value(a) - value(b) || a.position - b.position);
}

const prefixes = [
	...['0.0.0.0/0', '10.0.0.0/8', '10.3.0.0/16', '10.6.1.0/24', '10.6.1.128/25', '10.0.0.7/32', '10.2.0.0/15'],
	...['11.0.0.0/8', '::/0', 'fd00::/8', 'fd00:1::/32', 'fd00:1::80/121', '::ffff:10.3.0.0/112'],
];
const texts = [
	'1',
	'.test',
	'%',
	'_',
	`'`,
	'\\',
	'*',
	'?',
	'\0',
	'\n',
	'ü',
	'Ü',
	'NAME-',
	'path',
	'10.',
	'"',
];

function randomFilter(random: Random): ResultFilter {
	const some = <Item>(items: readonly Item[]): Item[] =>
		random.below(3) > 0 ? [] : items.filter(() => random.below(2) === 0);
	const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)]!;
	return {
		statuses: some(['up', 'down', 'denied', 'error'] as const),
		reasons: some(['timeout', 'reserved', 'no-buffers', 'no-such-word']),
		workers: some(['w0', 'w3', `w'; DROP TABLE answers`]),
		prefix: random.below(3) > 0 ? undefined : pick(prefixes),
		text: random.below(3) > 0 ? undefined : pick(texts),
		sort: pick(resultSorts),
		limit: 1 + random.below(60) * random.below(9),
		after: undefined,
	};
}

function walk(runId: number, filter: ResultFilter, pagesMax: number) {
	const found: ResultRow[] = [];
	const matching: (number | null)[] = [];
	let after: string | undefined;
	for (let page = 0; page < pagesMax; page += 1) {
		const {
			rows,
			next,
			matching: count,
		} = finish(resultsPage(database.context, runId, { ...filter, after }));
		expect(rows.length).toBeLessThanOrEqual(filter.limit);
		found.push(...rows);
		matching.push(count);
		if (next === null) return { found, matching, isEnd: true };
		after = next;
	}
	return { found, matching, isEnd: false };
}

describe('each filter by itself', () => {
	const filters: Partial<ResultFilter>[] = [
		...prefixes.map((prefix) => ({ prefix })),
		...texts.map((text) => ({ text })),
		...statuses.map((status) => ({ statuses: [status] })),
		{ reasons: ['timeout', 'reserved'] },
		{ workers: ['w2'] },
	];
	it.each(filters)('%j', (filter) => {
		for (const runId of [1, 2]) {
			const wanted = { ...everything, ...filter };
			const all = expected(views.get(runId)!, wanted);
			const { found } = walk(runId, wanted, 9);
			expect(found.map(({ position }) => position)).toEqual(all.map(({ position }) => position));
		}
	});
});

describe('each order', () => {
	it.each(resultSorts)('%s, page by page', (sort) => {
		const wanted: ResultFilter = { ...everything, sort, limit: 60 };
		const { found, isEnd } = walk(1, wanted, 20);
		expect(isEnd).toBe(true);
		const all = expected(views.get(1)!, wanted);
		expect(found.map(({ position }) => position)).toEqual(all.map(({ position }) => position));
	});
});

describe('any filter in any order, page by page', () => {
	it.each([1, 2])('seed %i', (seed) => check(seed, 10));
	for (let first = 100; first < 200; first += 20) {
		testUnless(notLong(), `twenty more seeds from ${first} on`, () => {
			for (let seed = first; seed < first + 20; seed += 1) check(seed, 10);
		});
	}

	function check(seed: number, rounds: number): void {
		const random = createRandom(seed);
		for (let round = 0; round < rounds; round += 1) {
			const runId = 1 + random.below(2);
			const filter = randomFilter(random);
			const about = `seed ${seed}, round ${round}: ${JSON.stringify({ runId, filter })}`;
			const all = expected(views.get(runId)!, filter);
			const { found, matching, isEnd } = walk(runId, filter, 6);
			const part = isEnd ? all : all.slice(0, found.length);
			expect(
				found.map(({ position }) => position),
				about,
			).toEqual(part.map(({ position }) => position));
			for (const count of matching) if (count !== null) expect(count, about).toBe(all.length);
			if (filter.prefix === undefined && filter.text === undefined) {
				expect(matching[0], about).toBe(all.length);
			}
		}
	}
});

describe('a row', () => {
	it('is what the view says', () => {
		const view = database.rows(1).slice(0, 300);
		const page = finish(resultsPage(database.context, 1, { ...everything, limit: 300 }));
		expect(
			page.rows.map((row) => [
				...[row.runId, row.position, row.host, row.status, row.reason, row.rttMs, row.worker],
				...[row.checkedAtMs, row.sent, row.received],
			]),
		).toEqual(
			view.map((row) => [
				...[row.run_id, row.position, row.host, row.status, row.reason, row.rtt_ms, row.worker],
				...[row.checked_at, 2, row.status === 'up' ? 1 : 0],
			]),
		);
	});
});

describe('a question', () => {
	it('about a run that is not there is not found', () => {
		expect(() => finish(resultsPage(database.context, 99, everything))).toThrow(
			expect.objectContaining({ code: 'not-found' }),
		);
	});

	it.each([
		['rtt', '12'],
		['position', 'rtt:1:2'],
		['rtt', '-rtt:1:2'],
		['checked', 'checked::2'],
		['position', "1' OR 1"],
		['position', ''],
		['rtt', 'rtt:-:2'],
		['rtt', 'rtt:99999999999999999999:2'],
	] as const)('in the order %s can not go on from %s', (sort, after) => {
		const attempt = (): unknown => finish(resultsPage(database.context, 1, { ...everything, sort, after }));
		expect(attempt).toThrow(PingpoolError);
		expect(attempt).toThrow(expect.objectContaining({ code: 'bad-request' }));
	});

	it('about an empty run has no rows', () => {
		for (const sort of resultSorts) {
			expect(finish(resultsPage(database.context, 3, { ...everything, sort }))).toEqual({
				rows: [],
				next: null,
				matching: 0,
			});
		}
	});
});

describe('a run that goes on', () => {
	it('shows in each answer what has come by then, and counts nothing twice', () => {
		using growing = new QueryDatabase();
		const all = randomRows({ seed: 5, rows: 600, positions: 200_000 });
		const random = createRandom(6);
		const shuffled = [...all].sort(() => random.next() - 0.5);
		const runId = growing.addRun({ rows: shuffled.slice(0, 200), state: 'running' });
		for (let done = 200; done <= 600; done += 200) {
			const down = finish(
				resultsPage(growing.context, runId, { ...everything, statuses: ['down'], limit: 500 }),
			);
			const view = growing.rows(runId);
			const expectedRows = view.filter(({ status }) => status === 'down');
			expect(down.rows.map(({ position }) => position)).toEqual(expectedRows.map(({ position }) => position));
			expect(down.matching).toBe(expectedRows.length);
			const detail = finish(runDetail(growing.context, runId));
			expect(detail.done).toBe(done);
			expect(detail.byStatus.down).toBe(expectedRows.length);
			growing.addRows(runId, shuffled.slice(done, done + 200));
		}
	});

	it('lets its log be copied back while a question is half answered', () => {
		using growing = new QueryDatabase();
		const runId = growing.addRun({
			rows: randomRows({ seed: 7, rows: 500, positions: 400_000 }),
			state: 'running',
		});
		for (const filter of [
			{ ...everything, text: 'nowhere' },
			{ ...everything, statuses: ['down'] as const, sort: '-rtt' as const },
		]) {
			const steps = resultsPage(growing.context, runId, filter);
			let slices = 0;
			for (; ; slices += 1) {
				growing.db.exec('UPDATE runs SET total = total + 1');
				expect(growing.db.pragma('wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
				if (steps.next().done) break;
			}
			expect(slices).toBeGreaterThan(3);
		}
	});
});
