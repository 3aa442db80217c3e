/** The ICMP engine alone, against programs that do nothing else. */
import { fileURLToPath } from 'node:url';
import type { Bench, Contender, Part } from '../bench.ts';
import { aliveHostsMax } from '../hosts.ts';
import { fping, fpingContender } from '../peers/fping.ts';
import { masscan, masscanContender } from '../peers/masscan.ts';
import { missingNotes } from '../peers/peer.ts';
import { zmap, zmapContender } from '../peers/zmap.ts';
import { measureSuccess } from '../process.ts';
import { runRounds, seriesOf } from '../rounds.ts';
import { answerRatio, rateRatio } from '../statistics.ts';

const child = fileURLToPath(new URL('../pingpool/engine-child.ts', import.meta.url));

interface EngineReport {
	readonly hosts: number;
	readonly up: number;
	readonly seconds: number;
}

function engineContender(bench: Bench, mode: 'datagram' | 'raw'): Contender {
	return {
		name: `pingpool engine, ${mode} socket`,
		async run() {
			const command = [process.execPath, child, String(bench.hosts), mode] as const;
			const { stdout, cpuSeconds } = await measureSuccess(bench, command);
			const { hosts, up, seconds } = JSON.parse(stdout) as EngineReport;
			return { hosts, up, seconds, figures: { 'CPU s': cpuSeconds } };
		},
	};
}

export const enginePart: Part = {
	name: 'engine',
	title: 'ICMP engine alone, alive hosts',
	hosts: { full: 400_000, quick: 50_000, max: aliveHostsMax },
	async run(bench) {
		const contenders = [engineContender(bench, 'datagram'), engineContender(bench, 'raw')];
		if (zmap.version() !== undefined) contenders.push(zmapContender(bench));
		if (masscan.version() !== undefined) contenders.push(masscanContender(bench));
		if (fping.version() !== undefined) contenders.push(fpingContender(bench));
		const series = await runRounds(bench, contenders);
		const ours = series[0];
		return {
			series,
			checks: [
				...rateRatio(ours, seriesOf(series, 'zmap'), { relation: '≥', value: 0.95 }),
				...answerRatio(ours, seriesOf(series, 'zmap')),
				...rateRatio(ours, seriesOf(series, 'masscan')),
				...answerRatio(ours, seriesOf(series, 'masscan')),
				...rateRatio(ours, seriesOf(series, 'fping'), { relation: '≥', value: 1.7 }),
			],
			notes: missingNotes([zmap, masscan, fping]),
		};
	},
};
