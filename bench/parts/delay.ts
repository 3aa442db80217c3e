/** A worker 50 ms away must be nearly as fast as one that is near. */
import type { Bench, Contender, Part } from '../bench.ts';
import { addressLines, aliveHostsMax, firstAliveHost, writeList } from '../hosts.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { startProxy } from '../pingpool/proxy-process.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { runRounds } from '../rounds.ts';
import { rateRatio } from '../statistics.ts';

function contender(bench: Bench, list: string, roundTripMs: number): Contender {
	return {
		name: `worker ${roundTripMs} ms away`,
		async run() {
			await using worker = await startWorker(bench);
			await using proxy = await startProxy(bench, worker.url, roundTripMs / 2);
			return masterTurn(await runMaster(bench, { hosts: list, workers: [proxy.url] }));
		},
	};
}

export const delayPart: Part = {
	name: 'delay',
	title: 'A worker behind a proxy that delays, alive hosts',
	hosts: { full: 500_000, quick: 20_000, max: aliveHostsMax },
	async run(bench) {
		const list = writeList(bench.folder, 'hosts.txt', addressLines(firstAliveHost, bench.hosts));
		const series = await runRounds(bench, [contender(bench, list, 50), contender(bench, list, 0)]);
		const [far, near] = series;
		return { series, checks: rateRatio(far, near, { relation: '≥', value: 0.9 }), notes: [] };
	},
};
