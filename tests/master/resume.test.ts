import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../master/events.ts';
import type { WantedRun } from '../../master/resume.ts';
import { decideRun, openRun, wantedRun } from '../../master/resume.ts';
import { openSqliteStore } from '../../master/store/sqlite.ts';
import type { RunRecord, Store } from '../../master/store/store.ts';
import { rowsOf } from '../contract/store-contract.ts';

const options = {
	probe: 'icmp',
	port: null,
	count: 1,
	attempts: 2,
	timeoutMs: 1_000,
	intervalMs: 1_000,
	refusedIsUp: false,
};
const wanted: WantedRun = { total: 1_000_000, fingerprint: 'abc', options };
const last: RunRecord = { ...wanted, id: 7, state: 'running', startedAtMs: 5, done: 412_000 };
const notFresh = { fresh: false };

describe('a command begins a new run', () => {
	test.each([
		['when there is none', undefined, notFresh],
		['when the newest has finished', { ...last, state: 'finished' } as const, notFresh],
		['when it says so', last, { fresh: true }],
		['when it says so, although it is another list', { ...last, fingerprint: 'other' }, { fresh: true }],
	])('%s', (_, run, how) => {
		expect(decideRun(run, wanted, how)).toEqual({ kind: 'new' });
	});
});

describe('a command goes on', () => {
	test.each(['running', 'failed', 'interrupted'] as const)('with the newest run when that is %s', (state) => {
		expect(decideRun({ ...last, state }, wanted, notFresh)).toEqual({
			kind: 'continue',
			run: { ...last, state },
		});
	});

	test('with a run that has all its rows, but was not ended', () => {
		const run = { ...last, done: last.total };
		expect(decideRun(run, wanted, notFresh)).toEqual({ kind: 'continue', run });
	});

	test('whatever else it has among its options, and with a run that knows nothing of a newer one', () => {
		expect(decideRun({ ...last, options: { ...options, note: 'x' } }, wanted, notFresh).kind).toBe(
			'continue',
		);
		const { port: _, ...without } = options;
		expect(decideRun({ ...last, options: without }, wanted, notFresh).kind).toBe('continue');
	});

	test('with rate, workers, chunks, durability and the views as they are now', () => {
		const settings = { count: 1, attempts: 2, timeoutMs: 1_000, intervalMs: 1_000, refusedIsUp: false };
		expect(wantedRun({ probe: 'icmp', settings }, { total: 1_000_000, fingerprint: 'abc' })).toEqual(wanted);
	});
});

describe('a command is refused', () => {
	function refusal(run: Partial<RunRecord>, now: Partial<WantedRun> = {}) {
		const decision = decideRun({ ...last, ...run }, { ...wanted, ...now }, notFresh);
		if (decision.kind !== 'refuse') throw new Error(`it was not refused, but: ${decision.kind}`);
		return decision.error;
	}

	test('when the list has changed, with both lengths, what is done, and the choices', () => {
		const error = refusal({}, { fingerprint: 'other', total: 1_000_004 });
		expect(error.code).toBe('usage');
		expect(error.message).toBe(
			'run 7 is not finished, and the list has changed since: 1,000,000 hosts then, 1,000,004 now; ' +
				'412,000 of 1,000,000 hosts are done',
		);
		expect(error.hint).toBe(
			'Give the list and the options as they were, and run 7 goes on; --fresh begins a new run and leaves run 7 ' +
				'as it is; --db FILE takes another database.',
		);
	});

	test('when the list has changed but not its length', () => {
		expect(refusal({}, { fingerprint: 'other' }).message).toMatch(
			/^run 7 is not finished, and the list has changed since, although it has 1,000,000 hosts as then;/,
		);
	});

	test.each([
		[{ timeoutMs: 2_000 }, '--timeout 1000', '--timeout 2000'],
		[{ count: 5 }, '--count 1', '--count 5'],
		[{ attempts: 3 }, '--attempts 2', '--attempts 3'],
		[{ intervalMs: 10 }, '--interval 1000', '--interval 10'],
		[{ refusedIsUp: true }, 'no --refused-is-up', '--refused-is-up'],
		[{ port: 443 }, 'no --port', '--port 443'],
		[{ count: 5, intervalMs: 10 }, '--count 1 and --interval 1000', '--count 5 and --interval 10'],
	])('when its options are others: %j', (changed, then, now) => {
		expect(refusal({}, { options: { ...options, ...changed } }).message).toBe(
			`run 7 was begun with ${then}, this command has ${now}; 412,000 of 1,000,000 hosts are done`,
		);
	});

	test('when the probe is another, which alone does not make another list', () => {
		const now = { options: { ...options, probe: 'http' }, fingerprint: 'of another probe' };
		expect(refusal({}, now).message).toMatch(
			/^run 7 was begun with --probe icmp, this command has --probe http; 412/,
		);
		expect(refusal({}, { ...now, total: 5 }).message).toMatch(
			/has --probe http, and the list has changed since: 1,000,000 hosts then, 5 now;/,
		);
	});

	test('when nobody can say what the run was begun with', () => {
		expect(refusal({ options: {} }).message).toMatch(/^run 7 was begun with no --probe and no --count and/);
	});
});

