/** Ten million names and addresses in a random order: what the master needs to tell duplicates apart. */
import type { Bench, Contender, Part } from '../bench.ts';
import { startInstantWorker } from '../pingpool/instant-process.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { runRounds } from '../rounds.ts';
import { writeShuffledList } from '../shuffled-list.ts';

const seed = 1;

function contender(bench: Bench, list: string): Contender {
	return {
		name: 'pingpool master, shuffled names and addresses',
		async run() {
			await using worker = await startInstantWorker(bench);
			return masterTurn(await runMaster(bench, { hosts: list, workers: [worker.url] }));
		},
	};
}

export const shuffledPart: Part = {
	name: 'shuffled',
	title: 'Master, a shuffled file of names and addresses, workers that answer at once',
	hosts: { full: 10_000_000, quick: 100_000, max: 2 ** 24 },
	async run(bench) {
		const list = writeShuffledList(bench.folder, bench.hosts, seed);
		const series = await runRounds(bench, [contender(bench, list)]);
		const values = series[0]!.turns.map(({ figures }) => figures!['peak MB']!);
		return {
			series,
			checks: [
				{ what: 'resident memory at most', values, unit: ' MB', target: { relation: '≤', value: 450 } },
			],
			notes: [`Half names, half addresses; seed ${seed}.`],
		};
	},
};
