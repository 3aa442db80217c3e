/** Under full load, nobody is called down, and round-trip times stay true. */
import type { Bench, Contender, Part, Series } from '../bench.ts';
import { addressLines, aliveHostsMax, firstAliveHost, writeList } from '../hosts.ts';
import { fping } from '../peers/fping.ts';
import { fpingRttContender } from '../peers/fping-rtt.ts';
import { missingNotes } from '../peers/peer.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { medianRttMs } from '../pingpool/round-trips.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { runRounds } from '../rounds.ts';
import { perRound } from '../statistics.ts';

/** Where our own load can not matter; the comparison with fping. */
const lowLoad = { hosts: 500, ratePerSecond: 200 };

/** @param rate probes per second of the worker; 0 for no ceiling */
function contender(bench: Bench, name: string, hosts: number, rate: number): Contender {
	const list = writeList(bench.folder, `${hosts}.txt`, addressLines(firstAliveHost, hosts));
	return {
		name,
		async run() {
			await using worker = await startWorker(bench, rate);
			let rttMs = Number.NaN;
			const inspect = (db: string): void => {
				rttMs = medianRttMs(db);
			};
			const result = await runMaster(bench, { hosts: list, workers: [worker.url], inspect });
			const { down, error } = result;
			const figures = { down, error, 'RTT median ms': rttMs };
			return { ...masterTurn(result), figures };
		},
	};
}

function figureOf(series: Series | undefined, name: string): number[] {
	return series!.turns.map(({ figures }) => figures![name]!);
}

/** Differences of the median round-trip times, in either direction. */
function rttDistance(a: Series | undefined, b: Series | undefined): number[] | undefined {
	const median = 'RTT median ms';
	return perRound(a, b, (one, other) => Math.abs(one.figures![median]! - other.figures![median]!));
}

export const accuracyPart: Part = {
	name: 'accuracy',
	title: 'Accuracy under full load, alive hosts',
	hosts: { full: 1_000_000, quick: 20_000, max: aliveHostsMax },
	async run(bench) {
		const { hosts, ratePerSecond } = lowLoad;
		const contenders = [
			contender(bench, 'pingpool, full load', bench.hosts, 0),
			contender(bench, `pingpool, ${ratePerSecond} hosts/s`, hosts, ratePerSecond),
		];
		if (fping.version() !== undefined) contenders.push(fpingRttContender(bench, hosts, ratePerSecond));
		const series = await runRounds(bench, contenders);
		const [full, low, theirs] = series;
		const besideFping = rttDistance(low, theirs);
		return {
			series,
			checks: [
				{ what: 'down', values: figureOf(full, 'down'), unit: ' hosts', target: { relation: '≤', value: 0 } },
				{
					what: 'errors',
					values: figureOf(full, 'error'),
					unit: ' hosts',
					target: { relation: '≤', value: 0 },
				},
				{
					what: 'RTT median, full load against low',
					values: rttDistance(full, low)!,
					unit: ' ms',
					target: { relation: '≤', value: 1 },
				},
				...(besideFping === undefined
					? []
					: [
							{
								what: 'RTT median, low load against fping',
								values: besideFping,
								unit: ' ms',
								target: { relation: '≤', value: 0.05 } as const,
							},
						]),
			],
			notes: missingNotes([fping]),
		};
	},
};
