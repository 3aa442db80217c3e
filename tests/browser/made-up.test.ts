/** What no run does by itself, in a real browser: names that attack, a page that is left alone, a run that never ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import { main as report } from '../../master/report/cli.ts';
import { formatCount } from '../../shared/format.ts';
import { chunksHeldMax, eventsHeldMax, reopenMsMin } from '../../shared/limits.ts';
import { addRun, tamper } from '../master/export/export-fixture.ts';
import { blockOfAnswers, laneOf, monitorFixture } from '../master/monitor/monitor-fixture.ts';
import { describeUnless, notLong, sizeOf, testUnless, withoutBrowser } from '../requirements.ts';
import { printed } from '../security/capture.ts';
import { hostile, unsafeIn } from '../security/unsafe-text.ts';
import type { WatchedPage } from './browser.ts';
import { openBrowser, openPage } from './browser.ts';
import { countFrames } from './frames.ts';
import { openLeavablePage } from './hidden-page.ts';
import { expectWellMade, looksAt, show, textOf, tooWide } from './looks.ts';
import type { ServedRun } from './served.ts';
import { serveRun } from './served.ts';

const markup = '<img src=x onerror=alert(1)><script>alert(2)</script>';
const names = [
	markup,
	'"onmouseover="alert(3)"x="',
	'javascript:alert(4)',
	'a'.repeat(253),
	'\u05d0\u05d1\u05d2.example.\u0627\u0644\u0639',
	...Object.values(hostile),
];
/** Of runs whose numbers a database gives, and of which a monitor speaks. */
const runId = 7;
/** Of a long run. No more than a monitor remembers. */
const chunksPerUpdate = 4_000;
const eventsPerUpdate = 900;

// Most views are looked at several times, at several widths.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

