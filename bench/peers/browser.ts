/**
 * A browser in the lab that looks at a dashboard. It is a real one (Chromium, driven by playwright-core over a pipe), so
 * it draws all that a person would see, on the machine that is measured.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Bench } from '../bench.ts';

export interface Watcher extends AsyncDisposable {
	/** Opens the page as soon as somebody serves it, and stays. Resolves when it is shown, or after `leave`. */
	watch(url: string): Promise<void>;
	/** waits for nobody any more */
	leave(): void;
	/** updates of the run that have reached the page */
	updates(): number;
}

/** Where Debian puts it. */
export const browserPath = '/usr/bin/chromium';
const againMs = 25;

/** @param nice priority of the browser, 19 for the lowest: what it draws then waits for whoever else has work */
export async function startWatcher(
	{ lab, folder }: Pick<Bench, 'lab' | 'folder'>,
	nice: number,
): Promise<Watcher> {
	const command = lab.command('nice', '-n', String(nice), browserPath).map((word) => `'${word}'`);
	const script = join(folder, `browser-${nice}.sh`);
	writeFileSync(script, `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`, { mode: 0o700 });
	const browser = await chromium.launch({ executablePath: script, args: ['--no-sandbox'] });
	const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
	const session = await page.context().newCDPSession(page);
	await session.send('Network.enable');
	let updates = 0;
	session.on('Network.eventSourceMessageReceived', ({ eventName }) => {
		if (eventName === 'update') updates += 1;
	});
	let isGone = false;
	return {
		async watch(url) {
			while (!isGone) {
				const shown = await page.goto(url, { waitUntil: 'commit' }).catch(() => undefined);
				if (shown !== undefined) return;
				await new Promise((resolve) => setTimeout(resolve, againMs));
			}
		},
		leave: () => {
			isGone = true;
		},
		updates: () => updates,
		async [Symbol.asyncDispose]() {
			isGone = true;
			await browser.close();
		},
	};
}
