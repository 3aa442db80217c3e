/** What is counted of a run, of prefixes and of a host, held against counts in one SELECT. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostHistory } from '../../../master/query/host-history.ts';
import { prefixMap } from '../../../master/query/prefix-map.ts';
import { runDetail } from '../../../master/query/run-detail.ts';
import { listRuns } from '../../../master/query/run-rows.ts';
import { parseIpv4 } from '../../../shared/ip.ts';
import { statuses } from '../../../shared/outcome.ts';
import { finish, QueryDatabase, startedAtMs } from '../../query-database.ts';
import { randomRows } from './random-rows.ts';

let database: QueryDatabase;
const list = randomRows({ seed: 11, rows: 900, positions: 250_000 });
beforeAll(() => {
	database = new QueryDatabase();
	// 1 and 2 are of one list, of which 2 has come half way; 3 has other places for the same hosts; 4 is an old file's.
	database.addRun({ rows: list, fingerprint: 'list' });
	database.addRun({ rows: list.slice(0, 450), fingerprint: 'list', state: 'interrupted' });
	database.addRun({ rows: randomRows({ seed: 11, rows: 900, positions: 250_000, isAscending: true }) });
	database.addRun({ rows: list.slice(0, 40), fingerprint: '', state: 'imported' });
	database.addRun({ rows: [{ position: 0, host: 'name.test', status: 'unresolved' }] });
});
afterAll(() => database[Symbol.dispose]());

function tally(words: readonly (string | null)[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const word of words) if (word !== null) counts[word] = (counts[word] ?? 0) + 1;
	return counts;
}

describe('the runs', () => {
	it('are listed with the newest first', () => {
		const runs = listRuns(database.db);
		expect(runs.map(({ id, state }) => [id, state])).toEqual([
			[5, 'finished'],
			[4, 'imported'],
			[3, 'finished'],
			[2, 'interrupted'],
			[1, 'finished'],
		]);
		expect(runs.at(-1)).toMatchObject({ total: 900, fingerprint: 'list', options: { count: 1 } });
	});

	it('may have options that are no object', () => {
		using other = new QueryDatabase();
		for (const options of ['[]', 'null', '{"a":{"b":1},"c":2}', 'not JSON', '3']) {
			const id = other.addRun({ rows: [] });
			other.db.prepare('UPDATE runs SET options = ? WHERE id = ?').run(options, id);
		}
		expect(listRuns(other.db).map(({ options }) => options)).toEqual([{}, {}, { c: 2 }, {}, {}]);
	});
});

describe('a run', () => {
	it.each([1, 2, 3, 4, 5])('%i is counted row by row', (runId) => {
		const rows = database.rows(runId);
		const detail = finish(runDetail(database.context, runId));
		expect(detail.done).toBe(rows.length);
		const none = Object.fromEntries(statuses.map((status) => [status, 0]));
		expect(detail.byStatus).toEqual({ ...none, ...tally(rows.map(({ status }) => status)) });
		expect(detail.byReason).toEqual(tally(rows.map(({ reason }) => reason)));
		const workers = [...new Set(rows.map(({ worker }) => worker))].sort();
		expect(detail.byWorker).toEqual(
			workers.map((name) => {
				const own = rows.filter(({ worker }) => worker === name).map(({ status }) => status);
				return { worker: name, byStatus: { ...none, ...tally(own) } };
			}),
		);
		const rtts = rows.flatMap(({ rtt_ms: ms }) => (ms === null ? [] : [ms]));
		const { edgesMs, counts } = detail.rttHistogram;
		expect(counts).toEqual(
			edgesMs.map((edge, bucket) => {
				const from = bucket === 0 ? 0 : edge;
				const below = edgesMs[bucket + 1] ?? Number.POSITIVE_INFINITY;
				return rtts.filter((ms) => ms >= from && ms < below).length;
			}),
		);
		if (rtts.length === 0) expect(detail.rtt).toBeNull();
		else expect(detail.rtt!.max).toBe(Math.max(...rtts));
	});

	it('is shown over its time', () => {
		const { series } = finish(runDetail(database.context, 1));
		const rows = database.rows(1).map(({ status, checked_at: at }) => ({
			slice: Math.max(0, Math.floor((at - startedAtMs) / series.sliceMs)),
			kind: status === 'up' || status === 'down' ? status : 'other',
		}));
		expect(series.points.length).toBe(1 + Math.max(...rows.map(({ slice }) => slice)));
		for (const [slice, point] of series.points.entries()) {
			const own = tally(rows.filter((row) => row.slice === slice).map(({ kind }) => kind));
			const expected = { up: 0, down: 0, other: 0, ...own };
			expect(point).toEqual({ atMs: slice * series.sliceMs, inFlight: 0, ...expected });
		}
	});

	it('of days has no more points than one of seconds', () => {
		using long = new QueryDatabase();
		const rows = Array.from({ length: 500 }, (_, position) => ({
			position,
			host: `h${position}`,
			checkedMs: position * 999_983,
		}));
		const { series } = finish(runDetail(long.context, long.addRun({ rows })));
		expect(series.points.length).toBeLessThanOrEqual(600);
		expect(series.points.reduce((sum, { up }) => sum + up, 0)).toBe(500);
		for (const { checkedMs } of rows) {
			expect(series.points[Math.floor(checkedMs / series.sliceMs)]!.up).toBeGreaterThan(0);
		}
	});

	it('that fills its blocks is counted as well', () => {
		using full = new QueryDatabase();
		const runId = full.addRun({ rows: [], state: 'running' });
		const fill = full.db.prepare(
			`INSERT INTO answers (id, host, outcome, checked_at)
			WITH RECURSIVE counter(value) AS (SELECT ? UNION ALL SELECT value + 1 FROM counter WHERE value + 1 < ?)
			SELECT ? * 4294967296 + value, 'h' || value, 1024, ? FROM counter`,
		);
		for (const [from, to] of [
			[0, 60_000],
			[60_000, 66_000],
			[66_000, 66_010],
		] as const) {
			fill.run(from, to, runId, startedAtMs);
			expect(finish(runDetail(full.context, runId)).byStatus.up).toBe(to);
		}
	});

	it('far from the start of its numbers is found at once', () => {
		using sparse = new QueryDatabase();
		const rows = [2 ** 32 - 1, 2 ** 31, 3].map((position) => ({ position, host: `h${position}` }));
		expect(finish(runDetail(sparse.context, sparse.addRun({ rows }))).done).toBe(3);
	});
});

describe('a map', () => {
	const prefixes = ['0.0.0.0/0', '10.0.0.0/8', '10.3.0.0/16', '10.6.1.0/24', '172.16.0.0/16', undefined];
	it.each(prefixes)('of %s has a square for each part with hosts', (prefix) => {
		for (const runId of [1, 2, 3]) {
			const map = finish(prefixMap(database.context, runId, prefix));
			const [start, bits] = map.prefix.split('/');
			const size = 2 ** (32 - Number(bits));
			const first = parseIpv4(start!);
			const rows = database.rows(runId).map((row) => ({ ...row, value: parseIpv4(row.host) }));
			const within = rows.filter(({ value }) => value >= first && value < first + size);
			if (prefix === undefined) expect(within).toHaveLength(rows.filter(({ value }) => value >= 0).length);
			else expect(map.prefix).toBe(prefix);
			expect(map.elsewhere).toBe(rows.filter(({ value }) => value < 0).length);
			const squares = Array.from({ length: 256 }, (_, index) => {
				const own = within.filter(({ value }) => Math.floor((256 * (value - first)) / size) === index);
				const { up = 0, down = 0 } = tally(own.map(({ status }) => status));
				const rtts = own.flatMap(({ rtt_ms: ms, status }) => (ms === null || status !== 'up' ? [] : [ms]));
				const sum = rtts.reduce((total, ms) => total + Math.round(ms * 1_000), 0);
				const rttMs = rtts.length === 0 ? null : Math.round(sum / rtts.length) / 1_000;
				return { index, hosts: own.length, up, down, other: own.length - up - down, rttMs };
			}).filter(({ hosts }) => hosts > 0);
			expect(map.squares).toEqual(squares);
		}
	});

	it('without any IPv4 host has no squares', () => {
		const map = finish(prefixMap(database.context, 5, undefined));
		expect(map).toEqual({ prefix: '0.0.0.0/0', squares: [], elsewhere: 1 });
	});

	it.each(['10.0.0.0/9', 'fd00::/8', '10.0.0.1', 'nothing'])('of %s is refused', (prefix) => {
		expect(() => finish(prefixMap(database.context, 1, prefix))).toThrow(
			expect.objectContaining({ code: 'bad-request' }),
		);
	});
});

describe('a history', () => {
	it('has every answer that a host got, the newest run first', () => {
		const all = [5, 4, 3, 2, 1].flatMap((runId) => database.rows(runId));
		const hosts = [...list.slice(0, 30), ...list.slice(-10)].map(({ host }) => host);
		for (const host of [...hosts, 'nowhere.test', "'; --", 'name.test']) {
			const { entries } = finish(hostHistory(database.context, host));
			const expected = all.filter((row) => row.host === host);
			expect(
				entries.map(({ runId, position, status }) => [runId, position, status]),
				JSON.stringify(host),
			).toEqual(expected.map((row) => [row.run_id, row.position, row.status]));
			for (const entry of entries) expect(entry.startedAtMs).toBe(startedAtMs);
		}
	});

	it('is found in any of the unfinished runs of a list', () => {
		using other = new QueryDatabase();
		const part = (from: number): number =>
			other.addRun({ rows: list.slice(from, from + 300), fingerprint: 'list', state: 'interrupted' });
		const runs = [part(0), part(200), part(500)];
		for (const [place, expected] of [
			[100, [runs[0]]],
			[250, [runs[1], runs[0]]],
			[700, [runs[2]]],
			[850, []],
		] as const) {
			const { entries } = finish(hostHistory(other.context, list[place]!.host));
			expect(entries.map(({ runId }) => runId)).toEqual(expected);
		}
	});

	it('is the same when summaries have been made and the host was shown', () => {
		const { host } = list[700]!;
		const fresh = finish(hostHistory(database.context, host));
		for (const runId of [1, 2, 3, 4]) finish(runDetail(database.context, runId));
		expect(finish(hostHistory(database.context, host))).toEqual(fresh);
	});
});
