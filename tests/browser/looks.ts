/** What every view has to be, whatever it shows: for everybody, at every width, in both themes. */
import axe from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { sizeOf } from '../requirements.ts';
import type { Theme, WatchedPage } from './browser.ts';
import { hungMs, themes, widths } from './browser.ts';

export interface Look {
	readonly theme: Theme;
	readonly width: number;
}

const allLooks: readonly Look[] = widths.flatMap((width) => themes.map((theme) => ({ theme, width })));

/** Both themes and every width, each once at least. */
const fewLooks: readonly Look[] = [
	{ theme: 'dark', width: 390 },
	{ theme: 'light', width: 1_024 },
	{ theme: 'dark', width: 1_920 },
];

/** All of them; in CI a few for a view that is looked at with other data, too, as each takes axe a while. */
export function looksAt({ isKnown = false } = {}): readonly Look[] {
	return sizeOf({ ci: isKnown ? fewLooks : allLooks, long: allLooks });
}

const heightPx = 900;

/**
 * Looks at a page as it is now: no violations of axe, nothing wider than the window, nothing empty below, no fault. What
 * is still on its way to another width, or is just drawn anew, is looked at again.
 */
export async function expectWellMade(
	watched: WatchedPage,
	name: string,
	looks: readonly Look[],
): Promise<void> {
	const { page } = watched;
	for (const look of looks) {
		await show(page, look);
		const where = `${name}, ${look.theme}, ${look.width} px`;
		await expect.poll(() => tooWide(page), { message: `${where}: beyond the window` }).toEqual([]);
		await expect
			.poll(() => emptyBelowPx(page), { message: `${where}: px of nothing below the page` })
			.toBeLessThanOrEqual(1);
		await expect.poll(() => violations(page), { message: `${where}: axe`, timeout: hungMs }).toEqual([]);
		expect(watched.takeFaults(), `${where}: faults`).toEqual([]);
	}
	expect(watched.takeFaults(), `${name}: faults`).toEqual([]);
}

/** Goes through the page by the tabulator key, and expects to come by everything that can be used, and to see where. */
export async function expectReachable({ page }: WatchedPage): Promise<void> {
	const count: number = await page.evaluate(`(() => {
		const selector = 'a[href], button:not(:disabled), select, input, summary, [tabindex="0"]';
		window.missed = new Set([...document.querySelectorAll(selector)].filter((each) => each.checkVisibility()));
		document.activeElement?.blur();
		return window.missed.size;
	})()`);
	const unmarked = new Set<string>();
	for (let turn = 0; turn < count + 5; turn += 1) {
		await page.keyboard.press('Tab');
		const unseen: string | null = await page.evaluate(`(() => {
			const element = document.activeElement;
			window.missed.delete(element);
			const { outlineStyle, boxShadow } = getComputedStyle(element);
			return outlineStyle === 'none' && boxShadow === 'none' ? element.outerHTML.slice(0, 120) : null;
		})()`);
		if (unseen !== null && !unseen.startsWith('<body')) unmarked.add(unseen);
	}
	const missed = await page.evaluate('[...window.missed].map((element) => element.outerHTML.slice(0, 120))');
	expect(missed, 'out of reach').toEqual([]);
	expect([...unmarked], 'without a mark of the focus').toEqual([]);
}

/** Gives the page a theme and a width, and waits until it has drawn itself so. */
export async function show(page: Page, { theme, width }: Look): Promise<void> {
	await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
	await page.setViewportSize({ width, height: heightPx });
	await drawn(page);
}

/** Resolves when what has changed so far is on the screen. */
export async function drawn(page: Page): Promise<void> {
	await page.evaluate(
		'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))',
	);
}

/** The text of an element as it is shown: with its line breaks, without what is hidden. */
export function textOf(locator: Locator): Promise<string> {
	// biome-ignore lint/performance/useDomNodeTextContent: tests read what people do
	return locator.innerText();
}

/** Elements that make the page wider than its window. What scrolls in a part of its own is no such thing. */
export async function tooWide(page: Page): Promise<string[]> {
	return page.evaluate(`(() => {
		const root = document.documentElement;
		if (root.scrollWidth <= root.clientWidth) return [];
		return [...document.querySelectorAll('body *')]
			.filter((element) => element.getBoundingClientRect().right > root.clientWidth + 0.5)
			.slice(0, 5)
			.map((element) => element.outerHTML.slice(0, 120));
	})()`);
}

/** How far one can scroll beyond the end of what is there: what is hidden in a table must not stick out of it. */
async function emptyBelowPx(page: Page): Promise<number> {
	return page.evaluate(`(() => {
		const { clientHeight, scrollHeight } = document.documentElement;
		const { bottom } = (document.querySelector('.frame') ?? document.body).getBoundingClientRect();
		return scrollHeight - Math.max(clientHeight, bottom + scrollY);
	})()`);
}

/** How far a table has to be scrolled sideways for all of it to be seen, in px. */
export async function besideTablePx(page: Page): Promise<number> {
	return page.evaluate(`(() => {
		const { scrollWidth, clientWidth } = document.querySelector('.table-scroll');
		return scrollWidth - clientWidth;
	})()`);
}

async function violations(page: Page): Promise<string[]> {
	if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
	return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
		violations.flatMap(({ id, help, nodes }) =>
			nodes.slice(0, 3).map(({ html, failureSummary }) =>
				id + ' (' + help + '): ' + html.slice(0, 200) + ' ' + failureSummary.slice(0, 300)
			)
		)
	)`);
}