describeUnless(withoutBrowser() ?? notLong(), 'a page', () => {
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-browser-'));
	const db = join(folder, 'hosts.db');
	const block = blockOfAnswers([
		{ status: 'up', rttMs: 1.5 },
		{ status: 'down', reason: 'timeout' },
	]);
	let browser: Browser;
	let served: ServedRun;
	let watched: WatchedPage;
	const run = monitorFixture({ total: names.length, lanes: names.map((name) => laneOf(name)) });

	beforeAll(async () => {
		const opening = openBrowser();
		for (let id = 1; id <= runId; id += 1) await addRun(db, { rows: id < runId - 1 ? 1 : names.length });
		tamper(db, [
			// No list can have such hosts, but a database can.
			...[runId - 1, runId].flatMap((id) =>
				names.map((name, i): [string, string, number] => [
					'UPDATE answers SET host = ? WHERE id = ?',
					name,
					id * 2 ** 32 + i,
				]),
			),
			// In the newest run, all of them have changed.
			['UPDATE answers SET outcome = (SELECT max(outcome) FROM answers) WHERE id >> 32 = ?', runId],
			['UPDATE workers SET name = ?', markup],
		]);
		run.begin();
		for (const [i, name] of names.entries()) {
			const id = run.ask(name, 2, i % 2 === 0 ? 'first' : 'again');
			run.observer.answered!(id, block);
			run.observer.closed!(id, i % 2 === 0 ? undefined : new WorkerFailure('broken', name), false);
			run.monitor.event({ type: 'worker-unreachable', worker: name, message: name });
			run.monitor.event({ type: 'notice', message: name, level: 'warning' });
			run.keep(name, block);
			run.wait(100);
		}
		served = await serveRun(run.monitor, db, runId);
		browser = await opening;
		watched = await openPage(browser, { origin: served.url });
	});
	afterAll(async () => {
		await browser?.close();
		await served?.[Symbol.asyncDispose]();
		rmSync(folder, { recursive: true });
		expect(served?.faults).toEqual([]);
	});

	describe('with names that attack', () => {
		const shown: readonly (readonly [path: string, text: string])[] = [
			['/', 'Hosts with an answer'],
			['/workers', 'onerror'],
			['/tasks', 'onerror'],
			['/results', 'onerror'],
			[`/hosts?host=${encodeURIComponent(names[0]!)}`, 'onerror'],
			['/compare?before=6', 'onerror'],
			['/events', 'onerror'],
		];
		test.each(shown)('shows them as text: %s', async (path, text) => {
			const { page } = watched;
			await page.goto(`${served.url}${path}`);
			const main = page.locator('main');
			await main.getByText(text).filter({ visible: true }).first().waitFor();
			await expectHarmless(watched);
			await expectWellMade(watched, path, looksAt({ isKnown: true }));
			for (const width of [390, 1_024]) {
				await show(page, { theme: 'dark', width });
				await expect.poll(() => tooWide(page), { message: `${width} px` }).toEqual([]);
			}
		});

		test('shows them as text in a report, which asks nobody for anything', async () => {
			const file = join(folder, 'report.html');
			expect(await printed(report, ['--db', db, '--run', String(runId), '-o', file])).toMatchObject({
				code: 0,
			});
			await using alone = await openPage(browser, { origin: undefined });
			await alone.page.goto(`file://${file}`);
			expect(await textOf(alone.page.locator('body'))).toContain('<script>alert(2)</script>');
			await expectHarmless(alone);
			await expectWellMade(alone, 'report', looksAt());
			expect(alone.requests()).toBe(1);
			// On a phone a table is wider than the page, and moves: its words stay whole.
			await show(alone.page, { theme: 'dark', width: 390 });
			const words = alone.page.locator('td span:text-is("down")');
			expect(await words.evaluateAll((all) => all.map((word) => word.getClientRects().length))).toContain(1);
			expect(
				await words.evaluateAll((all) => all.filter((word) => word.getClientRects().length > 1)),
			).toEqual([]);
		});
	});

	test('runs no script but its own, and asks nobody else, whoever puts it in', async () => {
		// What a browser says of it may come late: not to who looks at this page next.
		await using attacked = await openPage(browser, { origin: served.url });
		const { page } = attacked;
		await page.goto(served.url);
		await page.evaluate(`(() => {
			const script = document.createElement('script');
			script.textContent = 'window.injected = true';
			document.head.append(script);
			const button = document.createElement('button');
			button.setAttribute('onclick', 'window.injected = true');
			document.body.append(button);
			button.click();
			button.remove();
		})()`);
		expect(await page.evaluate('window.injected')).toBeUndefined();
		const asking = page.evaluate(`fetch('http://127.0.0.1:1/').then(() => 'answered', () => 'refused')`);
		expect(await asking).toBe('refused');
		const faults: string[] = [];
		const refusals = () => {
			faults.push(...attacked.takeFaults());
			return faults.filter((fault) => /Content Security Policy/.test(fault)).length;
		};
		await expect.poll(refusals).toBeGreaterThanOrEqual(3);
	});

	test('that nobody looks at asks for nothing, until somebody does', async () => {
		await using page = await openLeavablePage(browser, `${served.url}/workers`);
		const text = () => page.evaluate<string>(`document.querySelector('.connection')?.textContent ?? ''`);
		await expect.poll(text).toBe('Live');
		await expect.poll(page.open).toBe(1);
		// The views that were not shown yet come behind the first one.
		const views = ['tasks', 'results', 'hosts', 'map', 'runs', 'compare', 'events'];
		const isAsked = (view: string) => page.asked.some((path) => path.startsWith(`/assets/${view}-`));
		await expect.poll(() => views.filter((view) => !isAsked(view))).toEqual([]);
		await page.leave();
		await expect.poll(() => page.evaluate('document.visibilityState')).toBe('hidden');
		await expect.poll(page.open).toBe(0);
		const before = page.asked.length;
		expect(page.asked.filter((path) => path === '/api/live')).toHaveLength(1);
		// Longer than any of its views waits before it asks again.
		run.monitor.event({ type: 'notice', message: 'while nobody looked' });
		await sleep(sizeOf({ ci: 12_000, long: 30_000 }));
		expect(page.asked.slice(before)).toEqual([]);
		await page.comeBack();
		await expect.poll(() => page.asked.slice(before)).toContain('/api/live');
		await expect.poll(page.open).toBe(1);
	});

	test('opens its stream anew when nothing comes of it, as behind the sleep of a machine', async () => {
		await using slept = await openPage(browser, { origin: served.url });
		const { page } = slept;
		let streams = 0;
		page.on('request', (request) => {
			if (new URL(request.url()).pathname === '/api/live') streams += 1;
		});
		await page.clock.install({ time: 0 });
		await page.goto(`${served.url}/workers`);
		const stateIs = (text: RegExp) => page.locator('.connection', { hasText: text }).waitFor();
		await stateIs(/^Live$/);
		// An hour goes by at once, and then no time at all.
		await page.clock.pauseAt(3_600_000);
		await stateIs(/^Reconnecting/);
		await page.clock.fastForward(reopenMsMin);
		await stateIs(/^Live$/);
		expect(streams).toBe(2);
		expect(slept.takeFaults()).toEqual([]);
	});

	test.each([
		{ path: '/', canvases: 3, frames: 0 },
		{ path: '/tasks', canvases: 2, frames: 2 },
	])('draws all of an update in one frame, and charts not with every one: $path', async (view) => {
		await using counted = await openPage(browser, { origin: served.url });
		const asked = await countFrames(counted.page);
		/** Half a second of the run goes by with each of so many updates. */
		const goOn = async (updates: number) => {
			for (let left = updates; left > 0; left -= 1) {
				const before = (await asked.now()).updates;
				const id = run.ask(names[0]!, 2);
				run.observer.answered!(id, block);
				run.observer.closed!(id, undefined, false);
				run.keep(names[0]!, block);
				run.wait(500);
				await expect.poll(async () => (await asked.now()).updates, { interval: 20 }).toBeGreaterThan(before);
				// A machine that is slow to lay them out does it some time later.
				if (view.path === '/tasks') await summary(counted.page, id).waitFor();
			}
			return asked.atRest();
		};
		await counted.page.goto(`${served.url}${view.path}`);
		await counted.page.locator('.connection', { hasText: 'Live' }).waitFor();
		// With the first ones, charts and lanes come into the page.
		const before = await goOn(2);
		const after = await goOn(3);
		const updates = after.updates - before.updates;
		expect(after.frames - before.frames).toBeLessThanOrEqual(updates * view.frames);
		const pictures = view.path === '/' ? Math.ceil(updates / 2) : updates;
		expect(after.pictures - before.pictures).toBeLessThanOrEqual(pictures * view.canvases);
		expect(counted.takeFaults()).toEqual([]);
	});

	test('has in its table of chunks the last one, too, however soon it came behind another one', async () => {
		const { page } = watched;
		await page.goto(`${served.url}/tasks`);
		await page.locator('.connection', { hasText: /^Live$/ }).waitFor();
		await page.getByText('chunks as a table').click();
		for (const end of ['ok', 'failed']) {
			const id = run.ask(names[0]!, 2);
			run.observer.closed!(id, end === 'ok' ? undefined : new WorkerFailure('broken', 'reset'), false);
			run.wait(50);
			const row = page.locator('.chunk-table tbody tr', { hasText: `r-${id}` });
			await row.getByText(end).first().waitFor();
		}
		expect(watched.takeFaults()).toEqual([]);
	});

	testUnless(notLong(), 'takes no more memory the longer a run is, nor does its server', async () => {
		await using full = await openPage(browser, { origin: served.url });
		const asked = await countFrames(full.page);
		await full.page.goto(`${served.url}/tasks`);
		await full.page.locator('.timeline canvas').first().waitFor();
		/** With each of so many updates the page is told of thousands of chunks, and of hundreds of events. */
		const goOn = async (updates: number): Promise<void> => {
			for (let left = updates; left > 0; left -= 1) {
				const before = (await asked.now()).updates;
				for (let count = 0; count < chunksPerUpdate; count += 1) {
					const name = names[count % names.length]!;
					const id = run.ask(name, 2);
					run.observer.sent!(id, 0);
					run.observer.answered!(id, block);
					run.observer.closed!(id, undefined, false);
					// No faster than a monitor remembers them.
					run.wait(2);
				}
				run.keep(names[0]!, block);
				for (let count = 0; count < eventsPerUpdate; count += 1) {
					run.monitor.event({ type: 'notice', message: `update ${left}, event ${count}` });
				}
				await expect.poll(async () => (await asked.now()).updates).toBeGreaterThan(before);
			}
			await summary(full.page, chunksHeldMax).waitFor();
			await asked.atRest();
		};
		const pageBytes = async (): Promise<number> => {
			await full.cdp.send('HeapProfiler.collectGarbage');
			return (await full.cdp.send('Runtime.getHeapUsage')).usedSize;
		};
		// As much as is held, by a page and by a monitor, before it is measured first.
		await goOn(Math.ceil(Math.max(chunksHeldMax / chunksPerUpdate, eventsHeldMax / eventsPerUpdate)));
		const early = { page: await pageBytes(), server: serverBytes() };
		await goOn(sizeOf({ ci: 10, long: 150 }));
		// Far less than the chunks of that time would be: forty thousand, of some hundred bytes each.
		await expect.poll(async () => (await pageBytes()) - early.page).toBeLessThan(4_000_000);
		await expect.poll(() => serverBytes() - early.server).toBeLessThan(4_000_000);
		expect(full.takeFaults()).toEqual([]);
	});
});

/** The words under a task stream that has so many chunks. */
function summary(page: Page, chunks: number): Locator {
	return page.locator('.timeline-note', { hasText: `${formatCount(chunks)} chunks of` });
}

/** Bytes of this process's heap that are in use. */
function serverBytes(): number {
	setFlagsFromString('--expose-gc');
	(runInNewContext('gc') as () => void)();
	return getHeapStatistics().used_heap_size;
}

/** Nothing was made of a name but text, and none of it hides or moves. */
async function expectHarmless(watched: WatchedPage): Promise<void> {
	const made = `document.querySelectorAll('main script, main img, main iframe, main [onerror], main [onmouseover]').length`;
	expect(await watched.page.evaluate(made)).toBe(0);
	const text: string = await watched.page.evaluate(
		`(document.querySelector('.frame') ?? document.body).textContent`,
	);
	// The page keeps letters from right to left, in elements of their own, and our own marks have hard spaces.
	const others = text.replaceAll(/[\p{Script=Hebrew}\p{Script=Arabic}\u00a0]/gu, 'x');
	expect(unsafeIn(others)).toBeUndefined();
	expect(watched.takeFaults()).toEqual([]);
}
