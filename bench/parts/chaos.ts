/** Four workers in namespaces of their own, of which 30 % are killed, frozen or cut off every few seconds. */
import { quantile } from '../../shared/stats.ts';
import type { ChaosReport } from '../../tests/faults/chaos/chaos.ts';
import { chaosHostsMax, runChaos } from '../../tests/faults/chaos/chaos.ts';
import { createFleetLab } from '../../tests/lab/fleet-lab.ts';
import type { Bench, Contender, Part, Series } from '../bench.ts';
import { runRounds } from '../rounds.ts';
import { perRound, rateOf } from '../statistics.ts';

const workers = 4;
/** Probes per second of each worker: so few that the machine itself is no bottleneck, whatever it starts anew. */
const rate = 1_000;
/** The default of a master. */
const timeoutMs = 1_000;

/** What is wrong with the rows: hosts without one, with two, or with the wrong status, errors apart. */
function wrongRows({ missing, doubled, falselyDown, falselyUp }: ChaosReport): number {
	return missing + doubled + falselyDown + falselyUp;
}

function figuresOf(report: ChaosReport): Record<string, number> {
	const recoveries = report.lost.map(({ recoveryMs }) => recoveryMs);
	const figures = {
		wrong: wrongRows(report),
		error: report.statuses.error ?? 0,
		'asked again %': 100 * report.repeatedShare,
	};
	if (recoveries.length === 0) return figures;
	return {
		...figures,
		troubles: report.troubles.length,
		'time in trouble %': 100 * report.troubledShare,
		'chunks lost': recoveries.length,
		'recovery p50 ms': quantile(recoveries, 0.5),
		'recovery p99 ms': quantile(recoveries, 0.99),
	};
}

function contender({ hosts, signal, say }: Bench, name: string, seed: () => number | undefined): Contender {
	return {
		name,
		async run() {
			const fleet = await createFleetLab(workers);
			try {
				const report = await runChaos({ fleet, hosts, rate, seed: seed(), signal });
				if (report.troubles.length > 0) say(lostText(report));
				const { up = 0 } = report.statuses;
				return { hosts, up, seconds: report.seconds, figures: figuresOf(report) };
			} finally {
				fleet.close();
			}
		},
	};
}

/** Which trouble cost how much, for who looks on. */
function lostText({ troubles, lost }: ChaosReport): string {
	const kinds = [...new Set(troubles.map(({ kind }) => kind))].toSorted();
	const texts = kinds.map((kind) => {
		const times = troubles.filter((trouble) => trouble.kind === kind).length;
		const chunks = lost.filter((chunk) => chunk.kind === kind).map(({ recoveryMs }) => recoveryMs);
		const cost = chunks.length === 0 ? '' : `, back within ${Math.max(...chunks)} ms`;
		return `${kind} × ${times}: ${chunks.length} chunks lost${cost}`;
	});
	return `    ${texts.join('; ')}`;
}

function figure(series: Series, name: string): number[] {
	return series.turns.flatMap(({ figures }) => figures?.[name] ?? []);
}

export const chaosPart: Part = {
	name: 'chaos',
	title: 'Four workers, 30 % of them killed, frozen or cut off every few seconds',
	hosts: { full: 100_000, quick: 16_000, max: chaosHostsMax },
	async run(bench) {
		let seed = 0;
		const nextSeed = (): number => {
			seed += 1;
			return seed;
		};
		const series = await runRounds(bench, [
			contender(bench, 'quiet', () => undefined),
			contender(bench, 'chaos', nextSeed),
		]);
		const [quiet, chaos] = series as [Series, Series];
		return {
			series,
			checks: [
				{
					what: 'chaos / quiet, hosts/s',
					values: perRound(chaos, quiet, (a, b) => rateOf(a) / rateOf(b))!,
					unit: ' ×',
					target: { relation: '≥', value: 0.6 },
				},
				{
					what: 'recovery of a lost chunk, p99',
					values: figure(chaos, 'recovery p99 ms'),
					unit: ' ms',
					target: { relation: '≤', value: 2 * timeoutMs },
				},
				{
					what: 'wrong rows',
					values: figure(chaos, 'wrong'),
					unit: '',
					target: { relation: '≤', value: 0 },
				},
				{ what: 'errors', values: figure(chaos, 'error'), unit: '', target: { relation: '≤', value: 0 } },
			],
			notes: [
				`Each worker sends ${rate} probes a second; of the hosts, 5 % are dead and 1 % unreachable. Seeds 1 to ${seed}.`,
				'A chunk is recovered when the last of its hosts that are up is answered for, from the moment when its ' +
					'worker was killed, frozen or cut off, or from its sending where that was later.',
			],
		};
	},
};
