/** hosts.txt → master → one worker over HTTP → committed rows. */
import type { Bench, Contender, Part } from '../bench.ts';
import { addressLines, aliveHostsMax, firstAliveHost, writeList } from '../hosts.ts';
import { dask, daskContender, daskName } from '../peers/dask.ts';
import { fping } from '../peers/fping.ts';
import { missingNotes } from '../peers/peer.ts';
import { zmap, zmapContender } from '../peers/zmap.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { runRounds, seriesOf } from '../rounds.ts';
import { answerRatio, rateRatio } from '../statistics.ts';

/** @param separate whether the worker is a process of its own, as on another machine, or the embedded one */
function pipelineContender(bench: Bench, list: string, separate: boolean): Contender {
	return {
		name: `pingpool, ${separate ? 'one worker' : 'embedded worker'}`,
		async run() {
			await using worker = separate ? await startWorker(bench) : undefined;
			const result = await runMaster(bench, {
				hosts: list,
				workers: worker === undefined ? [] : [worker.url],
			});
			const turn = masterTurn(result);
			if (worker === undefined) return turn;
			const figures = {
				...turn.figures,
				'worker CPU s': worker.cpuSeconds(),
				'worker peak MB': worker.memoryPeakBytes() / 1e6,
			};
			return { ...turn, figures };
		},
	};
}

export const pipelinePart: Part = {
	name: 'pipeline',
	title: 'hosts.txt → master → one worker over HTTP → committed rows, alive hosts',
	hosts: { full: 1_000_000, quick: 50_000, max: aliveHostsMax },
	async run(bench) {
		const list = writeList(bench.folder, 'hosts.txt', addressLines(firstAliveHost, bench.hosts));
		const contenders = [pipelineContender(bench, list, true), pipelineContender(bench, list, false)];
		if (zmap.version() !== undefined) contenders.push(zmapContender(bench));
		if (dask.version() !== undefined) {
			if (fping.version() !== undefined) {
				contenders.push(daskContender(bench, 'fping'), daskContender(bench, 'fpingText'));
			}
			contenders.push(daskContender(bench, 'ping'));
		}
		const series = await runRounds(bench, contenders);
		const ours = series[0];
		return {
			series,
			checks: [
				...rateRatio(ours, seriesOf(series, 'zmap'), { relation: '≥', value: 0.85 }),
				...answerRatio(ours, seriesOf(series, 'zmap')),
				...rateRatio(ours, seriesOf(series, daskName('fping')), { relation: '≥', value: 2.8 }),
				...rateRatio(ours, seriesOf(series, daskName('fpingText')), { relation: '≥', value: 2.8 }),
				...rateRatio(ours, seriesOf(series, daskName('ping')), { relation: '≥', value: 130 }),
			],
			notes: missingNotes([zmap, dask, fping]),
		};
	},
};
