import { expect, test } from 'vitest';
import type { Bench } from '../../bench/bench.ts';
import { runRounds } from '../../bench/rounds.ts';

function benchOf(rounds: number, signal: AbortSignal): Pick<Bench, 'rounds' | 'signal' | 'say'> {
	return { rounds, signal, say: () => undefined };
}

test('every contender has one turn a round, and another one begins each time', async () => {
	const order: string[] = [];
	const contenders = ['a', 'b', 'c'].map((name) => ({
		name,
		run: async () => ({ seconds: order.push(name) }),
	}));
	const series = await runRounds(benchOf(4, new AbortController().signal), contenders);
	expect(order.join('')).toBe('abcbcacababc');
	expect(series.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
	expect(series[1]!.turns.map(({ seconds }) => seconds)).toEqual([2, 4, 9, 11]);
});

test('no turn begins after an interruption', async () => {
	const controller = new AbortController();
	let turns = 0;
	const run = async () => {
		turns += 1;
		controller.abort(new Error('enough'));
		return { seconds: 1 };
	};
	await expect(runRounds(benchOf(3, controller.signal), [{ name: 'a', run }])).rejects.toThrow('enough');
	expect(turns).toBe(1);
});
