/** A list that is all dead may take the timeout longer than one that is all alive, and a quarter more work. */
import type { Bench, Contender, Part } from '../bench.ts';
import { addressLines, aliveHostsMax, firstAliveHost, firstDeadHost, writeList } from '../hosts.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { runRounds } from '../rounds.ts';
import { perRound } from '../statistics.ts';

const timeoutMs = 1_000;

function contender(bench: Bench, name: string, first: number): Contender {
	const list = writeList(bench.folder, `${name}.txt`, addressLines(first, bench.hosts));
	const args = ['--attempts', '1', '--timeout', String(timeoutMs)];
	return {
		name: `${name} hosts`,
		async run() {
			await using worker = await startWorker(bench);
			const result = await runMaster(bench, { hosts: list, workers: [worker.url], args });
			const { figures, ...turn } = masterTurn(result);
			return { ...turn, figures: { down: result.down, error: result.error, ...figures } };
		},
	};
}

export const deadPart: Part = {
	name: 'dead',
	title: 'A list that is all dead, 1 attempt, timeout 1 s',
	hosts: { full: 100_000, quick: 10_000, max: aliveHostsMax },
	async run(bench) {
		const series = await runRounds(bench, [
			contender(bench, 'dead', firstDeadHost),
			contender(bench, 'alive', firstAliveHost),
		]);
		const [dead, alive] = series;
		const values = perRound(dead, alive, (a, b) => a.seconds / (timeoutMs / 1000 + 1.25 * b.seconds))!;
		const notDown = dead!.turns.map(({ hosts, figures }) => hosts! - figures!.down!);
		return {
			series,
			checks: [
				{
					what: 'dead / (1 s + 1.25 × alive)',
					values,
					unit: ' ×',
					target: { relation: '≤', value: 1 },
				},
				{ what: 'dead hosts not down', values: notDown, unit: '', target: { relation: '≤', value: 0 } },
			],
			notes: [],
		};
	},
};
