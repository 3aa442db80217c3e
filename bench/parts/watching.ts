/**
 * What it costs a run to be watched: the same run without a dashboard, with one that nobody looks at, and with a browser
 * on its page. The browser is on the machine that is measured, which has the master and the worker on it as well: at the
 * lowest priority it takes what they leave, as one on another machine would; at the usual one it takes its share of the
 * processor, and what that costs is in its figures.
 */
import { existsSync } from 'node:fs';
import type { Bench, Check, Contender, Part } from '../bench.ts';
import { addressLines, aliveHostsMax, firstAliveHost, writeList } from '../hosts.ts';
import type { Watcher } from '../peers/browser.ts';
import { browserPath, startWatcher } from '../peers/browser.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { runRounds } from '../rounds.ts';
import { rateRatio } from '../statistics.ts';

const address = '127.0.0.1:8787';

/** @param nice priority of the browser; `undefined` for none */
function contender(
	bench: Bench,
	list: string,
	name: string,
	args: readonly string[],
	nice?: number,
): Contender {
	return {
		name,
		async run() {
			await using worker = await startWorker(bench);
			await using watcher: Watcher | undefined =
				nice === undefined ? undefined : await startWatcher(bench, nice);
			const watching = watcher?.watch(`http://${address}/`);
			const result = await runMaster(bench, { hosts: list, workers: [worker.url], args });
			watcher?.leave();
			await watching;
			const turn = masterTurn(result);
			const figures = { ...turn.figures, 'worker CPU s': worker.cpuSeconds() };
			if (watcher === undefined) return { ...turn, figures };
			return { ...turn, figures: { ...figures, 'updates shown': watcher.updates() } };
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
			contender(bench, list, 'no dashboard', ['--no-dashboard']),
			contender(bench, list, 'a dashboard that nobody looks at', on),
		];
		const hasBrowser = existsSync(browserPath);
		if (hasBrowser) {
			contenders.push(
				contender(bench, list, 'a browser of the lowest priority', on, 19),
				contender(bench, list, 'a browser that shares the processor', on, 0),
			);
		}
		const series = await runRounds(bench, contenders);
		const [without, unseen, ...watched] = series;
		const target = { relation: '≥', value: 0.97 } as const;
		const checks: Check[] = [unseen, ...watched].flatMap((one) => rateRatio(one, without, target));
		return { series, checks, notes: hasBrowser ? [] : [`${browserPath} is missing: nobody watched`] };
	},
};
