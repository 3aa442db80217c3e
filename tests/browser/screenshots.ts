/**
 * Takes the pictures of docs/ anew: of a real run by four workers, one of which dies, in a network of namespaces, and
 * of a database of many runs. As root, on Linux.
 *
 *   node tests/browser/screenshots.ts [--hosts 100000] [--rows 200000] [--out docs/images]
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { formatIpv4, parseIpv4 } from '../../shared/ip.ts';
import { createRandom } from '../../shared/random.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import { createLab } from '../lab/lab.ts';
import { writeLargeDatabase } from '../large-database.ts';
import { browserPath } from '../requirements.ts';
import type { Theme } from './browser.ts';
import { openBrowser, openPage } from './browser.ts';
import { drawn } from './looks.ts';

const { values } = parseArgs({
	options: {
		hosts: { type: 'string', default: '100000' },
		rows: { type: 'string', default: '200000' },
		out: { type: 'string', default: 'docs/images' },
	},
});
const hosts = Number(values.hosts);
/** of each run */
const rows = Number(values.rows);
const runs = 14;
/** How long the run goes on, about. */
const runSeconds = 26;
const dying = 2;

interface Shot {
	readonly name: string;
	readonly path: string;
	readonly width?: number;
	readonly height?: number;
	readonly theme?: Theme;
	/** what has to be there */
	readonly awaits: string;
}

const liveShots: readonly Shot[] = [
	{ name: 'workers', path: '/workers', awaits: 'text=set aside', width: 1_680, height: 720 },
	{ name: 'tasks', path: '/tasks', awaits: '.timeline canvas' },
	{ name: 'events', path: '/events', awaits: 'text=broke off', height: 560 },
	{ name: 'run', path: '/', awaits: '.status-card', height: 960 },
	{ name: 'run-dark-phone', path: '/', awaits: '.status-card', width: 390, height: 844, theme: 'dark' },
];
const storedShots: readonly Shot[] = [
	{ name: 'results', path: '/results?status=down&sort=-checked', awaits: '[data-row="5"] .badge' },
	{ name: 'map', path: '/map?prefix=10.0.0.0/16', awaits: '.map-grid', height: 900 },
	{ name: 'compare', path: '/compare', awaits: '[data-row="5"] .badge', height: 760 },
];

/** One that was not always up, and not always as far away. */
const changedHost = `
	SELECT host FROM results WHERE position BETWEEN 256 AND 20000 AND host GLOB '10.*' GROUP BY host
	HAVING sum(status = 'up') BETWEEN 10 AND 13 AND max(rtt_ms) > 1.5 * min(rtt_ms) LIMIT 1`;

/** Opens each view, and keeps it open: those of a run that goes on have more to show the longer they were. */
async function opened(browser: Browser, url: string, shots: readonly Shot[]): Promise<() => Promise<void>> {
	const pages = await Promise.all(
		shots.map(async (shot) => {
			const { width = 1_280, height = 800, theme = 'light' } = shot;
			const { page } = await openPage(browser, { origin: url, width, height, theme });
			await page.goto(`${url}${shot.path}`);
			return { shot, page };
		}),
	);
	return async () => {
		for (const { shot, page } of pages) {
			await page.locator(shot.awaits).filter({ visible: true }).first().waitFor();
			await drawn(page);
			await page.screenshot({ path: join(values.out, `${shot.name}.png`) });
			process.stdout.write(`${shot.name}\n`);
		}
	};
}

/** Hosts of the lab in all its moods, one beside the other: most answer at once, others late, or not at all. */
function writeList(space: Workspace): void {
	const next = new Map<string, number>();
	const hostOf = (first: string): string => {
		const count = next.get(first) ?? 0;
		// The responder's blocks are small.
		if (first.startsWith('10.64.') && count === 256) return hostOf('10.0.0.0');
		next.set(first, count + 1);
		return formatIpv4(parseIpv4(first) + count);
	};
	const random = createRandom(1);
	const lines = Array.from({ length: hosts }, () => {
		const draw = random.next();
		if (draw < 0.8) return hostOf('10.0.0.0');
		// 10 ms for each of the third part: few of them are far away.
		if (draw < 0.87) return hostOf(`10.64.${Math.floor(60 * random.next() ** 3)}.0`);
		if (draw < 0.96) return hostOf('10.128.0.0');
		if (draw < 0.98) return hostOf('10.192.0.0');
		return hostOf(draw < 0.99 ? '10.193.0.0' : '10.194.0.0');
	});
	space.write('hosts.txt', lines);
}

async function shootRun(): Promise<void> {
	using space = new Workspace();
	await using cleanUp = new AsyncDisposableStack();
	const lab = await createLab({ responder: true });
	cleanUp.defer(() => lab.close());
	const starter = space.write('browser.sh', `#!/bin/sh\nexec ${lab.command(browserPath()).join(' ')} "$@"\n`);
	chmodSync(space.path(starter), 0o700);
	const browser = cleanUp.use(await openBrowser(space.path(starter)));
	writeList(space);
	const rate = String(Math.ceil(hosts / runSeconds / 4));
	const workers = await Promise.all(
		[1, 2, 3, 4].map(async (n) => {
			const address = ['--host', `127.0.0.1${n}`, '--port', '8786'];
			const args = ['worker', ...address, '--rate', rate, '--deny', '10.0.64.0/21'];
			const worker = cleanUp.use(space.start(args, { env: { PINGPOOL_TOKEN: token }, lab }));
			const [url] = await worker.says(/http:\/\/[\d.]+:\d+/);
			return { worker, url };
		}),
	);
	space.write(
		'workers.txt',
		workers.map(({ url }) => url),
	);
	const env = { PINGPOOL_TOKEN: token, PINGPOOL_DASHBOARD: '127.0.0.1:8787' };
	const master = cleanUp.use(space.start(['master', '--workers', 'workers.txt'], { env, lab }));
	const [, url] = await master.says(/dashboard: (http:\/\/127\.0\.0\.1:\d+)\//);
	const { page } = await openPage(browser, { origin: url });
	await page.goto(url!);
	const reached = async (share: number): Promise<void> => {
		const bar = page.getByRole('progressbar');
		while (Number(await bar.getAttribute('aria-valuenow')) < share * hosts) await sleep(100);
	};
	const shoot = await opened(browser, url!, liveShots);
	await reached(0.4);
	workers[dying]!.worker.child.kill('SIGKILL');
	await reached(0.7);
	await shoot();
	await master.exited;
}

async function shootStored(): Promise<void> {
	using space = new Workspace();
	await using browser = await openBrowser();
	await writeLargeDatabase({ path: space.path('hosts.db'), rows, runs });
	await using serving = space.start(['serve', '--listen', '127.0.0.1:0']);
	const [, url] = await serving.says(/(http:\/\/127\.0\.0\.1:\d+)\//);
	const [host] = space.rows<{ host: string }>(changedHost);
	const path = `/hosts?host=${host!.host}`;
	const shoot = await opened(browser, url!, [...storedShots, { name: 'host', path, awaits: '.uplot' }]);
	await shoot();
}

mkdirSync(values.out, { recursive: true });
await shootRun();
await shootStored();
