/** The master alone: real HTTP to workers that answer at once, every row committed. */
import type { Bench, Contender, Part } from '../bench.ts';
import { addressLines, aliveHostsMax, firstAliveHost, writeList } from '../hosts.ts';
import { dask, daskContender, daskName } from '../peers/dask.ts';
import { missingNotes } from '../peers/peer.ts';
import { startInstantWorker } from '../pingpool/instant-process.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { runRounds, seriesOf } from '../rounds.ts';
import { rateOf, rateRatio } from '../statistics.ts';

const durable = ['--durability', 'full'] as const;

function masterContender(
	bench: Bench,
	list: string,
	workers: 1 | 2,
	args: readonly string[] = [],
): Contender {
	return {
		name: [`pingpool master, ${workers} instant worker${workers === 1 ? '' : 's'}`, ...args].join(' '),
		async run() {
			await using first = await startInstantWorker(bench);
			await using second = workers === 2 ? await startInstantWorker(bench) : undefined;
			const urls = [first, second].flatMap((worker) => worker?.url ?? []);
			return masterTurn(await runMaster(bench, { hosts: list, workers: urls, args }));
		},
	};
}

export const masterPart: Part = {
	name: 'master',
	title: 'Master alone, workers that answer at once, rows committed',
	hosts: { full: 1_000_000, quick: 100_000, max: aliveHostsMax },
	async run(bench) {
		const list = writeList(bench.folder, 'hosts.txt', addressLines(firstAliveHost, bench.hosts));
		const contenders = [
			masterContender(bench, list, 1),
			masterContender(bench, list, 2),
			masterContender(bench, list, 1, durable),
		];
		if (dask.version() !== undefined) {
			contenders.push(
				...(['none', 'noneText', 'singles'] as const).map((which) => daskContender(bench, which)),
			);
		}
		const series = await runRounds(bench, contenders);
		const [one, two, synced] = series;
		return {
			series,
			checks: [
				...[one, two].map((ours, i) => ({
					what: ours!.name,
					values: ours!.turns.map(rateOf),
					unit: ' hosts/s',
					target: i === 0 ? ({ relation: '≥', value: 500_000 } as const) : undefined,
				})),
				{
					what: `${one!.name}, without start, reading of the list and end`,
					values: one!.turns.map(({ hosts, figures }) => hosts! / figures!['run s']!),
					unit: ' hosts/s',
					target: undefined,
				},
				...rateRatio(synced, one),
				...rateRatio(one, seriesOf(series, daskName('none')), { relation: '≥', value: 7 }),
				...rateRatio(one, seriesOf(series, daskName('noneText'))),
				...rateRatio(one, seriesOf(series, daskName('singles')), { relation: '≥', value: 200 }),
			],
			notes: missingNotes([dask]),
		};
	},
};
