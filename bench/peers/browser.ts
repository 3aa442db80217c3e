/**
 * Who looks at a dashboard, in the lab. The browser is a real one (Chromium, driven by playwright-core over a pipe), so
 * it draws all that a person would see, on the machine that is measured.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Bench } from '../bench.ts';
import { readTreeCpuSeconds } from '../usage.ts';

export interface Watcher extends AsyncDisposable {
	/** Opens a page that somebody serves, and stays. */
	watch(url: string): Promise<void>;
	/** updates of the run that have reached the page */
	updates(): number;
	/** CPU time of the browser since it began to watch; `undefined` when there is none */
	cpuSeconds(): number | undefined;
}

/** Where Debian puts it. */
export const browserPath = '/usr/bin/chromium';

/** Reads what a page on another machine would be sent: its files, and the stream of the run. */
export function startReader({ lab }: Pick<Bench, 'lab'>): Watcher {
	let updates = 0;
	let reader: ChildProcess | undefined;
	return {
		async watch(url) {
			const [file, ...args] = lab.command('curl', '--silent', '--no-buffer', url, `${url}api/live`);
			reader = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
			reader.stdout!.on('data', (bytes: Buffer) => {
				if (bytes.includes('event: update')) updates += 1;
			});
		},
		updates: () => updates,
		cpuSeconds: () => undefined,
		async [Symbol.asyncDispose]() {
			reader?.kill();
		},
	};
}

/** @param nice priority of the browser, 19 for the lowest: what it draws then waits for whoever else has work */
export async function startWatcher(
	{ lab, folder }: Pick<Bench, 'lab' | 'folder'>,
	nice: number,
): Promise<Watcher> {
	const command = lab.command('nice', '-n', String(nice), browserPath).map((word) => `'${word}'`);
	const script = join(folder, `browser-${nice}.sh`);
	writeFileSync(script, `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`, { mode: 0o700 });
	// A server says which process it is.
	const server = await chromium.launchServer({ executablePath: script, args: ['--no-sandbox'] });
	const browser = await chromium.connect(server.wsEndpoint());
	const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
	const session = await page.context().newCDPSession(page);
	await session.send('Network.enable');
	let updates = 0;
	session.on('Network.eventSourceMessageReceived', ({ eventName }) => {
		if (eventName === 'update') updates += 1;
	});
	const cpuNow = () => readTreeCpuSeconds(server.process().pid!);
	let cpuBefore = 0;
	return {
		async watch(url) {
			cpuBefore = cpuNow();
			// A run that ends meanwhile takes its page along.
			await page.goto(url, { waitUntil: 'commit' }).catch(() => undefined);
		},
		updates: () => updates,
		cpuSeconds: () => cpuNow() - cpuBefore,
		async [Symbol.asyncDispose]() {
			await browser.close();
			await server.close();
		},
	};
}
