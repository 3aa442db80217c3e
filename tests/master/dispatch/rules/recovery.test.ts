/** How soon hosts are answered for, and workers are used again, when workers fall silent or come back. */
import { expect, it } from 'vitest';
import { WorkerFailure } from '../../../../master/dispatch/worker-link.ts';
import { heartbeatMs } from '../../../../shared/limits.ts';
import type { OnAsk } from './rules-fixture.ts';
import { answers, broken, fails, RulesWorld } from './rules-fixture.ts';

const heartbeat = { heartbeatMs };
const silence: OnAsk = () => undefined;
const gone = new WorkerFailure('unreachable', 'is gone');

it('what was hedged to a worker that falls silent as well is hedged once more, and no more', () => {
	const worker = (onAsk: OnAsk) => ({ onAsk, said: heartbeat });
	const world = new RulesWorld({
		workers: { first: worker(silence), second: worker(silence) },
		total: 11,
		listed: 10,
		ends: false,
		chunkHosts: 10,
	});
	world.run(300);
	world.join('third', worker(silence));
	world.run(1_700);
	expect(world.asks.map(({ worker: name }) => name)).toEqual(['first', 'second', 'third']);
	expect(Math.max(...world.dispatches())).toBe(3);
	world.join('fourth', worker(answers()));
	world.run(5_000);
	expect(world.asks).toHaveLength(3);
	expect([world.events.filter(({ type }) => type === 'worker-set-aside'), world.wrong]).toEqual([[], []]);
});

it('hosts of three requests are no error as long as one of them may still be answered', () => {
	let first = 0;
	const freeze: OnAsk = ({ id }) => {
		first = id;
	};
	const world = new RulesWorld({
		workers: {
			frozen: { onAsk: freeze, said: heartbeat },
			mortal: { onAsk: fails(broken, 50), said: heartbeat, onCheck: () => gone },
		},
		total: 11,
		listed: 1,
		ends: false,
	});
	world.run(1_200);
	world.join('other', { onAsk: fails(broken, 50), said: heartbeat });
	world.run(1_500);
	expect(world.dispatches()[0]).toBe(3);
	expect(world.outcome()).toEqual({});
	world.rules.closed(first, broken, world.nowMs);
	world.run(100);
	expect(world.outcome()).toEqual({ 'master error worker-failed': 1 });
	expect(world.wrong).toEqual([]);
});

it('a worker that is silent gets no more work until something is heard of it', () => {
	let first: number | undefined;
	const onAsk: OnAsk = (ask) => {
		first ??= ask.id;
	};
	const world = new RulesWorld({
		workers: { mute: { onAsk, said: { ...heartbeat, ratePerSecondMax: 100 } } },
		total: 1_000,
		chunkHosts: 10,
		concurrency: 10,
		ratePerSecond: 5,
	});
	world.run(950);
	const { length } = world.asks;
	expect(length).toBeGreaterThan(0);
	world.run(4_000);
	const silent = world.asks.length;
	world.run(3_000);
	expect(world.asks).toHaveLength(silent);
	for (let id = first!; id < first! + silent; id += 1) world.rules.alive(id, world.nowMs);
	world.run(500);
	expect(world.asks.length).toBeGreaterThan(silent);
});

it('a worker on trial has its full share as soon as it has answered, whatever keeps the rest of its request waiting', () => {
	const half: OnAsk = (ask, world) => {
		world.at(10, () => {
			world.answer(ask, 'up', [0]);
			world.sent(ask);
		});
		world.at(2_000, () => {
			world.answer(ask, 'down', [...ask.positions.keys()].slice(1));
			world.close(ask);
		});
	};
	const onAsk: OnAsk = (ask, world) => {
		if (world.nowMs < 5) world.at(10, () => world.close(ask, broken));
		else half(ask, world);
	};
	const world = new RulesWorld({
		workers: { a: { onAsk } },
		total: 10_000,
		chunkHosts: 100,
		concurrency: 4,
	});
	world.run(1_900);
	// The trial at some hundred ms, and, although it is still under way, the others beside it.
	const later = world.asks.filter(({ atMs }) => atMs > 50);
	expect(later.length).toBeGreaterThan(2);
});

it('a worker that was unreachable for a while is told once, and is back within seconds', () => {
	let isThere = true;
	const onAsk: OnAsk = (ask, world) => {
		if (isThere) answers()(ask, world);
		else world.at(1, () => world.close(ask, gone));
	};
	const world = new RulesWorld({
		workers: { a: { onAsk, onCheck: () => gone } },
		total: 1_000_000,
		chunkHosts: 10,
		concurrency: 1,
	});
	world.run(100);
	isThere = false;
	world.run(30_000);
	expect(world.told('worker-set-aside')).toHaveLength(1);
	expect(world.rules.lanes.get('a')!.health.strikes).toBe(1);
});

it.each([
	[300, 'are suspects, and go out in pieces', true],
	[800, 'go out again as they are: a worker that has lived on for so long did not die of them', false],
])('hosts whose worker dies %i ms after their probes have left %s', (afterMs, _, inPieces) => {
	const dies: OnAsk = (ask, world) => {
		world.at(10, () => world.sent(ask));
		for (let ms = 250; ms < afterMs; ms += 250) world.at(ms, () => world.rules.alive(ask.id, world.nowMs));
		world.at(10 + afterMs, () => world.close(ask, broken));
	};
	const world = new RulesWorld({
		workers: { a: { onAsk: dies, said: heartbeat }, b: { onAsk: answers(), said: heartbeat } },
		total: 200,
		chunkHosts: 100,
		concurrency: 1,
	});
	world.run();
	const lost = world.asks.find(({ worker }) => worker === 'a')!.positions;
	const again = world.asks.filter(({ worker, positions }) => worker === 'b' && lost.includes(positions[0]!));
	expect(again.flatMap(({ positions }) => positions)).toEqual(lost);
	expect(again.length > 1).toBe(inPieces);
	expect(world.outcome()).toEqual({ 'b up': 200 });
});

it('a worker that holds probes back for their prefixes is waited for, and nobody is asked instead', () => {
	for (const isHolding of [true, false]) {
		const beats: OnAsk = (ask, world) => {
			world.at(100, () => world.sent(ask));
			for (let ms = 250; ms <= 60_000; ms += 250) {
				world.at(ms, () => world.rules.alive(ask.id, world.nowMs, isHolding));
			}
			world.at(60_000, () => {
				world.answer(ask, 'up');
				world.close(ask);
			});
		};
		const said = { ...heartbeat, ratePerSecondMax: 1_000 };
		const world = new RulesWorld({
			workers: { slow: { onAsk: beats, said }, other: { onAsk: beats, said } },
			total: 20,
			chunkHosts: 10,
			concurrency: 1,
		});
		world.run(70_000);
		if (isHolding) {
			expect(world.asks).toHaveLength(2);
			expect(world.told('worker-set-aside')).toEqual([]);
			expect(Object.values(world.outcome())).toEqual([10, 10]);
		} else {
			expect(world.asks.length).toBeGreaterThan(2);
			expect(world.told('worker-set-aside').length).toBeGreaterThan(0);
		}
	}
});
