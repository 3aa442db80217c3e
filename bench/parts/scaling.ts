/** Cost per host at growing sizes. Beyond the hosts that the lab has alive, workers answer at once instead. */
import type { Bench, Contender, Part, Turn } from '../bench.ts';
import { addressRange, aliveHostsMax, firstAliveHost, writeList } from '../hosts.ts';
import { startInstantWorker } from '../pingpool/instant-process.ts';
import type { MasterResult } from '../pingpool/master-process.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { runRounds } from '../rounds.ts';
import { rateOf } from '../statistics.ts';

/** Each size is so many times the one before. */
const step = 10;
const sizes = 4;

function scalingTurn(result: MasterResult, workerCpuSeconds: number): Turn {
	const { hosts, up, seconds, runSeconds, cpuSeconds, memoryPeakBytes, databaseBytes } = result;
	const millions = hosts / 1e6;
	return {
		...{ hosts, up, seconds },
		figures: {
			'hosts/s of the run itself': hosts / runSeconds,
			'master CPU s/million': cpuSeconds / millions,
			'worker CPU s/million': workerCpuSeconds / millions,
			'peak MB': memoryPeakBytes / 1e6,
			'database bytes/host': databaseBytes / hosts,
		},
	};
}

function contender(bench: Bench, hosts: number): Contender {
	const list = writeList(bench.folder, `${hosts}.txt`, `${addressRange(firstAliveHost, hosts)}\n`);
	const count = hosts.toLocaleString('en-US');
	if (hosts > aliveHostsMax) {
		return {
			name: `${count} hosts, instant worker`,
			async run() {
				await using worker = await startInstantWorker(bench);
				return scalingTurn(await runMaster(bench, { hosts: list, workers: [worker.url] }), 0);
			},
		};
	}
	return {
		name: `${count} alive hosts, one worker`,
		async run() {
			await using worker = await startWorker(bench);
			const before = worker.cpuSeconds();
			const result = await runMaster(bench, { hosts: list, workers: [worker.url] });
			return scalingTurn(result, worker.cpuSeconds() - before);
		},
	};
}

export const scalingPart: Part = {
	name: 'scaling',
	title: 'Cost per host at growing sizes',
	hosts: { full: 10_000_000, quick: 100_000, max: 2 ** 24 },
	async run(bench) {
		const counts = Array.from({ length: sizes }, (_, i) => Math.floor(bench.hosts / step ** (sizes - 1 - i)));
		const contenders = counts.filter((hosts) => hosts > 0).map((hosts) => contender(bench, hosts));
		const series = await runRounds(bench, contenders);
		return {
			series,
			checks: series.map(({ name, turns }) => ({
				what: name,
				values: turns.map(rateOf),
				unit: ' hosts/s',
				target: undefined,
			})),
			notes: [
				`The lab has ${aliveHostsMax.toLocaleString('en-US')} alive hosts; more are answered by an instant worker.`,
			],
		};
	},
};
