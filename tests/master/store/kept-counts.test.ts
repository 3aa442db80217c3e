/** What is kept of a run's counts: equal to what its rows come to, however often its master died; or not there. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../../master/store/sqlite.ts';
import type { Store, StoredRows } from '../../../master/store/store.ts';
import { hostColumn } from '../../../shared/host-column.ts';
import { keptKindsMax } from '../../../shared/limits.ts';
import { reasons, statuses } from '../../../shared/outcome.ts';
import type { Random } from '../../../shared/random.ts';
import { createRandom } from '../../../shared/random.ts';
import { rowsOf } from '../../contract/store-contract.ts';
import { countsOf, keptProblems } from '../../kept-counts.ts';

const startedAtMs = Date.UTC(2026, 10, 22);

let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-kept-'));
	path = join(folder, 'hosts.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function newRun(total: number) {
	return { startedAtMs, total, fingerprint: 'f', options: {} };
}

/** Answers of one worker, of any kind, for positions of a list. */
function randomRows(random: Random, runId: number, positions: readonly number[], spanMs: number): StoredRows {
	const { length } = positions;
	const isUp = positions.map(() => random.below(3) > 0);
	return {
		runId,
		worker: `w${random.below(6)}`,
		// A clock that was set may say that it was before the run began.
		checkedAtMs: startedAtMs + random.below(spanMs) - 20,
		positions: Uint32Array.from(positions),
		hosts: hostColumn(positions.map((position) => `host-${position}.test`)),
		block: {
			length,
			index: positions.map((_, i) => i),
			status: isUp.map((up) => (up ? 0 : 1 + random.below(statuses.length - 1))),
			reason: isUp.map((up) => (up ? 0 : random.below(reasons.length))),
			address: undefined,
			sent: isUp.map(() => 1 + random.below(3)),
			received: isUp.map(Number),
			// Also an answer that came in no time, and one without one.
			rttMs: isUp.map((up) => (up && random.below(20) > 0 ? random.next() ** 6 * 80_000 : Number.NaN)),
			rtt: undefined,
		},
	};
}

