/** Every view of a large database in a real browser, and whether each answer is what SQL says. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Workspace } from '../e2e/command-line.ts';
import { writeLargeDatabase } from '../large-database.ts';
import type { Running } from '../process.ts';
import { describeUnless, notLong, sizeOf, withoutBrowser } from '../requirements.ts';
import type { WatchedPage } from './browser.ts';
import { hungMs, openBrowser, openPage } from './browser.ts';
import { expectReachable, expectWellMade, looksAt, show, textOf } from './looks.ts';

/** Of each of its two runs. */
const rows = sizeOf({ ci: 2_500_000, long: 5_000_000 });
// To write them takes half a minute of CPU time, and questions may read all of them.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

describeUnless(withoutBrowser() ?? notLong(), `a database of ${2 * rows} rows`, () => {
	const space = new Workspace();
	let serving: Running;
	let url: string;
	let browser: Browser;
	let watched: WatchedPage;

	beforeAll(async () => {
		const opening = openBrowser();
		await writeLargeDatabase({ path: space.path('large.db'), rows, runs: 2 });
		serving = space.start(['serve', '--db', 'large.db', '--listen', '127.0.0.1:0']);
		[, url = ''] = await serving.says(/(http:\/\/127\.0\.0\.1:\d+)\//);
		browser = await opening;
		watched = await openPage(browser, { origin: url });
	});
	afterAll(async () => {
		await browser?.close();
		await serving?.[Symbol.asyncDispose]();
		space[Symbol.dispose]();
	});

	const open = (path: string) => watched.page.goto(`${url}${path}`);
	const shown = (words: string | RegExp) =>
		watched.page.getByText(words).filter({ visible: true }).first().waitFor();
	const wellMade = (view: string) => expectWellMade(watched, view, looksAt({ isKnown: true }));
	const sql = <Row>(text: string) => space.rows<Row>(text, 'large.db');
	const count = (where: string) =>
		sql<{ n: number }>(`SELECT count(*) AS n FROM results WHERE ${where}`)[0]!.n;
	const row = (index: number) => watched.page.locator(`[data-row="${index}"]`);
	/** Resolves when that host's row has arrived: another order's may stand there until then. */
	const rowHas = (index: number, host: string) =>
		row(index).filter({ hasText: host }).locator('.badge').waitFor();
	const rowIsThere = (index: number) => row(index).locator('.badge').waitFor();

	test('Run and Workers: counts', async () => {
		await open('/');
		await shown(words(rows));
		const cards = watched.page.locator('.status-card');
		await expect.poll(() => cards.count()).toBeGreaterThan(1);
		for (const card of await cards.allInnerTexts()) {
			const [status] = card.split(/\s/);
			expect(card).toContain(`\n${words(count(`run_id = 2 AND status = '${status}'`))}`);
		}
		await wellMade('Stored run');
		await open('/workers');
		const found = sql<{ worker: string; n: number; down: number }>(
			`SELECT worker, count(*) AS n, sum(status = 'down') AS down FROM results WHERE run_id = 2 GROUP BY 1`,
		);
		for (const { worker, n, down } of found) {
			const cells = watched.page.getByRole('row').filter({ hasText: worker });
			await expect.poll(() => textOf(cells), { timeout: hungMs }).toContain(`\t${words(n)}\t`);
			expect(await textOf(cells)).toContain(`\t${words(down)}\t`);
		}
		await wellMade('Stored workers');
	});

	test('Events: what the run said, filtered like those of a run that goes on', async () => {
		await open('/events');
		const said = sql<{ text: string }>('SELECT text FROM events WHERE run_id = 2 ORDER BY number DESC');
		await shown(`${said.length} of ${said.length} events`);
		const texts = () => watched.page.locator('.event-text').allInnerTexts();
		const expected = said.map(({ text }) => text);
		await expect.poll(async () => (await texts()).filter((text) => text !== 'Event')).toEqual(expected);
		await wellMade('Stored events');
		await open('/events?level=warning');
		await shown(`1 of ${said.length} events`);
		await shown('set aside for 2.0 s');
		await open('/events?run=1');
		await shown('run 1 has finished');
	});

	test('what only a run that goes on has is not offered', async () => {
		const offered = await watched.page.getByRole('navigation').getByRole('link').allInnerTexts();
		expect(offered).toEqual(['Run', 'Workers', 'Results', 'Host', 'Map', 'Runs', 'Compare', 'Events']);
		await open('/tasks');
		await shown('This is shown while a run goes on.');
	});

	test('Results: filtered, sorted, searched', async () => {
		await open('/results');
		// What is chosen before the search begins does not get lost by it.
		await watched.page.getByRole('searchbox').fill('10.0.64.');
		await watched.page.getByRole('button', { name: /^down/ }).click();
		await watched.page.getByRole('combobox', { name: 'Reason' }).selectOption('host-unreachable');
		await watched.page.getByRole('combobox', { name: 'Worker' }).selectOption('embedded');
		const where = `run_id = 2 AND reason = 'host-unreachable' AND worker = 'embedded' AND host LIKE '10.0.64.%'`;
		const matching = count(where);
		const chosen = () => Object.fromEntries(new URL(watched.page.url()).searchParams);
		await expect.poll(chosen).toEqual({
			status: 'down',
			reason: 'host-unreachable',
			worker: 'embedded',
			prefix: '10.0.64.0/24',
		});
		const found = watched.page.locator('.results-count');
		await found.filter({ hasText: new RegExp(`^${words(matching)} rows?$`) }).waitFor();
		// With what is not searched for yet.
		await watched.page.getByRole('searchbox').fill('10.0.65.');
		await watched.page.getByRole('button', { name: 'Clear' }).click();

		await watched.page.getByRole('button', { name: 'RTT' }).click();
		await expect.poll(chosen).toEqual({ sort: '-rtt' });
		const slowest = sql<{ host: string }>(
			'SELECT host FROM results WHERE run_id = 2 ORDER BY rtt_ms DESC, position LIMIT 3',
		);
		for (const [index, { host }] of slowest.entries()) await rowHas(index, host);
		await wellMade('Stored results');

		await expectReachable(watched);

		// Who opened a row and comes back finds it again.
		await row(0).focus();
		const opened = watched.page.locator('[data-row]:focus');
		let there = 0;
		for (let pages = 0; pages < 3; pages += 1) {
			await watched.page.keyboard.press('PageDown');
			// The next one is drawn before it is focused.
			await expect.poll(async () => Number(await opened.getAttribute('data-row'))).toBeGreaterThan(there);
			there = Number(await opened.getAttribute('data-row'));
		}
		expect(there).toBeGreaterThan(15);
		await opened.locator('.badge').waitFor();
		await watched.page.keyboard.press('Enter');
		await shown('Round-trip time over runs');
		await watched.page.goBack();
		await watched.page.locator(`[data-row="${there}"][tabindex="0"] .badge`).waitFor();

		const needle = 'www-4';
		await open(`/results?q=${needle}`);
		const first = sql<{ host: string }>(
			`SELECT host FROM results WHERE run_id = 2 AND host LIKE '%${needle}%' ORDER BY position LIMIT 1`,
		);
		await rowHas(0, first[0]!.host);
	});

	test('Results: scrolled far, by keyboard', async () => {
		await open('/results');
		await rowIsThere(0);
		await row(0).focus();
		// Each press goes to the last row that is known, and makes the next ones known.
		for (let pages = 1; pages <= 12; pages += 1) {
			await watched.page.keyboard.press('End');
			await watched.page.locator(`[data-row="${pages * 200 - 1}"]:focus .badge`).waitFor();
			await rowIsThere(pages * 200);
		}
		const position = 2_390;
		const [there] = sql<{ host: string }>(
			`SELECT host FROM results WHERE run_id = 2 AND position = ${position}`,
		);
		await rowHas(position, there!.host);
		await watched.page.keyboard.press('Home');
		await rowHas(0, '10.0.0.0');
		expect(watched.takeFaults()).toEqual([]);
	});

	test('Map: from the whole down to one address, and its history', async () => {
		await open('/map');
		const prefix = '10.0.3.0/24';
		await watched.page.getByRole('grid').waitFor();
		for (const step of rows > 65_536 ? ['10.0.0.0/16', prefix] : [prefix]) {
			await watched.page.getByRole('gridcell', { name: step, exact: false }).click();
		}
		await shown('10.0.3.0 to 10.0.3.255');
		const inside = `run_id = 2 AND host GLOB '10.0.3.*'`;
		const parts = ['up', 'down'].map((status) => count(`${inside} AND status = '${status}'`));
		await shown(`${parts[0]} up, ${parts[1]} down`);
		await wellMade('Stored map');
		await watched.page.getByRole('gridcell', { name: /^10\.0\.3\.10:/ }).click();
		await shown('Round-trip time over runs');
		const history = sql<{ status: string }>(
			`SELECT status FROM results WHERE position = 778 AND host = '10.0.3.10' ORDER BY run_id DESC`,
		);
		const badges = watched.page.locator('tbody .badge');
		await expect.poll(() => badges.allInnerTexts()).toEqual(history.map(({ status }) => status));
		await wellMade('Stored host');
	});

	test('Runs, and the two compared', async () => {
		await open('/runs');
		await watched.page.getByLabel('Compare run 1').check();
		await watched.page.getByLabel('Compare run 2').check();
		await wellMade('Stored runs');
		await watched.page.getByRole('button', { name: 'Compare #1 with #2' }).click();
		const [expected] = sql<Record<string, number>>(`
			WITH
				was AS MATERIALIZED (SELECT position, status, rtt_ms FROM results WHERE run_id = 1),
				is_ AS MATERIALIZED (SELECT position, status, rtt_ms FROM results WHERE run_id = 2)
			SELECT
				sum(was.status = 'up' AND is_.status = 'down') AS 'newly down',
				sum(was.status <> 'up' AND is_.status = 'up') AS 'newly up',
				sum(
					was.status = 'up' AND is_.status = 'up'
					AND is_.rtt_ms > 1.5 * was.rtt_ms AND is_.rtt_ms - was.rtt_ms > 5
				) AS slower
			FROM was JOIN is_ USING (position)`);
		for (const [kind, found] of Object.entries(expected!)) {
			const button = watched.page.getByRole('button', { name: kind });
			await expect
				.poll(() => textOf(button), { message: kind, timeout: hungMs })
				.toMatch(new RegExp(`\\b${words(found)}$`));
		}
		await watched.page.getByRole('button', { name: 'newly down' }).click();
		await row(0).locator('.badge').first().waitFor();
		await wellMade('Stored compare');
		await show(watched.page, { theme: 'light', width: 360 });
		await row(0).locator('.badge').first().waitFor();
		// An address stands there whole.
		const isCut = `(() => {
			const name = document.querySelector('[data-row="0"] .host-name');
			return name.textContent.length < 16 && name.scrollWidth > name.clientWidth;
		})()`;
		await expect.poll(() => watched.page.evaluate(isCut)).toBe(false);
	});
});

/** A number as the page writes it. */
function words(count: number): string {
	return count.toLocaleString('en-US');
}
