/** What every view has to be, whatever it shows: for everybody, at every width, in both themes. */
import axe from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { sizeOf } from '../requirements.ts';
import type { Theme, WatchedPage } from './browser.ts';
import { themes, widths } from './browser.ts';

export interface Look {
	readonly theme: Theme;
	readonly width: number;
}

const allLooks: readonly Look[] = widths.flatMap((width) => themes.map((theme) => ({ theme, width })));

/** All of them in CI; else one, another one for every view, as each takes axe a while. */
export function someLooks(view: string): readonly Look[] {
	const place = [...view].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
	return sizeOf({ usual: [allLooks[place % allLooks.length]!], ci: allLooks, long: allLooks });
}

const heightPx = 900;

/** Looks at a page as it is now: no violations of axe, nothing wider than the window, no fault. */
export async function expectWellMade(
	watched: WatchedPage,
	name: string,
	looks: readonly Look[],
): Promise<void> {
	const { page } = watched;
	for (const look of looks) {
		await show(page, look);
		const where = `${name}, ${look.theme}, ${look.width} px`;
		expect(await tooWide(page), `${where}: beyond the window`).toEqual([]);
		expect(await violations(page), `${where}: axe`).toEqual([]);
		expect(watched.takeFaults(), `${where}: faults`).toEqual([]);
	}
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
