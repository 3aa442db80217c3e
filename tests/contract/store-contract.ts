/** What every store promises (master/store/store.ts), run over each implementation. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ledger, pagePositions } from '../../master/dispatch/rules/ledger.ts';
import type { Said, SaidEvent } from '../../master/store/said.ts';
import type { NewRun, Store, StoredRows } from '../../master/store/store.ts';
import { hostColumn } from '../../shared/host-column.ts';
import { eventsFirstMax, eventsPerRunMax, storedEventCharsMax } from '../../shared/limits.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import { createRandom } from '../../shared/random.ts';

/** One row as a reader of the stored data sees it. */
export interface ReadRow {
	run_id: number;
	position: number;
	host: string;
	status: string;
	reason: string | null;
	address: string | null;
	sent: number;
	received: number;
	rtt_ms: number | null;
	rtt_min_ms: number | null;
	rtt_max_ms: number | null;
	jitter_ms: number | null;
	loss_percent: number | null;
	worker: string;
	checked_at: number;
}

/** One thing that a run said, as a reader of the stored data sees it. */
export interface ReadEvent {
	run_id: number;
	number: number;
	at: number;
	level: string;
	type: string;
	worker: string | null;
	text: string;
}

/** A place that outlives the store which is opened on it. */
export interface StorePlace {
	open(): Promise<Store>;
	/** what is committed, read from outside, by run and position */
	results(): ReadRow[];
	/** the last known state of every host, by host */
	hosts(): { host: string; status: string; run_id: number }[];
	/** what runs said, by run and number */
	events(): ReadEvent[];
	runs(): { id: number; state: string; total: number; up: number | null; finished_at: number | null }[];
	remove(): void;
}

const newRun: NewRun = {
	startedAtMs: 1_000,
	total: 10,
	fingerprint: 'abc',
	options: { probe: 'icmp', port: null },
};

interface Answer {
	position: number;
	host: string;
	status?: 'up' | 'down' | 'unresolved' | 'denied' | 'error';
	rttMs?: number;
	address?: string;
}

/** Rows as a worker's answer brings them. */
export function rowsOf(
	runId: number,
	answers: readonly Answer[],
	{ worker = 'w1', checkedAtMs = 2_000 } = {},
): StoredRows {
	const up = answers.map(({ status = 'up' }) => status === 'up');
	return {
		runId,
		worker,
		checkedAtMs,
		positions: Uint32Array.from(answers, ({ position }) => position),
		hosts: hostColumn(answers.map(({ host }) => host)),
		block: {
			length: answers.length,
			index: answers.map((_, i) => i),
			status: answers.map(({ status = 'up' }) => statusCode(status)),
			reason: answers.map(({ status = 'up' }) => (status === 'down' ? reasonCode('timeout') : 0)),
			address: answers.some(({ address }) => address !== undefined)
				? answers.map(({ address }) => address)
				: undefined,
			sent: answers.map(({ status = 'up' }) => (status === 'up' ? 1 : status === 'down' ? 2 : 0)),
			received: up.map(Number),
			rttMs: answers.map(({ rttMs = 0.25 }, i) => (up[i] ? rttMs : Number.NaN)),
			rtt: undefined,
		},
	};
}

function said(text: string, atMs = 5_000): SaidEvent {
	return { atMs, level: 'warning', type: 'notice', worker: null, text };
}

function saying(...texts: readonly string[]): Said {
	return { events: texts.map((text) => said(text)), leftOut: 0 };
}

