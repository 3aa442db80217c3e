/** How long things take to start, over what Node itself takes. */
import { bin } from '../../tests/process.ts';
import type { Bench, Contender, Part, Series, Turn } from '../bench.ts';
import { addressLines, firstAliveHost, writeList } from '../hosts.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { measureSuccess } from '../process.ts';
import { runRounds } from '../rounds.ts';
import { perRound } from '../statistics.ts';
import { echoesIn, readEchoesSent } from '../usage.ts';

const hostsOfSmallRun = 10;
const lookMs = 1;

async function commandTurn(bench: Bench, args: readonly string[]): Promise<Turn> {
	const { seconds } = await measureSuccess(bench, [process.execPath, ...args]);
	return { seconds };
}

async function workerTurn(bench: Bench): Promise<Turn> {
	const startedAt = performance.now();
	await using _worker = await startWorker(bench);
	return { seconds: (performance.now() - startedAt) / 1000 };
}

/** From the start of a master with an embedded worker to the first echo request that leaves the namespace. */
async function firstProbeTurn(bench: Bench, list: string): Promise<Turn> {
	const before = echoesIn(bench.lab.exec('cat', '/proc/net/snmp'));
	const startedAt = performance.now();
	let firstAt: number | undefined;
	const watch = (pid: number): void => {
		if (firstAt === undefined && (readEchoesSent(pid, bench.link) ?? 0) > before) firstAt = performance.now();
	};
	await runMaster(bench, { hosts: list, workers: [], watch, everyMs: lookMs });
	if (firstAt === undefined) throw new Error('no echo request was seen');
	return { seconds: (firstAt - startedAt) / 1000 };
}

export const startPart: Part = {
	name: 'start',
	title: 'Start',
	hosts: undefined,
	roundsMin: 11,
	async run(bench) {
		const list = writeList(bench.folder, 'hosts.txt', addressLines(firstAliveHost, hostsOfSmallRun));
		const contenders: Contender[] = [
			{ name: 'node -e 0', run: () => commandTurn(bench, ['-e', '0']) },
			{ name: 'pingpool --help', run: () => commandTurn(bench, [bin, '--help']) },
			{ name: 'pingpool master --help', run: () => commandTurn(bench, [bin, 'master', '--help']) },
			{ name: 'pingpool worker --help', run: () => commandTurn(bench, [bin, 'worker', '--help']) },
			{ name: 'worker ready', run: () => workerTurn(bench) },
			{ name: 'first probe, embedded worker', run: () => firstProbeTurn(bench, list) },
		];
		const series = await runRounds(bench, contenders);
		const [node, ...ours] = series;
		const over = (one: Series, seconds: number) => ({
			what: `${one.name}, over node -e 0`,
			values: perRound(one, node, (a, b) => a.seconds - b.seconds)!,
			unit: ' s',
			target: { relation: '≤', value: seconds } as const,
		});
		const targets = [0.15, 0.15, 0.15, 0.4, 0.6];
		return {
			series,
			checks: ours.map((one, i) => over(one, targets[i]!)),
			notes: [],
		};
	},
};
