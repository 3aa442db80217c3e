/** A real Chromium, and pages of it that note whatever a page of ours must not do. */
import type { Browser, CDPSession, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { browserPath } from '../requirements.ts';

export const themes = ['light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** Only what hangs takes so long, in a browser on a crowded machine. */
export const hungMs = 100_000;

/** A phone, a small window, a wide screen; in px. */
export const widths = [390, 1_024, 1_920] as const;

export interface WatchedPage extends AsyncDisposable {
	readonly page: Page;
	readonly cdp: CDPSession;
	/** errors and warnings of the console, thrown errors, refusals of the content policy, dialogs, answers that are errors,
	 * and requests to anybody else, since the last time */
	takeFaults(): string[];
	/** requests so far */
	requests(): number;
	/** What breaks because its server has gone is no fault from now on. */
	allowGone(): void;
}

export interface WatchedOptions {
	readonly width?: number;
	readonly height?: number;
	readonly theme?: Theme;
	/** that pages may ask; `undefined` for pages that may ask nobody */
	readonly origin: string | undefined;
}

/** @param executablePath a program that starts it in another way */
export async function openBrowser(executablePath = browserPath()): Promise<Browser> {
	return chromium.launch({
		executablePath,
		// Root has no sandbox. Tests measure what a page holds, and want no help of a graphics card.
		args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-gpu'],
		timeout: hungMs,
	});
}

/** A page in a context of its own, in which nothing is remembered. */
export async function openPage(browser: Browser, options: WatchedOptions): Promise<WatchedPage> {
	const { width = 1_280, height = 800, theme = 'light', origin } = options;
	const context = await browser.newContext({
		viewport: { width, height },
		colorScheme: theme,
		// Half-way through a transition, colours are nobody's.
		reducedMotion: 'reduce',
		locale: 'en-GB',
	});
	context.setDefaultTimeout(hungMs);
	const page = await context.newPage();
	const cdp = await context.newCDPSession(page);
	const faults: string[] = [];
	let requests = 0;
	let mayBeGone = false;
	page.on('console', (message) => {
		if (message.type() !== 'error' && message.type() !== 'warning') return;
		const text = message.text();
		if (!(mayBeGone && /net::ERR_/.test(text))) faults.push(`console: ${text}`);
	});
	page.on('pageerror', (error) => faults.push(`thrown: ${error.stack ?? error.message}`));
	page.on('dialog', (dialog) => {
		faults.push(`dialog: ${dialog.message()}`);
		void dialog.dismiss().catch(() => undefined);
	});
	page.on('request', (request) => {
		requests += 1;
		const url = new URL(request.url());
		if (url.protocol !== 'data:' && url.protocol !== 'file:' && url.origin !== origin) {
			faults.push(`request to ${request.url()}`);
		}
	});
	page.on('response', (response) => {
		if (response.status() >= 400) faults.push(`${response.status()} for ${response.url()}`);
	});
	return {
		page,
		cdp,
		takeFaults: () => faults.splice(0),
		requests: () => requests,
		allowGone: () => {
			mayBeGone = true;
		},
		[Symbol.asyncDispose]: () => context.close(),
	};
}