export function storeContract(name: string, createPlace: () => StorePlace): void {
	describe(`${name} keeps the contract of a store`, () => {
		let place: StorePlace;
		let store: Store;
		beforeEach(async () => {
			place = createPlace();
			store = await place.open();
		});
		afterEach(async () => {
			await store.close();
			place.remove();
		});

		test('runs are numbered upwards and start out running', async () => {
			const first = await store.startRun(newRun);
			const second = await store.startRun({ ...newRun, total: 7 });
			expect(second).toBeGreaterThan(first);
			expect(place.runs()).toEqual([
				{ id: first, state: 'running', total: 10, up: null, finished_at: null },
				{ id: second, state: 'running', total: 7, up: null, finished_at: null },
			]);
		});

		test('after flush, every field of a row can be read from outside', async () => {
			const run = await store.startRun(newRun);
			await store.append(
				rowsOf(run, [
					{ position: 0, host: '10.0.0.1', rttMs: 1.5 },
					{ position: 1, host: 'example.com', address: '192.0.2.7', rttMs: 0 },
					{ position: 2, host: 'gone.example.com', status: 'down', address: '192.0.2.8' },
					{ position: 3, host: 'nowhere.example.com', status: 'unresolved' },
					{ position: 4, host: 'fd00::1' },
					{ position: 5, host: '10.0.0.2:443' },
					{ position: 6, host: 'https://[fd00::2]/x' },
				]),
			);
			await store.flush();
			const rows = place.results();
			expect(rows.map(({ host, address }) => [host, address])).toEqual([
				['10.0.0.1', '10.0.0.1'],
				['example.com', '192.0.2.7'],
				['gone.example.com', '192.0.2.8'],
				['nowhere.example.com', null],
				['fd00::1', 'fd00::1'],
				['10.0.0.2:443', '10.0.0.2'],
				['https://[fd00::2]/x', 'fd00::2'],
			]);
			expect(rows[0]).toEqual({
				run_id: run,
				position: 0,
				host: '10.0.0.1',
				status: 'up',
				reason: null,
				address: '10.0.0.1',
				sent: 1,
				received: 1,
				rtt_ms: 1.5,
				rtt_min_ms: null,
				rtt_max_ms: null,
				jitter_ms: null,
				loss_percent: 0,
				worker: 'w1',
				checked_at: 2_000,
			});
			expect(rows[1]).toMatchObject({ rtt_ms: 0 });
			expect(rows[2]).toMatchObject({
				status: 'down',
				reason: 'timeout',
				sent: 2,
				received: 0,
				rtt_ms: null,
			});
			expect(rows[2]).toMatchObject({ loss_percent: 100 });
			expect(rows[3]).toMatchObject({ status: 'unresolved', sent: 0, received: 0, loss_percent: null });
		});

		test('round-trip statistics come back to the microsecond, and are empty where nothing came back', async () => {
			const run = await store.startRun(newRun);
			const rows = rowsOf(run, [
				{ position: 0, host: 'a' },
				{ position: 1, host: 'b', status: 'down' },
			]);
			const rtt = { min: [0.101, Number.NaN], max: [12.5, Number.NaN], jitter: [0, Number.NaN] };
			const sent = [1000, 1000];
			await store.append({ ...rows, block: { ...rows.block, sent, received: [250, 0], rtt } });
			await store.flush();
			const [a, b] = place.results();
			expect(a).toMatchObject({ rtt_min_ms: 0.101, rtt_max_ms: 12.5, jitter_ms: 0, loss_percent: 75 });
			expect(b).toMatchObject({ rtt_min_ms: null, rtt_max_ms: null, jitter_ms: null, loss_percent: 100 });
		});

		test('a position keeps its first answer, whether or not that was committed yet', async () => {
			const run = await store.startRun(newRun);
			await store.append(rowsOf(run, [{ position: 3, host: 'a', status: 'down' }]));
			await store.append(rowsOf(run, [{ position: 3, host: 'a' }], { worker: 'w2' }));
			await store.flush();
			await store.append(rowsOf(run, [{ position: 3, host: 'a' }], { worker: 'w3' }));
			await store.flush();
			expect(place.results()).toMatchObject([{ position: 3, status: 'down', worker: 'w1' }]);
		});

		test('the same position of another run is another row', async () => {
			const first = await store.startRun(newRun);
			const second = await store.startRun(newRun);
			const answer = { position: 0, host: 'a' };
			await store.append(rowsOf(first, [{ ...answer, status: 'down' }]));
			await store.append(rowsOf(second, [answer]));
			await store.append(rowsOf(first, [{ position: 1, host: 'b' }]));
			await store.flush();
			expect(place.results().map(({ run_id, host, status }) => [run_id, host, status])).toEqual([
				[first, 'a', 'down'],
				[first, 'b', 'up'],
				[second, 'a', 'up'],
			]);
		});

		test('hosts show the newest answer, and those that the newest run did not ask for', async () => {
			const first = await store.startRun(newRun);
			const second = await store.startRun(newRun);
			const third = await store.startRun(newRun);
			await store.append(
				rowsOf(first, [
					{ position: 0, host: 'a' },
					{ position: 1, host: 'b' },
					{ position: 2, host: 'c' },
				]),
			);
			await store.append(rowsOf(second, [{ position: 0, host: 'b', status: 'down' }]));
			await store.append(rowsOf(third, [{ position: 0, host: 'a', status: 'error' }]));
			await store.flush();
			expect(place.hosts()).toEqual([
				{ host: 'a', status: 'error', run_id: third },
				{ host: 'b', status: 'down', run_id: second },
				{ host: 'c', status: 'up', run_id: first },
			]);
		});

		test('a run that ends has its rows counted by status', async () => {
			const run = await store.startRun(newRun);
			const other = await store.startRun(newRun);
			await store.append(rowsOf(other, [{ position: 0, host: 'z' }]));
			await store.append(
				rowsOf(run, [
					{ position: 0, host: 'a' },
					{ position: 1, host: 'b' },
					{ position: 2, host: 'c', status: 'down' },
					{ position: 3, host: 'd', status: 'unresolved' },
					{ position: 4, host: 'e', status: 'denied' },
					{ position: 5, host: 'f', status: 'error' },
				]),
			);
			await store.append(rowsOf(run, [{ position: 0, host: 'a', status: 'down' }]));
			const counts = await store.finishRun(run, { state: 'interrupted', finishedAtMs: 9_000 });
			expect(counts).toEqual({ up: 2, down: 1, unresolved: 1, denied: 1, error: 1 });
			expect(place.runs()[0]).toEqual({
				id: run,
				state: 'interrupted',
				total: 10,
				up: 2,
				finished_at: 9_000,
			});
		});

		test('40,000 rows in any order, the highest position included, are there once each', async () => {
			const seed = 20_261_121;
			const random = createRandom(seed);
			const count = 40_000;
			const run = await store.startRun({ ...newRun, total: count });
			const positions = Array.from({ length: count }, (_, i) => i);
			positions[count - 1] = 2 ** 32 - 1;
			const keys = new Map(positions.map((position) => [position, random.next()]));
			positions.sort((a, b) => keys.get(a)! - keys.get(b)!);
			for (let from = 0; from < count; ) {
				const to = Math.min(count, from + 1 + random.below(3_000));
				const answers = positions.slice(from, to).map((position) => ({
					position,
					host: `h${position}`,
					status: position % 7 === 0 ? ('down' as const) : ('up' as const),
				}));
				await store.append(rowsOf(run, answers));
				from = to;
			}
			await store.flush();
			positions.sort((a, b) => a - b);
			const rows = place.results();
			expect(rows.length, `seed ${seed}`).toBe(count);
			const wrong = rows.filter(
				({ position, host, status }, i) =>
					position !== positions[i] ||
					host !== `h${position}` ||
					(status === 'down') !== (position % 7 === 0),
			);
			expect(wrong, `seed ${seed}`).toEqual([]);
		});

		test('close commits, may be called twice, and the place can be opened again', async () => {
			const run = await store.startRun(newRun);
			await store.append(rowsOf(run, [{ position: 0, host: 'a' }], { worker: 'w9' }));
			await store.close();
			await store.close();
			expect(place.results()).toMatchObject([{ host: 'a', worker: 'w9' }]);
			store = await place.open();
			const next = await store.startRun(newRun);
			expect(next).toBeGreaterThan(run);
			await store.append(rowsOf(next, [{ position: 0, host: 'b' }], { worker: 'w9' }));
			await store.append(rowsOf(next, [{ position: 1, host: 'c' }], { worker: 'w10' }));
			await store.flush();
			expect(place.results().map(({ host, worker }) => [host, worker])).toEqual([
				['a', 'w9'],
				['b', 'w9'],
				['c', 'w10'],
			]);
		});

		test('the last run is the newest, with the rows that are committed', async () => {
			expect(await store.lastRun()).toBeUndefined();
			const first = await store.startRun(newRun);
			await store.append(
				rowsOf(first, [
					{ position: 0, host: 'a' },
					{ position: 7, host: 'b', status: 'error' },
				]),
			);
			expect(await store.lastRun()).toEqual({ ...newRun, id: first, state: 'running', done: 2 });
			await store.finishRun(first, { state: 'finished', finishedAtMs: 9_000 });
			expect(await store.lastRun()).toMatchObject({ id: first, state: 'finished', done: 2 });
			const other = { startedAtMs: 5, total: 3, fingerprint: 'other', options: { timeoutMs: 250.5 } };
			const second = await store.startRun(other);
			expect(await store.lastRun()).toEqual({ ...other, id: second, state: 'running', done: 0 });
			await store.append(rowsOf(second, [{ position: 2, host: 'c' }]));
			await store.finishRun(second, { state: 'interrupted', finishedAtMs: 9_000 });
			const last = { ...other, id: second, state: 'interrupted', done: 1 };
			expect(await store.lastRun()).toEqual(last);
			await store.close();
			store = await place.open();
			expect(await store.lastRun()).toEqual(last);
		});

		test('a run that is continued is running again, tells which positions have a row, and takes the others', async () => {
			const seed = 20_261_122;
			const random = createRandom(seed);
			// A page that is full, one that is not, one without a row, and a short one that is full.
			const total = 3 * pagePositions + 100;
			const run = await store.startRun({ ...newRun, total });
			const all = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
			const done = [
				...all(0, pagePositions),
				...all(pagePositions, pagePositions + 5_000),
				...all(pagePositions + 9_000, 2 * pagePositions).filter(() => random.below(40) === 0),
				...all(3 * pagePositions, total),
			];
			const answers = done.map((position) => ({ position, host: `h${position}` }));
			for (let from = 0; from < answers.length; from += 10_000) {
				await store.append(rowsOf(run, answers.slice(from, from + 10_000)));
			}
			// Of runs before and after it nothing counts.
			const later = await store.startRun({ ...newRun, total });
			await store.append(rowsOf(later, [{ position: 2 * pagePositions, host: 'z' }]));
			await store.finishRun(run, { state: 'failed', finishedAtMs: 9_000 });
			await store.close();
			store = await place.open();

			const pages = await store.continueRun(run);
			expect(pages.full).toEqual([0, 3]);
			expect(pages.partial.map(({ page }) => page)).toEqual([1]);
			const ledger = new Ledger(total, pages);
			expect(ledger.count).toBe(done.length);
			const expected = new Set(done);
			const wrong = all(0, total).filter((position) => ledger.has(position) !== expected.has(position));
			expect(wrong, `seed ${seed}`).toEqual([]);
			expect(place.runs()[0]).toEqual({ id: run, state: 'running', total, up: null, finished_at: null });

			const open = all(0, total).filter((position) => !expected.has(position));
			const rest = open.map((position) => ({ position, host: `h${position}` }));
			for (let from = 0; from < rest.length; from += 10_000) {
				await store.append(rowsOf(run, rest.slice(from, from + 10_000)));
			}
			const counts = await store.finishRun(run, { state: 'finished', finishedAtMs: 10_000 });
			expect(counts.up).toBe(total);
			expect(place.runs()[0]).toMatchObject({ state: 'finished', up: total, finished_at: 10_000 });
		});

		test('a run of which nothing is there, and one of which all is, can be continued', async () => {
			const run = await store.startRun(newRun);
			expect(await store.continueRun(run)).toEqual({ full: [], partial: [] });
			await store.append(rowsOf(run, [{ position: 3, host: 'a' }]));
			const { partial } = await store.continueRun(run);
			expect(partial.map(({ page, bits }) => [page, bits[0], bits.length])).toEqual([
				[0, 0b1000, pagePositions / 8],
			]);
			await store.append(
				rowsOf(
					run,
					Array.from({ length: 10 }, (_, position) => ({ position, host: `h${position}` })),
				),
			);
			expect(await store.continueRun(run)).toEqual({ full: [0], partial: [] });
			await expect(store.continueRun(run + 1)).rejects.toThrow(`there is no run ${run + 1}`);
		});

		test('what the rows of a run come to is known, also after others were written and the store was opened anew', async () => {
			const run = await store.startRun(newRun);
			await store.append(
				rowsOf(run, [
					{ position: 1, host: 'a' },
					{ position: 4, host: 'b', status: 'down' },
				]),
			);
			const later = await store.startRun(newRun);
			await store.append(rowsOf(later, [{ position: 4, host: 'b' }]));
			await store.close();
			store = await place.open();
			const counts = await store.countsOf(run);
			expect(counts?.byStatus).toMatchObject({ up: 1, down: 1, unresolved: 0 });
			expect([...(counts?.byReason ?? [])]).toEqual([['timeout', 1]]);
			expect(counts?.rtt.counts.reduce((sum, count) => sum + count, 0)).toBe(1);
			expect((await store.countsOf(later))?.byStatus).toMatchObject({ up: 1, down: 0 });
			expect(await store.countsOf(later + 1)).toBeUndefined();
		});

		test('what a run says is committed with its rows, or without any, and goes on when the run does', async () => {
			const run = await store.startRun(newRun);
			const worker = 'http://w1:8786';
			store.say(run, {
				events: [
					{ atMs: 1_000.4, level: 'info', type: 'worker-joined', worker, text: 'there' },
					said('odd \u202e'),
				],
				leftOut: 0,
			});
			expect(place.events()).toEqual([]);
			await store.append(rowsOf(run, [{ position: 0, host: 'a' }]));
			await store.flush();
			expect(place.events()).toEqual([
				{ run_id: run, number: 1, at: 1_000, level: 'info', type: 'worker-joined', worker, text: 'there' },
				{
					run_id: run,
					number: 2,
					at: 5_000,
					level: 'warning',
					type: 'notice',
					worker: null,
					text: 'odd \u202e',
				},
			]);
			store.say(run, saying('alone'));
			await store.flush();
			const end = { state: 'interrupted', finishedAtMs: 9_000, said: said('over', 9_000) } as const;
			store.say(run, saying('near the end'));
			await store.finishRun(run, end);
			await store.close();
			store = await place.open();
			await store.continueRun(run);
			store.say(run, saying('again'));
			await store.finishRun(run, { ...end, said: said('over again', 9_000) });
			expect(place.events().map(({ number, text }) => [number, text])).toEqual([
				[1, 'there'],
				[2, 'odd \u202e'],
				[3, 'alone'],
				[4, 'near the end'],
				[5, 'over'],
				[6, 'again'],
				[7, 'over again'],
			]);
		});

		test('runs say each their own, and what was said when the store is closed is kept', async () => {
			const first = await store.startRun(newRun);
			const second = await store.startRun(newRun);
			store.say(first, saying('a'));
			store.say(second, saying('b'));
			store.say(first, saying('c'));
			await store.close();
			expect(place.events().map(({ run_id, number, text }) => [run_id, number, text])).toEqual([
				[first, 1, 'a'],
				[first, 2, 'c'],
				[second, 1, 'b'],
			]);
		});

		test('of what a run says too much, the first and the newest are kept, and how much it was', async () => {
			const run = await store.startRun(newRun);
			const other = await store.startRun(newRun);
			store.say(other, saying('mine'));
			const texts = Array.from({ length: eventsPerRunMax }, (_, i) => `said ${i + 1}`);
			store.say(run, saying(...texts));
			await store.flush();
			expect(place.events().filter(({ run_id }) => run_id === run)).toHaveLength(eventsPerRunMax);
			store.say(run, { ...saying('later'), leftOut: 30 });
			store.say(run, saying('after what was left out'));
			await store.flush();
			store.say(run, saying('x'.repeat(storedEventCharsMax + 1)));
			await store.finishRun(run, { state: 'finished', finishedAtMs: 9_000, said: said('over') });
			const events = place.events().filter(({ run_id }) => run_id === run);
			// One event was said behind those that were left out, before anything was committed: it is left out, too.
			const all = eventsPerRunMax + 1 + 31 + 2;
			expect(events.at(-1)).toMatchObject({ number: all, text: 'over' });
			expect(events.at(-2)!.text).toBe(`${'x'.repeat(storedEventCharsMax)}…`);
			expect(events.length).toBeLessThanOrEqual(eventsPerRunMax);
			expect(events.slice(0, eventsFirstMax).map(({ text }) => text)).toEqual(texts.slice(0, eventsFirstMax));
			expect(events[eventsFirstMax]!.number).toBe(all - (eventsPerRunMax - eventsFirstMax) + 1);
			expect(place.events().filter(({ run_id }) => run_id === other)).toHaveLength(1);
		});

		test('a second store on the same place is refused until the first is closed', async () => {
			await expect(place.open()).rejects.toMatchObject({
				code: 'database',
				message: expect.stringContaining(`is in use by another master: process ${process.pid} on`),
			});
			const run = await store.startRun(newRun);
			await store.append(rowsOf(run, [{ position: 0, host: 'a' }]));
			await store.close();
			store = await place.open();
			expect(await store.lastRun()).toMatchObject({ id: run, done: 1 });
		});

		test.each([
			['more received than sent', { sent: [1], received: [2] }],
			['more sent than any run asks for', { sent: [5_000], received: [1] }],
			['a number that is none', { sent: [Number.NaN], received: [0] }],
			['an unknown status', { status: [9] }],
		])('a row with %s is refused and nothing is kept of it', async (_, wrong) => {
			const run = await store.startRun(newRun);
			const rows = rowsOf(run, [{ position: 0, host: 'a' }]);
			const storing = async (): Promise<void> => {
				await store.append({ ...rows, block: { ...rows.block, ...wrong } });
				await store.flush();
			};
			await expect(storing()).rejects.toThrow(RangeError);
			await store.flush();
			expect(place.results()).toEqual([]);
		});
	});
}
