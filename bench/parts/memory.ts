/** Ten million targets from one line: the master's memory must not grow with them, nor its pace fall. */
import type { Bench, Contender, Part } from '../bench.ts';
import { addressRange, firstAliveHost, writeList } from '../hosts.ts';
import { startInstantWorker } from '../pingpool/instant-process.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { MemoryCourse } from '../pingpool/memory-course.ts';
import { runRounds } from '../rounds.ts';
import { rateRatio } from '../statistics.ts';

/** How far a tenth of the list goes. */
const share = 10;

function contender(bench: Bench, hosts: number): Contender {
	const list = writeList(bench.folder, `${hosts}.txt`, `${addressRange(firstAliveHost, hosts)}\n`);
	return {
		name: `${hosts.toLocaleString('en-US')} targets from one range`,
		async run() {
			await using worker = await startInstantWorker(bench);
			const course = new MemoryCourse();
			const watch = (pid: number): void => course.look(pid, worker.answered());
			const result = await runMaster(bench, { hosts: list, workers: [worker.url], watch });
			const { figures, ...turn } = masterTurn(result);
			return { ...turn, figures: { ...figures, growth: course.growthBehind(bench.hosts / share) } };
		},
	};
}

export const memoryPart: Part = {
	name: 'memory',
	title: 'Master, targets from one range, workers that answer at once',
	// The workers answer for any address and send nothing: 10.0.0.0/8 has as many.
	hosts: { full: 10_000_000, quick: 200_000, max: 2 ** 24 },
	async run(bench) {
		const few = Math.max(1, Math.floor(bench.hosts / share));
		const series = await runRounds(bench, [contender(bench, bench.hosts), contender(bench, few)]);
		const [all, tenth] = series;
		const figure = (name: string): number[] => all!.turns.map(({ figures }) => figures![name]!);
		return {
			series,
			checks: [
				{
					what: 'resident memory at most',
					values: figure('peak MB'),
					unit: ' MB',
					target: { relation: '≤', value: 300 },
				},
				{
					what: `peak behind the first ${few.toLocaleString('en-US')} / peak within them`,
					values: figure('growth'),
					unit: ' ×',
					target: { relation: '≤', value: 1.1 },
				},
				...rateRatio(all, tenth, { relation: '≥', value: 0.85 }),
			],
			notes: [],
		};
	},
};
