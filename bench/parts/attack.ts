/**
 * What strangers without a token cost a good client: a master's run over one worker while one attack goes on,
 * against the same run without it, in turns. The attackers share the machine, so their rates are bounded
 * (tests/attack/attacks.ts) and their processes have the lowest priority; what they take nevertheless is in the
 * figures, and counts against the worker.
 */
import { attackCommand, endAttack } from '../../tests/attack/attacker-process.ts';
import type { Attack } from '../../tests/attack/attacks.ts';
import { attacks } from '../../tests/attack/attacks.ts';
import type { Bench, Check, Contender, Part, Series } from '../bench.ts';
import { addressLines, aliveHostsMax, firstAliveHost, writeList } from '../hosts.ts';
import { runMaster } from '../pingpool/master-process.ts';
import { masterTurn } from '../pingpool/master-turn.ts';
import { startWorker } from '../pingpool/worker-process.ts';
import { startInLab } from '../process.ts';
import { runRounds } from '../rounds.ts';
import { rateRatio } from '../statistics.ts';
import { readCpuSeconds } from '../usage.ts';

/** @param rate probes per second of the worker; 0 for no ceiling */
function contender(bench: Bench, list: string, rate: number, attack: Attack | undefined): Contender {
	const pace = rate === 0 ? 'no ceiling' : `${rate} probes/s`;
	return {
		name: `${attack?.name ?? 'quiet'}, ${pace}`,
		async run() {
			await using worker = await startWorker(bench, rate);
			const run = async () => {
				const result = await runMaster(bench, { hosts: list, workers: [worker.url] });
				const { error } = result;
				const { figures: ofMaster, ...turn } = masterTurn(result);
				return {
					...turn,
					figures: { error, 'run s': ofMaster!['run s']!, 'worker CPU s': worker.cpuSeconds() },
				};
			};
			if (attack === undefined) return await run();
			const port = Number(new URL(worker.url).port);
			await using attacker = startInLab(bench, attackCommand(port, attack.name));
			await attacker.says(/attacking/);
			const turn = await run();
			const attackers = { 'attackers CPU s': readCpuSeconds(attacker.child.pid!) ?? 0 };
			const { opened } = await endAttack(attacker);
			return { ...turn, figures: { ...turn.figures, ...attackers, opened } };
		},
	};
}

export const attackPart: Part = {
	name: 'attack',
	title: 'One worker under attack by strangers, alive hosts',
	hosts: { full: 200_000, quick: 20_000, max: aliveHostsMax },
	roundsMin: 3,
	async run(bench) {
		const all: Series[] = [];
		const checks: Check[] = [];
		for (const [rate, share] of [
			[0, 1],
			[10_000, 0.2],
		] as const) {
			const hosts = Math.ceil(bench.hosts * share);
			const list = writeList(bench.folder, `${hosts}.txt`, addressLines(firstAliveHost, hosts));
			for (const attack of attacks) {
				const series = await runRounds(bench, [
					contender(bench, list, rate, undefined),
					contender(bench, list, rate, attack),
				]);
				const [quiet, attacked] = series;
				all.push(...series);
				checks.push(...rateRatio(attacked, quiet, { relation: '≥', value: 0.9 }));
			}
		}
		return {
			series: all,
			checks,
			notes: attacks.map(({ name, title, perSecond, held }) => {
				return `${name}: ${title}; ${perSecond} connections/s, ${held} held at a time.`;
			}),
		};
	},
};