describe('a run that is opened', () => {
	let folder: string;
	let store: Store;
	let events: RunEvent[];
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'pingpool-resume-'));
		store = openSqliteStore({ path: join(folder, 'hosts.db') });
		events = [];
	});
	afterEach(async () => {
		await store.close();
		rmSync(folder, { recursive: true, force: true });
	});

	const asked = { ...wanted, total: 10 };
	function opened(how: { wanted?: WantedRun; fresh?: boolean } = {}) {
		return openRun({
			store,
			wanted: asked,
			fresh: false,
			clock: { wallMs: () => 123 },
			onEvent: (event) => events.push(event),
			...how,
		});
	}

	test('is a new one first, and then goes on with what has a row', async () => {
		expect(await opened()).toEqual({
			runId: 1,
			done: { full: [], partial: [] },
			doneBefore: 0,
			countsBefore: undefined,
			continued: false,
		});
		await store.append(
			rowsOf(1, [
				{ position: 2, host: 'a' },
				{ position: 9, host: 'b', status: 'down' },
			]),
		);
		const again = await opened();
		expect(again).toMatchObject({ runId: 1, doneBefore: 2, continued: true });
		expect(again.countsBefore?.byStatus).toMatchObject({ up: 1, down: 1 });
		expect(again.done.partial.map(({ page, bits }) => [page, ...bits.subarray(0, 2)])).toEqual([
			[0, 0b100, 0b10],
		]);
		expect(events).toEqual([
			{ type: 'run-started', runId: 1, total: 10 },
			{ type: 'run-continued', runId: 1, done: 2, total: 10 },
		]);
	});

	test('anew leaves the unfinished one as it is', async () => {
		await opened();
		await store.append(rowsOf(1, [{ position: 2, host: 'a' }]));
		await store.finishRun(1, { state: 'interrupted', finishedAtMs: 200 });
		expect(await opened({ fresh: true })).toMatchObject({ runId: 2, doneBefore: 0, continued: false });
		expect(await store.lastRun()).toMatchObject({ id: 2, startedAtMs: 123, state: 'running', done: 0 });
	});

	test('is not, and nothing is changed, when the command is another', async () => {
		await opened();
		await store.finishRun(1, { state: 'interrupted', finishedAtMs: 200 });
		const before = await store.lastRun();
		await expect(opened({ wanted: { ...asked, fingerprint: 'x' } })).rejects.toMatchObject({ code: 'usage' });
		expect(await store.lastRun()).toEqual(before);
		expect(before).toMatchObject({ id: 1, state: 'interrupted' });
	});
});
