/**
 * Interleaving: in every round each contender has one turn, and who begins moves on by one, so that no contender
 * always runs in the wake of the same other one and a drift of the machine meets them all.
 */
import type { Bench, Contender, Series, Turn } from './bench.ts';
import { numberText } from './number-text.ts';
import { rateOf } from './statistics.ts';

/** @throws the signal's reason, or what a contender threw */
export async function runRounds(
	bench: Pick<Bench, 'rounds' | 'signal' | 'say'>,
	contenders: readonly Contender[],
): Promise<Series[]> {
	const turns = contenders.map((): Turn[] => []);
	for (let round = 0; round < bench.rounds; round += 1) {
		for (let place = 0; place < contenders.length; place += 1) {
			bench.signal.throwIfAborted();
			const which = (round + place) % contenders.length;
			const { name, run } = contenders[which]!;
			const turn = await run();
			turns[which]!.push(turn);
			bench.say(`  ${round + 1}/${bench.rounds}  ${name}: ${turnText(turn)}`);
		}
	}
	return contenders.map(({ name }, which) => ({ name, turns: turns[which]! }));
}

function turnText(turn: Turn): string {
	const parts = [`${turn.seconds.toFixed(3)} s`];
	if (turn.hosts !== undefined) parts.push(`${numberText(rateOf(turn))} hosts/s`);
	if (turn.up !== undefined && turn.up !== turn.hosts) parts.push(`${numberText(turn.up)} up`);
	for (const [name, value] of Object.entries(turn.figures ?? {})) parts.push(`${name} ${numberText(value)}`);
	return parts.join(', ');
}

/** The series of a contender by its name. */
export function seriesOf(series: readonly Series[], name: string): Series | undefined {
	return series.find((one) => one.name === name);
}
