/** Four workers of which one is ten times slower: nobody must wait for it at the end. */
import type { Bench, Contender, Part } from '../bench.ts';
import { addressLines, aliveHostsMax, firstAliveHost, writeList } from '../hosts.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { runRounds } from '../rounds.ts';

/** Probes per second; so few that the machine itself is no bottleneck. */
const rates = [10_000, 10_000, 10_000, 1_000];
const rateOfAll = rates.reduce((sum, rate) => sum + rate, 0);

function contender(bench: Bench, list: string): Contender {
	return {
		name: `4 workers: ${rates.join(', ')} probes/s`,
		async run() {
			await using workers = new AsyncDisposableStack();
			const urls: string[] = [];
			for (const rate of rates) urls.push(workers.use(await startWorker(bench, rate)).url);
			return masterTurn(await runMaster(bench, { hosts: list, workers: urls }));
		},
	};
}

export const unevenPart: Part = {
	name: 'uneven',
	title: 'Four workers, one ten times slower, alive hosts',
	hosts: { full: 310_000, quick: 31_000, max: aliveHostsMax },
	async run(bench) {
		const list = writeList(bench.folder, 'hosts.txt', addressLines(firstAliveHost, bench.hosts));
		const series = await runRounds(bench, [contender(bench, list)]);
		const idealSeconds = bench.hosts / rateOfAll;
		const values = series[0]!.turns.map(({ seconds }) => seconds / idealSeconds);
		return {
			series,
			checks: [{ what: 'time / ideal time', values, unit: ' ×', target: { relation: '≤', value: 1.2 } }],
			notes: [`The ideal time is hosts / ${rateOfAll} per second.`],
		};
	},
};