function shuffled(random: Random, count: number): number[] {
	const keys = Array.from({ length: count }, () => random.next());
	return Array.from({ length: count }, (_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
}

/** The database as a master leaves it that dies now. */
function leftByDeath(): string {
	const left = join(mkdtempSync(join(folder, 'left-')), 'hosts.db');
	for (const suffix of ['', '-wal']) {
		if (existsSync(path + suffix)) copyFileSync(path + suffix, left + suffix);
	}
	return left;
}

function change(sql: string): void {
	const db = new Database(path);
	db.exec(sql);
	db.close();
}

describe('counts of random runs', () => {
	const first = Number(process.env.SEED ?? 1);
	test.each(Array.from({ length: 5 }, (_, i) => first + i))(
		'are those of the rows (seed %i)',
		async (seed) => {
			const random = createRandom(seed);
			const total = 1 + random.below(3_000);
			const open = shuffled(random, total);
			let store = openSqliteStore({ path });
			const runId = await store.startRun(newRun(total));
			const spanMs = [1_000, 400_000, 90_000_000][random.below(3)]!;
			let deaths = 0;
			while (open.length > 0) {
				await store.append(randomRows(random, runId, open.splice(0, 1 + random.below(400)), spanMs));
				if (random.below(3) === 0) await store.flush();
				if (deaths > 4 || random.below(6) > 0) continue;
				deaths += 1;
				const left = leftByDeath();
				expect(keptProblems(left, runId)).toEqual([]);
				// What was not committed is asked again.
				await store.close();
				path = left;
				store = openSqliteStore({ path });
				const done = new Set(
					new Database(path).prepare('SELECT position FROM results').pluck().all() as number[],
				);
				await store.continueRun(runId);
				open.length = 0;
				open.push(...shuffled(random, total).filter((position) => !done.has(position)));
			}
			const state = random.below(2) === 0 ? 'finished' : 'interrupted';
			await store.finishRun(runId, { state, finishedAtMs: startedAtMs + spanMs });
			expect(keptProblems(path, runId)).toEqual([]);
			await store.close();
			const { kept } = countsOf(path, runId);
			const db = new Database(path, { readonly: true });
			const sql = (columns: string, rest = ''): unknown[] =>
				db.prepare(`SELECT ${columns} FROM results WHERE run_id = ${runId} ${rest}`).raw().all();
			expect(kept).toMatchObject({ done: total, run: { state } });
			const words = (counts: object) => Object.entries(counts).filter(([, rows]) => rows > 0);
			expect(words(kept!.byStatus).sort()).toEqual(sql('status, count(*)', 'GROUP BY 1 ORDER BY 1'));
			expect(words(kept!.byReason).sort()).toEqual(
				sql('reason, count(*)', 'AND reason IS NOT NULL GROUP BY 1 ORDER BY 1'),
			);
			expect(
				kept!.byWorker.map(({ worker, byStatus }) => [
					worker,
					Object.values(byStatus).reduce((a, b) => a + b),
				]),
			).toEqual(sql('worker, count(*)', 'GROUP BY 1 ORDER BY 1'));
			expect([[kept!.rttHistogram.counts.reduce((a, b) => a + b), kept!.rtt?.max ?? null]]).toEqual(
				sql('count(rtt_ms), max(rtt_ms)'),
			);
			db.close();
		},
	);
});

describe('counts are not kept', () => {
	let store: Store;
	let runId: number;
	const answers = Array.from({ length: 10 }, (_, position) => ({ position, host: `h${position}` }));
	beforeEach(async () => {
		store = openSqliteStore({ path });
		runId = await store.startRun(newRun(10));
		await store.append(rowsOf(runId, answers));
		await store.flush();
		expect(keptProblems(path, runId)).toEqual([]);
	});
	afterEach(() => store.close());
	const isKept = () => countsOf(path, runId).kept !== undefined;

	test('when a position came twice', async () => {
		await store.append(rowsOf(runId, [{ position: 3, host: 'h3', status: 'down' }]));
		await store.flush();
		expect(isKept()).toBe(false);
		await store.append(rowsOf(runId, [{ position: 11, host: 'h11' }]));
		await store.finishRun(runId, { state: 'finished', finishedAtMs: 2 });
		expect(isKept()).toBe(false);
	});

	test.each([
		['removes rows', 'DELETE FROM answers WHERE id & 3 = 1'],
		['changes a row', 'UPDATE answers SET rtt_us = 7 WHERE id & 15 = 2'],
		['says that the run began at another time', 'UPDATE runs SET started_at = 5'],
	])('when somebody %s', async (_, sql) => {
		change(sql);
		expect(isKept()).toBe(false);
		await store.append(rowsOf(runId, [{ position: 11, host: 'h11' }]));
		await store.finishRun(runId, { state: 'finished', finishedAtMs: 2 });
		expect(isKept()).toBe(false);
	});

	test('when somebody has added rows, from the end of the run on', async () => {
		change(
			`INSERT INTO answers (id, host, outcome, checked_at) VALUES (${runId} * 4294967296 + 12, 'x', 0, 1)`,
		);
		await store.finishRun(runId, { state: 'finished', finishedAtMs: 2 });
		expect(isKept()).toBe(false);
	});

	test('of a run that is removed, nor by the next one of its number', async () => {
		store.say(runId, {
			events: [{ atMs: 1, level: 'info', type: 't', worker: null, text: 'old' }],
			leftOut: 0,
		});
		await store.flush();
		change('DELETE FROM answers; DELETE FROM runs');
		expect(await store.startRun(newRun(10))).toBe(runId);
		expect(countsOf(path, runId).kept?.done).toBe(0);
		const db = new Database(path, { readonly: true });
		expect(db.prepare('SELECT count(*) FROM events').pluck().get()).toBe(0);
		db.close();
	});

	test('of very many kinds of answers, which would be written with every batch', async () => {
		const each = statuses.length * reasons.length;
		const workers = Math.ceil((keptKindsMax + 1) / each);
		const run = await store.startRun(newRun(workers * each));
		for (let worker = 0; worker < workers; worker += 1) {
			const positions = Array.from({ length: each }, (_, i) => worker * each + i);
			const rows = rowsOf(
				run,
				positions.map((position) => ({ position, host: `h${position}` })),
				{ worker: `w${worker}` },
			);
			const status = positions.map((_, i) => i % statuses.length);
			const reason = positions.map((_, i) => Math.floor(i / statuses.length));
			await store.append({ ...rows, block: { ...rows.block, status, reason } });
		}
		await store.flush();
		expect(countsOf(path, run).kept).toBeUndefined();
	});

	test('when what stands there is nothing of ours', () => {
		for (const summary of ['', '{}', 'null', '[]', '{"rows":1e99}']) {
			change(`UPDATE run_summaries SET summary = '${summary}'`);
			expect(isKept(), summary).toBe(false);
		}
	});
});
