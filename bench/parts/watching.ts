/**
 * What it costs a run to be watched: the same run without a dashboard, with one that nobody looks at, and with a browser
 * on its page. A browser on another machine costs the run what it sends: that is a reader of the same stream. A browser on
 * the machine that is measured, whose two cores the master, the worker and the kernel keep busy, takes its share of them
 * besides, at the lowest priority as at the usual one.
 */
import { existsSync } from 'node:fs';
import type { Bench, Check, Contender, Part, Turn } from '../bench.ts';
import { addressLines, aliveHostsMax, firstAliveHost, writeList } from '../hosts.ts';
import type { Watcher } from '../peers/browser.ts';
import { browserPath, startReader, startWatcher } from '../peers/browser.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { runRounds } from '../rounds.ts';
import { perRound } from '../statistics.ts';
import { isListening } from '../usage.ts';

const port = 8787;
const address = `127.0.0.1:${port}`;

/** Who looks at the dashboard: nobody, somebody who reads what a page would, or a browser of a priority. */
type Looks = 'nobody' | 'stream' | { readonly nice: number };

async function startLooking(bench: Bench, looks: Looks): Promise<Watcher | undefined> {
	if (looks === 'nobody') return undefined;
	return looks === 'stream' ? startReader(bench) : startWatcher(bench, looks.nice);
}

function contender(
	bench: Bench,
	list: string,
	name: string,
	args: readonly string[],
	looks: Looks,
): Contender {
	return {
		name,
		async run() {
			await using worker = await startWorker(bench);
			await using watcher = await startLooking(bench, looks);
			let watching: Promise<void> | undefined;
			const result = await runMaster(bench, {
				hosts: list,
				workers: [worker.url],
				args,
				watch: (pid) => {
					if (watching === undefined && watcher !== undefined && isListening(pid, port)) {
						watching = watcher.watch(`http://${address}/`);
					}
				},
			});
			await watching;
			const turn = masterTurn(result);
			const figures = { ...turn.figures, 'worker CPU s': worker.cpuSeconds() };
			if (watcher === undefined) return { ...turn, figures };
			const browserCpu = watcher.cpuSeconds();
			return {
				...turn,
				figures: {
					...figures,
					updates: watcher.updates(),
					...(browserCpu !== undefined && { 'browser CPU s': browserCpu }),
				},
			};
		},
	};
}

export const watchingPart: Part = {
	name: 'watching',
	title: 'The pipeline with its dashboard, and with a browser on it',
	hosts: { full: 1_000_000, quick: 50_000, max: aliveHostsMax },
	roundsMin: 3,
	async run(bench) {
		const list = writeList(bench.folder, 'hosts.txt', addressLines(firstAliveHost, bench.hosts));
		const on = ['--dashboard', address];
		const contenders = [
			contender(bench, list, 'no dashboard', ['--no-dashboard'], 'nobody'),
			contender(bench, list, 'a dashboard that nobody looks at', on, 'nobody'),
			contender(bench, list, 'a page elsewhere', on, 'stream'),
		];
		const hasBrowser = existsSync(browserPath);
		if (hasBrowser) {
			contenders.push(
				contender(bench, list, 'a browser of the lowest priority', on, { nice: 19 }),
				contender(bench, list, 'a browser that shares the processor', on, { nice: 0 }),
			);
		}
		const series = await runRounds(bench, contenders);
		const [without, unseen, ...watched] = series;
		const target = { relation: '≥', value: 0.97 } as const;
		const ofRun = ({ hosts, figures }: Turn): number => hosts! / figures!['run s']!;
		const checks: Check[] = [unseen, ...watched].map((one, i) => ({
			what: `${one!.name} / no dashboard, rate of the run`,
			values: perRound(one, without, (a, b) => ofRun(a) / ofRun(b))!,
			unit: ' ×',
			// What a browser takes of the same two cores is its own.
			target: i < 2 ? target : undefined,
		}));
		return { series, checks, notes: hasBrowser ? [] : [`${browserPath} is missing: nobody watched`] };
	},
};
