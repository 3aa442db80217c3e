/** Every view of a run that goes on: four workers, of which one dies, in a real browser. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LiveChunk, LiveWorker } from '../../shared/dashboard-api.ts';
import { openEvents } from '../master/dashboard/event-stream.ts';
import { describeUnless, notLong, sizeOf, withoutBrowser, withoutEchoSockets } from '../requirements.ts';
import type { WatchedPage } from './browser.ts';
import { hungMs, openBrowser, openPage } from './browser.ts';
import type { StartedRun } from './live-run.ts';
import { startLiveRun } from './live-run.ts';
import { besideTablePx, expectWellMade, looksAt, show, textOf } from './looks.ts';

const size = sizeOf({
	ci: { hosts: 100_000, workerRate: 3_000 },
	long: { hosts: 100_000, workerRate: 2_000 },
});
// Each of its views is looked at six times.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

describeUnless(withoutBrowser() ?? withoutEchoSockets() ?? notLong(), 'a run of which a worker dies', () => {
	let run: StartedRun;
	let browser: Browser;
	let watched: WatchedPage;
	/** the name of the worker that dies */
	let dead: string;

	beforeAll(async () => {
		[browser, run] = await Promise.all([openBrowser(), startLiveRun(size)]);
		watched = await openPage(browser, { origin: run.url });
		using stream = await openEvents(`${run.url}/api/live`);
		// What it has under way then is to be asked again, of the others: hosts that are held, or it might be through.
		const held = new Map<number, number>();
		for (let count = 1; ; count += 1) {
			await stream.reached(count);
			const { run: now, workers, chunks } = stream.events[count - 1]!.data;
			for (const { id, worker, probe, endMs } of chunks as LiveChunk[]) {
				if (probe === 'http' && endMs === null) held.set(id, worker);
				else held.delete(id);
			}
			const [doomed] = held.values();
			if (doomed === undefined || now.done <= now.total / 10) continue;
			dead = (workers as LiveWorker[]).find(({ index }) => index === doomed)!.name;
			break;
		}
		run.kill(run.workers.indexOf(dead));
	});
	afterAll(async () => {
		await run?.[Symbol.asyncDispose]();
		await browser?.close();
	});

	const open = async (path: string): Promise<void> => {
		await watched.page.goto(`${run.url}${path}`);
	};
	const text = (selector: string) => textOf(watched.page.locator(selector).first());
	const shown = (words: string | RegExp) =>
		watched.page.getByText(words).filter({ visible: true }).first().waitFor();
	const isLive = () => watched.page.locator('.connection', { hasText: /^Live$/ }).waitFor();
	const wellMade = (view: string) => expectWellMade(watched, view, looksAt());

	test('Run: how far it is, and how fast, as it goes on', async () => {
		await open('/');
		await isLive();
		await expect.poll(() => text('h1')).toMatch(/^Run 2\s+running$/);
		const bar = watched.page.getByRole('progressbar');
		// All but the hosts that are held will have an answer.
		const last = run.list.hosts - run.list.held;
		await expect.poll(() => bar.getAttribute('aria-valuenow'), { timeout: hungMs }).toBe(String(last));
		expect(await bar.getAttribute('aria-valuemax')).toBe(String(run.list.hosts));
		const cardSum = async () => {
			const cards = await watched.page.locator('.status-card').allInnerTexts();
			return cards.reduce((sum, card) => sum + Number(/[\d,]+/.exec(card)![0].replaceAll(',', '')), 0);
		};
		await expect.poll(cardSum).toBe(last);
		// What other views ask the database for is there.
		await expect.poll(() => run.space.count('SELECT count(*) FROM results WHERE run_id = 2')).toBe(last);
		await wellMade('Run');
	});

	test('Workers: the dead one is set aside, and why', async () => {
		await open('/workers');
		const row = watched.page.getByRole('row').filter({ hasText: dead });
		// With nothing left to do, nobody finds out whether it is back.
		await row
			.getByText(/set aside|on trial/)
			.first()
			.waitFor();
		await expect.poll(() => textOf(row)).toMatch(/can not be reached|broke off the connection/);
		for (const name of run.workers) await shown(name);
		await expect.poll(() => watched.page.getByRole('row').count()).toBe(1 + run.workers.length);
		await show(watched.page, { theme: 'light', width: 1_280 });
		await expect.poll(() => besideTablePx(watched.page)).toBe(0);
		await row.getByRole('button', { name: 'failures' }).click();
		await shown(/broke off the connection/);
		await wellMade('Workers');
	});

	test('Tasks: chunks that failed, and others that were asked again', async () => {
		await open('/tasks');
		const count = async (words: string) => {
			const button = watched.page.getByRole('button', { name: words });
			return Number(/[\d,]+$/.exec(await textOf(button))?.[0].replaceAll(',', ''));
		};
		await expect.poll(() => count('failed')).toBeGreaterThan(0);
		// Of one that was late already, another one had taken over.
		await expect.poll(async () => (await count('asked again')) + (await count('hedge'))).toBeGreaterThan(0);
		await expect
			.poll(() => watched.page.locator('.timeline-name').allInnerTexts())
			.toEqual(run.workers.map((name) => name.replace('http://', '')));
		await expect.poll(() => coloursOf(watched, '.timeline canvas')).toBeGreaterThan(4);
		await watched.page.getByRole('button', { name: 'failed' }).click();
		await watched.page.getByText('chunks as a table').click();
		const failed = watched.page
			.locator('.chunk-table tbody tr')
			.filter({ hasText: 'broke off the connection' });
		await failed.first().waitFor();
		expect(await textOf(failed.first())).toContain('failed');
		await wellMade('Tasks');
	});

	test('Results: rows as the database has them', async () => {
		await open('/results?status=down');
		await shown(`${count('down')} rows`);
		await watched.page.locator('[data-row="0"]').getByText('refused').waitFor();
		await wellMade('Results');
		// One that the run before has, too.
		await open('/results?status=down&q=127.9.0.3');
		await watched.page.locator('[data-row="0"] .badge').waitFor();
		await watched.page.locator('[data-row="0"]').press('Enter');
		await expect.poll(() => new URL(watched.page.url()).pathname).toBe('/hosts');
		await shown('Round-trip time over runs');
		await wellMade('Host');
	});

	test('Map: from all blocks down to an address', async () => {
		await open('/map?prefix=127.10.0.0/16');
		const square = watched.page.getByRole('gridcell', { name: '127.10.2.0/24', exact: false });
		await expect.poll(() => square.getAttribute('aria-label')).toMatch(/: 0 % up, 0 of 256 up, 0 down/);
		await wellMade('Map');
		await watched.page.getByRole('gridcell', { name: '127.10.1.0/24', exact: false }).click();
		const address = watched.page.getByRole('gridcell', { name: /^127\.10\.1\.7:/ });
		await expect.poll(() => address.getAttribute('aria-label')).toMatch(/: 1 of 1 up/);
		await wellMade('Map of addresses');
	});

	test('Runs, and two of them compared', async () => {
		await open('/runs');
		await shown('goes on');
		await wellMade('Runs');
		await watched.page.getByLabel('Compare run 1').check();
		await watched.page.getByLabel('Compare run 2').check();
		await watched.page.getByRole('button', { name: 'Compare #1 with #2' }).click();
		await watched.page.getByText(/Run 2 goes on/).waitFor();
		const kind = (name: string) => textOf(watched.page.getByRole('button', { name }));
		// As tests/browser/live-run.ts has arranged it.
		await expect.poll(() => kind('newly down')).toMatch(/\b10$/);
		await expect.poll(() => kind('newly up')).toMatch(/\b20$/);
		await wellMade('Compare');
	});

	test('Events: what the run said of the dead worker, and when', async () => {
		await open('/events');
		await shown(new RegExp(`worker ${dead} .+; set aside`));
		await watched.page.getByRole('combobox', { name: 'Level' }).selectOption('Warnings and errors');
		await expect.poll(() => watched.page.locator('tbody tr').count()).toBeGreaterThan(0);
		await wellMade('Events');
	});

	test('the end: what the page says is what the database has', async () => {
		await open('/');
		await isLive();
		watched.allowGone();
		run.release();
		await shown('The run has ended');
		expect(await run.master.exited).toBe(0);
		await expect.poll(() => text('h1')).toMatch(/^Run 2\s+finished$/);
		const cards = await watched.page.locator('.status-card').allInnerTexts();
		for (const [status, found] of Object.entries(counts())) {
			const card = cards.find((words) => words.startsWith(status));
			expect(card, status).toMatch(new RegExp(`^${status}\\s+${found.toLocaleString('en-US')}\\b`));
		}
		expect(Object.values(counts()).reduce((sum, each) => sum + each)).toBe(run.list.hosts);
		// Views that need no more than what was said stay.
		await watched.page.getByRole('link', { name: 'Tasks' }).click();
		await watched.page.getByRole('button', { name: 'failed' }).waitFor();
		expect(watched.takeFaults()).toEqual([]);
	});

	function counts(): Record<string, number> {
		const sql = 'SELECT status, count(*) AS n FROM results WHERE run_id = 2 GROUP BY 1';
		return Object.fromEntries(
			run.space.rows<{ status: string; n: number }>(sql).map(({ status, n }) => [status, n]),
		);
	}
	function count(status: string): string {
		return counts()[status]!.toLocaleString('en-US');
	}
});

/** How many colours canvases have, of a row of pixels in every eight. */
function coloursOf({ page }: WatchedPage, selector: string): Promise<number> {
	return page.evaluate(`(() => {
		const colours = new Set();
		for (const canvas of document.querySelectorAll(${JSON.stringify(selector)})) {
			const { width, height } = canvas;
			const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
			copy.drawImage(canvas, 0, 0);
			const { data } = copy.getImageData(0, 0, width, height);
			for (let y = 0; y < height; y += 8) {
				for (let i = y * width * 4; i < (y + 1) * width * 4; i += 4) {
					colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
				}
			}
		}
		return colours.size;
	})()`);
}
