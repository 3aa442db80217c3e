/**
 * Takes the pictures of docs/ anew: of a real run on loopback by four workers, one of which dies, and of a database of
 * many runs.
 *
 *   node tests/browser/screenshots.ts [--hosts 100000] [--rows 200000] [--out docs/images]
 */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { formatIpv4 } from '../../shared/ip.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import { writeLargeDatabase } from '../large-database.ts';
import { openEvents } from '../master/dashboard/event-stream.ts';
import { closedPort, foreignServer, listening } from '../servers.ts';
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
	{ name: 'workers', path: '/workers', awaits: 'text=set aside', width: 1_680, height: 560 },
	{ name: 'tasks', path: '/tasks', awaits: '.timeline canvas' },
	{ name: 'events', path: '/events', awaits: 'text=broke off', height: 560 },
	{ name: 'run', path: '/', awaits: '.status-card', height: 960 },
	{ name: 'run-dark-phone', path: '/', awaits: '.status-card', width: 390, height: 844, theme: 'dark' },
];
const storedShots: readonly Shot[] = [
	{ name: 'results', path: '/results?status=down&sort=-checked', awaits: '[data-row="5"] .badge' },
	{ name: 'map', path: '/map?prefix=10.0.0.0/16', awaits: '.map-grid', height: 900 },
	{ name: 'compare', path: '/compare', awaits: '[data-row="5"] .badge', height: 900 },
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

/** A web server whose pages take from no time to half a second, most of them little. */
function variedServer() {
	let count = 0;
	return createServer((_request, response) => {
		count += 1;
		const waitMs = 500 * ((Math.imul(count, 0x9e37_79b1) >>> 0) / 2 ** 32) ** 4;
		setTimeout(() => response.writeHead(count % 40 === 0 ? 503 : 200).end('fine'), waitMs);
	});
}

/** Web servers and closed ports first: a master asks for pings before all else. */
async function writeList(space: Workspace, silentPort: number, variedPort: number): Promise<void> {
	const closed = await closedPort();
	const others = hosts >> 4;
	const lines = Array.from({ length: others }, (_, i) => {
		if (i % 50 === 0) return `http://127.0.0.1:${silentPort}/${i}`;
		return i % 3 === 0 ? `tcp://127.9.${i >> 8}.${i & 255}:${closed}` : `http://127.0.0.1:${variedPort}/${i}`;
	});
	const first = 0x7f0a_0000;
	for (let address = first; address < first + hosts - others; address += 1) lines.push(formatIpv4(address));
	space.write('hosts.txt', lines);
}

async function shootRun(browser: Browser): Promise<void> {
	using space = new Workspace();
	await using cleanUp = new AsyncDisposableStack();
	const silent = cleanUp.use(await foreignServer('silence'));
	const varied = variedServer();
	cleanUp.defer(() => void varied.close());
	await writeList(space, silent.port, await listening(varied));
	const rate = String(Math.ceil(hosts / runSeconds / 4));
	const workers = await Promise.all(
		[1, 2, 3, 4].map(async (n) => {
			const address = ['--host', `127.0.0.1${n}`, '--port', '8786'];
			const policy = ['--allow', '127.0.0.0/8', '--deny', '127.10.64.0/21'];
			const env = { PINGPOOL_TOKEN: token };
			const worker = cleanUp.use(space.start(['worker', ...address, ...policy, '--rate', rate], { env }));
			const [url] = await worker.says(/http:\/\/[\d.]+:\d+/);
			return { worker, url };
		}),
	);
	space.write(
		'workers.txt',
		workers.map(({ url }) => url),
	);
	const env = { PINGPOOL_TOKEN: token, PINGPOOL_DASHBOARD: '127.0.0.1:0' };
	const master = cleanUp.use(space.start(['master', '--workers', 'workers.txt'], { env }));
	const [, url] = await master.says(/dashboard: (http:\/\/127\.0\.0\.1:\d+)\//);
	using stream = await openEvents(`${url}/api/live`);
	let seen = 0;
	const reached = async (share: number): Promise<void> => {
		for (; ; seen += 1) {
			await stream.reached(seen + 1);
			const { done, total } = stream.events[seen]!.data.run;
			if (done >= share * total) return;
		}
	};
	const shoot = await opened(browser, url!, liveShots);
	await reached(0.4);
	workers[dying]!.worker.child.kill('SIGKILL');
	await reached(0.7);
	await shoot();
	await master.exited;
}

async function shootStored(browser: Browser): Promise<void> {
	using space = new Workspace();
	await writeLargeDatabase({ path: space.path('hosts.db'), rows, runs });
	await using serving = space.start(['serve', '--listen', '127.0.0.1:0']);
	const [, url] = await serving.says(/(http:\/\/127\.0\.0\.1:\d+)\//);
	const [host] = space.rows<{ host: string }>(changedHost);
	const path = `/hosts?host=${host!.host}`;
	const shoot = await opened(browser, url!, [...storedShots, { name: 'host', path, awaits: '.uplot' }]);
	await shoot();
}

mkdirSync(values.out, { recursive: true });
await using browser = await openBrowser();
await shootRun(browser);
await shootStored(browser);
