import { describe, expect, it } from 'vitest';
import { WorkerFailure } from '../../../../master/dispatch/worker-link.ts';
import type { RunEvent } from '../../../../master/events.ts';
import { createRandom } from '../../../../shared/random.ts';
import type { ResultBlock } from '../../../../shared/results.ts';
import { blockOf, capabilities } from '../fake-link.ts';
import type { Ask, OnAsk } from './rules-fixture.ts';
import { answers, broken, fails, RulesWorld } from './rules-fixture.ts';

/** Keeps its requests for a test to end them. */
function holding(): { readonly asks: Ask[]; readonly onAsk: OnAsk } {
	const asks: Ask[] = [];
	return { asks, onAsk: (ask) => void asks.push(ask) };
}

const silence: OnAsk = () => undefined;
const heartbeat = { heartbeatMs: 250 };

function setAsides(events: readonly RunEvent[]): string[] {
	return events.flatMap((event) => (event.type === 'worker-set-aside' ? [event.worker] : []));
}

describe('a host that workers die of', () => {
	/** Dies of some positions, and is back when it is asked. */
	function mortal(poison: ReadonlySet<number>): OnAsk {
		return (ask, world) => {
			const dies = [...ask.positions].some((position) => poison.has(position));
			(dies ? fails(broken) : answers())(ask, world);
		};
	}

	it.each([1, 3])('among 1,000, with %i workers, is the only one without an answer', (count) => {
		const onAsk = mortal(new Set([500]));
		const names = ['a', 'b', 'c'].slice(0, count);
		const workers = Object.fromEntries(names.map((name) => [name, { onAsk }]));
		const world = new RulesWorld({ workers, total: 1_000 });
		world.run();
		expect(world.rules.failure).toBeUndefined();
		expect(world.kept.get(500)).toBe('master error worker-failed');
		expect([...world.kept.values()].filter((what) => what.endsWith(' up'))).toHaveLength(999);
		expect(Math.max(...world.dispatches())).toBe(3);
		expect(world.dispatches()[500]).toBe(3);
		expect(world.wrong).toEqual([]);
		// In the last request it was alone: nobody else was in the way.
		expect(world.asks.filter(({ positions }) => positions.includes(500)).at(-1)!.positions).toEqual([500]);
	});

	it('is no reason to blame others in the same list', () => {
		const poison = new Set([7, 300, 301, 999]);
		const onAsk = mortal(poison);
		const world = new RulesWorld({ workers: { a: { onAsk }, b: { onAsk }, c: { onAsk } }, total: 1_000 });
		world.run();
		const errors = [...world.kept].filter(([, what]) => what.includes('error')).map(([position]) => position);
		expect(errors.toSorted((x, y) => x - y)).toEqual([...poison]);
		expect(Math.max(...world.dispatches())).toBe(3);
	});
});

it('hosts of a worker that was just switched off go out in pieces, few at first, more as they come back well', () => {
	let died = false;
	const course: number[] = [];
	const mortal: OnAsk = (ask, world) => {
		if (died) course.push(world.rules.inFlight);
		(died ? answers('up', 100) : fails(broken))(ask, world);
		died = true;
	};
	const world = new RulesWorld({ workers: { a: { onAsk: mortal } }, total: 4_096, chunkHosts: 4_096 });
	world.run();
	expect(world.outcome()).toEqual({ 'a up': 4_096 });
	const pieces = world.asks.slice(1).map(({ positions }) => positions.length);
	expect([pieces.length, Math.max(...pieces)]).toEqual([64, 64]);
	// One on trial, and then no more than twice as many as before.
	expect(course[0]).toBe(64);
	expect(Math.max(...course.slice(0, 8))).toBeLessThanOrEqual(512);
	expect(Math.max(...course)).toBeGreaterThan(1_000);
});

describe('a worker that is silent', () => {
	it('is hedged after a second when it has a heartbeat, and its late answer changes nothing', () => {
		const late = holding();
		const world = new RulesWorld({
			workers: { mute: { onAsk: late.onAsk, said: heartbeat }, well: { onAsk: answers(), said: heartbeat } },
			total: 31,
			// One is never read: the run goes on.
			listed: 30,
			ends: false,
			chunkHosts: 10,
			concurrency: 1,
		});
		// Two heartbeats, at the least.
		world.run(500);
		expect(world.outcome()).toEqual({ 'well up': 20 });
		world.run(550);
		const hedge = world.asks.at(-1)!;
		expect(hedge).toMatchObject({ worker: 'well', positions: [...late.asks[0]!.positions] });
		world.run(100);
		expect(world.outcome()).toEqual({ 'well up': 30 });
		world.answer(late.asks[0]!, 'down');
		world.close(late.asks[0]!);
		world.run(100);
		expect(world.outcome()).toEqual({ 'well up': 30 });
		expect(Math.max(...world.dispatches())).toBe(2);
		expect([setAsides(world.events), world.wrong]).toEqual([[], []]);
		expect(world.rules.pendingHosts).toBe(0);
	});

	it('is not hedged as long as it shows that it lives', () => {
		const slow = holding();
		const world = new RulesWorld({
			workers: { slow: { onAsk: slow.onAsk, said: heartbeat }, well: { onAsk: answers(), said: heartbeat } },
			total: 41,
			listed: 20,
			ends: false,
			chunkHosts: 10,
			concurrency: 1,
		});
		for (let beat = 0; beat < 20; beat += 1) {
			world.run(250);
			world.rules.alive(slow.asks[0]!.id, world.nowMs);
		}
		expect(world.asks).toHaveLength(2);
	});

	it('is given up after ten seconds, set aside, and its hosts go to whoever there is', () => {
		const world = new RulesWorld({
			workers: {
				mute: { onAsk: silence, said: heartbeat, onCheck: () => new WorkerFailure('unreachable', 'is gone') },
			},
			total: 10,
		});
		world.run(10_500);
		expect(world.events).toMatchObject([
			{ type: 'worker-set-aside', worker: 'mute', message: 'has been silent for 10.0 s' },
			{ type: 'waiting-for-workers' },
		]);
		expect(world.cancelled).toEqual([1]);
		world.join('well', { onAsk: answers() });
		world.run();
		expect(world.outcome()).toEqual({ 'well up': 10 });
	});

	it('once all has been sent, is hedged when the answers are late and nothing else is left to do', () => {
		const late: OnAsk = (ask, world) => world.at(100, () => world.sent(ask));
		const world = new RulesWorld({
			workers: { late: { onAsk: late }, well: { onAsk: answers() } },
			total: 20,
			chunkHosts: 10,
			concurrency: 1,
		});
		world.run();
		expect(world.outcome()).toEqual({ 'well up': 20 });
		// 100 ms until it was sent, 1,000 that a host may take, 250 of patience, up to 50 until it is looked at.
		expect(world.asks.at(-1)!.atMs).toBeGreaterThanOrEqual(1_350);
		expect(world.asks.at(-1)!.atMs).toBeLessThanOrEqual(1_400);
	});

	it('answers some: the rest is asked elsewhere, and what it says of that first counts', () => {
		const half = holding();
		const world = new RulesWorld({
			workers: {
				half: { onAsk: half.onAsk, said: heartbeat },
				well: { onAsk: answers('up', 1_500) },
			},
			total: 20,
			chunkHosts: 10,
		});
		world.run(20);
		world.answer(half.asks[0]!, 'up', [0, 1, 2]);
		world.run(1_200);
		expect(world.asks.at(-1)!.positions).toEqual([...half.asks[0]!.positions].slice(3));
		world.answer(half.asks[0]!, 'down', [3]);
		world.run();
		expect(world.outcome()).toEqual({ 'half up': 3, 'half down': 1, 'well up': 16 });
		expect(world.wrong).toEqual([]);
	});
});

describe('a hedge', () => {
	/** A mute worker's hosts have just been given to the second one, which holds them; a third one is idle. */
	function hedged() {
		const [mute, second, third] = [holding(), holding(), holding()];
		const world = new RulesWorld({
			workers: { mute: { onAsk: mute.onAsk, said: heartbeat } },
			total: 20,
			listed: 10,
			ends: false,
			chunkHosts: 10,
		});
		world.run(500);
		world.join('second', { onAsk: second.onAsk });
		world.run(100);
		world.run(500);
		expect(second.asks).toHaveLength(1);
		world.join('third', { onAsk: third.onAsk });
		world.run(100);
		return { world, original: mute.asks[0]!, hedge: second.asks[0]!, third };
	}

	it('is made once, and what fails of the request that it stands in for is not asked again', () => {
		const { world, original, hedge, third } = hedged();
		world.run(500);
		world.close(original, broken);
		world.run(500);
		expect([world.asks.length, third.asks.length, world.rules.pendingHosts]).toEqual([2, 0, 0]);
		world.answer(hedge, 'up');
		expect(world.outcome()).toEqual({ 'second up': 10 });
	});

	it('that fails is asked for again: nobody else has these hosts', () => {
		const { world, hedge, third } = hedged();
		world.close(hedge, new WorkerFailure('silent', 'has been silent'));
		world.run(1_000);
		expect(third.asks).toHaveLength(1);
		world.answer(third.asks[0]!, 'up');
		expect(world.outcome()).toEqual({ 'third up': 10 });
	});

	it('is not undone by the trouble of the request that it stands in for', () => {
		const { world, original, hedge } = hedged();
		for (const name of ['second', 'third']) world.rules.removeWorker(name);
		world.answer(original, 'error', undefined, 'no-buffers');
		world.close(original);
		world.run(50);
		expect(world.outcome()).toEqual({});
		world.answer(hedge, 'up');
		expect(world.outcome()).toEqual({ 'second up': 10 });
	});
});

describe('what a worker has failed at', () => {
	it('is kept for others as long as there are any, although they have no room yet', () => {
		const second = holding();
		let times = 0;
		const busyOnce: OnAsk = (ask, world) => {
			times += 1;
			(times === 1 ? fails(new WorkerFailure('busy', 'is busy')) : answers())(ask, world);
		};
		const workers = { first: { onAsk: busyOnce }, second: { onAsk: second.onAsk } };
		const world = new RulesWorld({ workers, total: 20, chunkHosts: 10, concurrency: 1 });
		world.run(900);
		expect(world.asks).toHaveLength(2);
		world.answer(second.asks[0]!, 'up');
		world.close(second.asks[0]!);
		world.run(1);
		expect(world.asks.at(-1)).toMatchObject({ worker: 'second', positions: world.asks[0]!.positions });
	});

	it('goes out again after a pause when it may have reached a probe, at once when not', () => {
		const againMs = (failure: WorkerFailure): number => {
			const workers = { a: { onAsk: fails(failure, 0) }, b: { onAsk: answers() } };
			const world = new RulesWorld({ workers, total: 10, chunkHosts: 10 });
			world.run();
			expect(world.asks.map(({ worker }) => worker)).toEqual(['a', 'b']);
			return world.asks[1]!.atMs;
		};
		expect(againMs(new WorkerFailure('unreachable', 'is not there'))).toBeLessThan(10);
		expect(againMs(new WorkerFailure('silent', 'is silent'))).toBeGreaterThanOrEqual(100);
	});

	it.each(['unreachable', 'busy', 'local'] as const)('without having got it (%s) is no try', (kind) => {
		let left = 5;
		const moody: OnAsk = (ask, world) => {
			left -= 1;
			(left >= 0 ? fails(new WorkerFailure(kind, `is ${kind}`)) : answers())(ask, world);
		};
		const world = new RulesWorld({ workers: { a: { onAsk: moody } }, total: 10, chunkHosts: 10 });
		world.run();
		expect([world.asks.length, world.outcome()]).toEqual([6, { 'a up': 10 }]);
	});
});

describe('rows that are a worker’s own trouble', () => {
	const troubled: OnAsk = (ask, world) => {
		world.at(10, () => {
			world.answer(ask, 'error', undefined, 'no-buffers');
			world.close(ask);
		});
	};

	it('are asked for elsewhere, and the worker rests', () => {
		const world = new RulesWorld({
			workers: { a: { onAsk: troubled }, b: { onAsk: answers() } },
			total: 1_000,
			chunkHosts: 100,
		});
		world.run();
		expect(world.outcome()).toEqual({ 'b up': 1_000 });
		expect(setAsides(world.events)).toContain('a');
		expect(Math.max(...world.dispatches())).toBeLessThanOrEqual(3);
	});

	it('are kept where there is nobody else to ask', () => {
		const world = new RulesWorld({ workers: { a: { onAsk: troubled } }, total: 100 });
		world.run();
		expect(world.outcome()).toEqual({ 'a error no-buffers': 100 });
		expect([world.dispatches().every((times) => times === 1), setAsides(world.events)]).toEqual([true, []]);
	});

	it('are kept when all have had them', () => {
		const workers = { a: { onAsk: troubled }, b: { onAsk: troubled }, c: { onAsk: troubled } };
		const world = new RulesWorld({ workers, total: 100, chunkHosts: 100 });
		world.run();
		expect(world.kept.size).toBe(100);
		expect([...world.kept.values()].every((what) => what.endsWith('error no-buffers'))).toBe(true);
		expect(Math.max(...world.dispatches())).toBeLessThanOrEqual(3);
	});
});

it('rows that are trouble to a third worker as well are kept as it says, although there is a fourth', () => {
	// Too few of them to say something of the worker.
	const partly: OnAsk = (ask, world) => {
		const [bad, good] = [0, 1].map((kind) =>
			[...ask.positions.keys()].filter((row) => (ask.positions[row]! % 5 === 0 ? 0 : 1) === kind),
		);
		world.at(10, () => {
			world.answer(ask, 'error', bad, 'no-ports');
			world.answer(ask, 'up', good);
			world.close(ask);
		});
	};
	const names = ['a', 'b', 'c', 'd'];
	const workers = Object.fromEntries(names.map((name) => [name, { onAsk: partly }]));
	const world = new RulesWorld({ workers, total: 5, chunkHosts: 5 });
	world.run();
	expect([...world.kept.values()].map((what) => what.slice(2)).toSorted()).toEqual([
		'error no-ports',
		...new Array(4).fill('up'),
	]);
	expect(world.dispatches()).toEqual([3, 1, 1, 1, 1]);
});

describe('this process, held up for a minute', () => {
	function heldUp() {
		const [a, b] = [holding(), holding()];
		const workers = { a: { onAsk: a.onAsk, said: heartbeat }, b: { onAsk: b.onAsk, said: heartbeat } };
		const world = new RulesWorld({ workers, total: 20, chunkHosts: 10, concurrency: 1, ends: false });
		world.run(100);
		world.holdUp(60_000);
		return { world, a, b };
	}

	it('blames nobody, and asks nobody again', () => {
		const { world, a, b } = heldUp();
		world.run(500);
		expect([world.asks.length, world.cancelled, world.events]).toEqual([2, [], []]);
		world.answer(a.asks[0]!, 'up');
		world.close(a.asks[0]!);
		world.answer(b.asks[0]!, 'up');
		world.close(b.asks[0]!);
		world.run();
		expect(world.outcome()).toEqual({ 'a up': 10, 'b up': 10 });
		expect([world.rules.failure, world.events]).toEqual([undefined, []]);
	});

	it('does not suspect hosts because connections broke meanwhile', () => {
		const { world, a, b } = heldUp();
		world.close(a.asks[0]!, broken);
		world.run(5_000);
		// In one piece, by whoever has room: not as the hosts of which a worker died.
		const again = world.asks.slice(2).map(({ positions }) => positions.length);
		expect(again).toEqual([10]);
		expect(world.rules.lanes.get('a')!.health.strikes).toBe(0);
		expect(b.asks).toHaveLength(1);
		// No worker is named.
		const message = expect.stringMatching(
			/^this program stood still for 1 min\b.*no worker is blamed for it$/,
		);
		expect(world.events).toEqual([{ type: 'notice', message }]);
	});
});

it('what is asked again stays within a tenth of what is asked first, and a reserve', () => {
	const random = createRandom(7);
	const lossy: OnAsk = (ask, world) => {
		const silent = new WorkerFailure('silent', 'has been silent');
		(random.next() < 0.5 ? fails(silent) : answers())(ask, world);
	};
	const names = ['a', 'b', 'c', 'd'];
	const workers = Object.fromEntries(names.map((name) => [name, { onAsk: lossy }]));
	const total = 20_000;
	const world = new RulesWorld({ workers, total, chunkHosts: 100 });
	world.run();
	expect(world.kept.size).toBe(total);
	const seen = new Set<number>();
	let again = 0;
	const excess: number[] = [];
	for (const { atMs, positions } of world.asks) {
		for (const position of positions) if (seen.has(position)) again += 1;
		for (const position of positions) seen.add(position);
		// Ten chunks of 100, full at first and every ten seconds, and the debt of the last one.
		excess.push(again - (0.1 * seen.size + 1_000 * (1 + atMs / 10_000) + 100));
	}
	expect(again).toBeGreaterThan(2_000);
	expect(Math.max(...excess)).toBeLessThanOrEqual(0);
	expect(Math.max(...world.dispatches())).toBe(3);
});

describe('a worker that is taken out', () => {
	it('gets nothing more, may end what it has, and is closed then', () => {
		const leaving = holding();
		const world = new RulesWorld({
			workers: { leaving: { onAsk: leaving.onAsk }, stays: { onAsk: answers() } },
			total: 100,
			chunkHosts: 10,
			concurrency: 2,
		});
		world.run(5);
		world.rules.removeWorker('leaving');
		world.run(500);
		expect([leaving.asks.length, world.closed]).toEqual([2, []]);
		for (const ask of leaving.asks) world.answer(ask, 'up');
		for (const ask of leaving.asks) world.close(ask);
		world.run();
		expect(world.outcome()).toEqual({ 'leaving up': 20, 'stays up': 80 });
		expect(world.closed).toEqual(['leaving']);
		expect(Math.max(...world.dispatches())).toBe(1);
	});

	it('is closed at once when it has nothing', () => {
		const idle = { onAsk: silence, said: { probes: ['tcp'] as ['tcp'] } };
		const world = new RulesWorld({ workers: { idle, stays: { onAsk: answers() } }, total: 10 });
		world.run(5);
		world.rules.removeWorker('idle');
		world.run();
		expect([world.closed, world.outcome()]).toEqual([['idle'], { 'stays up': 10 }]);
	});

	it('and is put back at once is not closed in place of the new one, which is met first', () => {
		const world = new RulesWorld({
			workers: { a: { onAsk: answers('up', 1_000) } },
			total: 100,
			chunkHosts: 50,
		});
		world.run(5);
		world.rules.removeWorker('a');
		world.join('a', { onAsk: answers() });
		world.run();
		expect([world.closed, world.outcome()]).toEqual([[], { 'a up': 100 }]);
		expect(world.events.map(({ type }) => type)).toEqual(['worker-joined']);

		const idle = new RulesWorld({ workers: { a: { onAsk: answers() } }, total: 10, listed: 0, ends: false });
		idle.run(5);
		idle.rules.removeWorker('a');
		idle.join('a', { onAsk: answers() });
		idle.run(500);
		expect(idle.closed).toEqual([]);
	});

	it('fails at what it had: that goes elsewhere, and it is not checked', () => {
		const leaving = holding();
		const onCheck = () => expect.unreachable();
		const world = new RulesWorld({
			workers: { leaving: { onAsk: leaving.onAsk, onCheck }, stays: { onAsk: answers() } },
			total: 100,
			chunkHosts: 10,
		});
		world.run(5);
		world.rules.removeWorker('leaving');
		for (const ask of leaving.asks) world.close(ask, broken);
		world.run();
		expect(world.outcome()).toEqual({ 'stays up': 100 });
	});

	it('as the last one ends the run, where none can join', () => {
		const world = new RulesWorld({
			workers: { a: { onAsk: answers() } },
			total: 100,
			chunkHosts: 10,
			concurrency: 1,
		});
		world.run(5);
		world.rules.removeWorker('a');
		world.run();
		expect(world.nowMs).toBeLessThan(100);
		expect(world.rules.failure).toMatchObject({ code: 'no-worker', message: 'no worker is left to ask' });
		// What it had counts; nothing is kept for the others.
		expect(world.outcome()).toEqual({ 'a up': 10 });
	});

	it('as the last one is waited for, or for another, where workers may join', () => {
		const options = { workers: { a: { onAsk: answers() } }, total: 100, chunkHosts: 10, concurrency: 1 };
		const world = new RulesWorld({ ...options, workersMayJoin: true });
		world.run(5);
		world.rules.removeWorker('a');
		world.run(59_000);
		expect(world.rules.ended).toBe(false);
		expect(world.told('waiting-for-workers')).toEqual([{ type: 'waiting-for-workers', forMs: 60_000 }]);
		world.join('b', { onAsk: answers() });
		world.run();
		expect([world.rules.failure, world.outcome()]).toEqual([undefined, { 'a up': 10, 'b up': 90 }]);

		const alone = new RulesWorld({ ...options, workersMayJoin: true });
		alone.run(5);
		alone.rules.removeWorker('a');
		alone.run();
		expect(alone.rules.failure).toMatchObject({ code: 'no-worker' });
		expect(Math.abs(alone.nowMs - 60_000)).toBeLessThan(100);
	});
});

describe('workers that are out for good', () => {
	const refused = fails(new WorkerFailure('refused', 'does not accept our token'));

	it('end the run at once, although others may join: somebody has to mend them', () => {
		const world = new RulesWorld({ workers: { a: { onAsk: refused } }, total: 10, workersMayJoin: true });
		world.run();
		expect(world.nowMs).toBeLessThan(200);
		expect(world.rules.failure).toMatchObject({
			code: 'no-worker',
			message: 'no worker is left to ask: a does not accept our token',
		});
	});

	it('may be replaced while they are not the only ones', () => {
		const world = new RulesWorld({
			workers: { a: { onAsk: refused }, b: { onAsk: answers('up', 100) } },
			total: 10_000,
		});
		world.run(50);
		world.rules.removeWorker('a');
		world.join('a', { onAsk: answers('up', 1) });
		world.run();
		expect(world.outcome()['a up']).toBeGreaterThan(0);
		expect(world.kept.size).toBe(10_000);
	});
});

it('a worker that joins is asked what it can do before it gets work, and is not waited for aloud', () => {
	const world = new RulesWorld({ workers: {}, total: 10, workersMayJoin: true });
	world.join('new', { onAsk: answers() });
	world.run();
	expect(world.events).toEqual([
		{ type: 'worker-joined', worker: 'new', probes: ['icmp', 'tcp', 'http'], icmp: 'datagram' },
	]);
	expect(world.outcome()).toEqual({ 'new up': 10 });
});

describe('a request that is too large', () => {
	const limited =
		(hostsMax: number): OnAsk =>
		(ask, world) => {
			const tooLarge = new WorkerFailure('too-large', 'takes fewer hosts');
			(ask.positions.length > hostsMax ? fails(tooLarge) : answers())(ask, world);
		};

	it('is halved until it fits, which counts against nobody', () => {
		const world = new RulesWorld({
			workers: { a: { onAsk: limited(100) } },
			total: 2_000,
			chunkHosts: 1_000,
			concurrency: 1,
		});
		world.run();
		expect(world.outcome()).toEqual({ 'a up': 2_000 });
		expect(world.asks.slice(0, 6).map(({ positions }) => positions.length)).toEqual([
			1_000, 500, 250, 125, 62, 62,
		]);
		expect(Math.max(...world.asks.slice(4).map(({ positions }) => positions.length))).toBe(62);
		expect(setAsides(world.events)).toEqual([]);
		expect(world.rules.lanes.get('a')!.failures).toBe(0);
	});

	it('with one host in it is an error of that host in the end', () => {
		const world = new RulesWorld({ workers: { a: { onAsk: limited(0) } }, total: 3, chunkHosts: 2 });
		world.run();
		expect(world.outcome()).toEqual({ 'master error worker-failed': 3 });
		expect(setAsides(world.events)).toContain('a');
	});
});

describe('the end', () => {
	it('of a run that is stopped comes when what is under way has ended; nothing more is asked', () => {
		const { asks, onAsk } = holding();
		const world = new RulesWorld({ workers: { a: { onAsk } }, total: 1_000, chunkHosts: 10, concurrency: 2 });
		world.run(50);
		world.rules.stop();
		world.answer(asks[0]!, 'up');
		world.close(asks[0]!);
		world.run(100);
		expect([world.rules.ended, asks.length]).toEqual([false, 2]);
		// What fails now is not asked again either.
		world.close(asks[1]!, broken);
		world.run(100);
		expect([world.rules.ended, world.rules.failure, asks.length]).toEqual([true, undefined, 2]);
		expect(world.outcome()).toEqual({ 'a up': 10 });
	});

	it('cancels what is under way when it is told to come now', () => {
		const { asks, onAsk } = holding();
		const world = new RulesWorld({ workers: { a: { onAsk } }, total: 1_000, chunkHosts: 10, concurrency: 2 });
		world.run(50);
		const why = new Error('disk full');
		world.rules.end(why);
		world.run(1);
		expect([world.rules.ended, world.rules.failure]).toEqual([true, why]);
		expect(world.cancelled).toEqual(asks.map(({ id }) => id));
		expect(world.rules.inFlight).toBe(0);
		// Nothing counts behind it, and a second reason does not replace the first.
		world.answer(asks[0]!, 'up');
		world.rules.end(new Error('later'));
		expect([world.kept.size, world.rules.failure]).toEqual([0, why]);
	});

	it('comes with the end of a list that is shorter than it was said to be', () => {
		const world = new RulesWorld({ workers: { a: { onAsk: answers() } }, total: 100, listed: 60 });
		world.run();
		expect([world.rules.ended, world.rules.failure]).toEqual([true, undefined]);
		expect(world.outcome()).toEqual({ 'a up': 60 });
	});

	it('does not come before the end of the list, and not without it', () => {
		const world = new RulesWorld({
			workers: { a: { onAsk: answers() } },
			total: 100,
			listed: 60,
			ends: false,
		});
		world.run(10_000);
		expect([world.rules.ended, world.kept.size]).toEqual([false, 60]);
	});
});

it('a rate of the fleet is kept, and used', () => {
	const world = new RulesWorld({
		workers: { a: { onAsk: answers() }, b: { onAsk: answers() } },
		total: 100_000,
		ratePerSecond: 1_000,
	});
	world.run(5_000);
	let asked = 0;
	for (const { atMs, positions } of world.asks) {
		asked += positions.length;
		// A chunk is a tenth of a second, and may leave 20 ms early.
		expect(asked).toBeLessThanOrEqual(1_000 * ((atMs + 20) / 1_000) + 100);
	}
	expect(asked).toBeGreaterThan(4_900);
});

function triedTwice({ positions }: Ask): ResultBlock {
	return { ...blockOf([...positions.keys()], 'up'), sent: new Uint16Array(positions.length).fill(2) };
}

it('second tries count towards the rate', () => {
	const twice: OnAsk = (ask, world) => {
		world.at(10, () => {
			const kept = world.rules.answered(ask.id, triedTwice(ask), world.nowMs);
			expect(kept).toBeDefined();
			world.close(ask);
		});
	};
	const settings = { count: 1, attempts: 2, timeoutMs: 1_000, intervalMs: 1_000, refusedIsUp: false };
	const world = new RulesWorld({
		workers: { a: { onAsk: twice } },
		total: 100_000,
		ratePerSecond: 1_000,
		settings,
	});
	world.run(10_000);
	const asked = world.asks.reduce((sum, { positions }) => sum + positions.length, 0);
	expect(asked).toBeGreaterThan(4_700);
	expect(asked).toBeLessThan(5_300);
});

it('nothing is asked while the store has no room', () => {
	const world = new RulesWorld({ workers: { a: { onAsk: answers() } }, total: 100 });
	world.rules.setStoreRoom(false);
	world.run(5_000);
	expect(world.asks).toEqual([]);
	world.rules.setStoreRoom(true);
	world.run();
	expect(world.outcome()).toEqual({ 'a up': 100 });
});

it('a worker that asks for time gets it, and nothing is counted', () => {
	let times = 0;
	const busy: OnAsk = (ask, world) => {
		times += 1;
		const failure = new WorkerFailure('busy', 'is busy', { retryAfterMs: 2_000 });
		(times === 1 ? fails(failure) : answers())(ask, world);
	};
	const world = new RulesWorld({ workers: { a: { onAsk: busy } }, total: 10 });
	world.run();
	expect(world.asks.map(({ atMs }) => Math.floor(atMs / 1_000))).toEqual([0, 2]);
	expect([world.outcome(), world.events]).toEqual([{ 'a up': 10 }, []]);
});

it('where this machine had no room for another connection, no more of them are tried at a time', () => {
	const open = new Set<number>();
	let most = 0;
	const onAsk: OnAsk = (ask, world) => {
		if (open.size === 3) {
			fails(new WorkerFailure('local', 'out of ports'), 0)(ask, world);
			return;
		}
		open.add(ask.id);
		if (world.nowMs > 2_000) most = Math.max(most, open.size);
		world.at(100, () => {
			open.delete(ask.id);
			world.answer(ask, 'up');
			world.close(ask);
		});
	};
	const world = new RulesWorld({ workers: { a: { onAsk } }, total: 3_000, chunkHosts: 10, concurrency: 10 });
	world.run();
	expect([most, world.outcome()]).toEqual([3, { 'a up': 3_000 }]);
	expect(world.rules.lanes.get('a')!.failures).toBe(1);
});

it('the only worker is tried again within about a second, however often it has failed', () => {
	let there = false;
	const onCheck = () => (there ? capabilities() : new WorkerFailure('silent', 'has been silent'));
	const onAsk: OnAsk = (ask, world) => (there ? answers() : fails(broken))(ask, world);
	const world = new RulesWorld({ workers: { a: { onAsk, onCheck } }, total: 10 });
	world.run(40_000);
	there = true;
	const fromMs = world.nowMs;
	world.run();
	expect(world.rules.failure).toBeUndefined();
	// A rest of a second at the most, the pauses of its hosts, and the requests.
	expect(world.nowMs - fromMs).toBeLessThan(2_500);
});

it('hosts of a probe whose only worker has been gone for too long are errors, others are answered meanwhile', () => {
	const gone = new WorkerFailure('unreachable', 'is not there');
	const web = { onAsk: answers(), said: { probes: ['tcp'] as ['tcp'] } };
	const world = new RulesWorld({
		workers: { pinger: { onAsk: fails(gone), onCheck: () => gone }, web },
		total: 10,
		workerTimeoutMs: 5_000,
	});
	world.run(4_900);
	expect(world.outcome()).toEqual({});
	world.run();
	expect([world.rules.failure, world.outcome()]).toEqual([undefined, { 'master error no-worker': 10 }]);
	expect(world.nowMs).toBeLessThan(5_500);
});

it('a worker that was started anew is asked what it can do, now and then, while it works', () => {
	let checks = 0;
	const onCheck = () => {
		checks += 1;
		return capabilities({ hostsPerRequestMax: 20 });
	};
	const onAsk: OnAsk = (ask, world) => {
		world.rules.restarted(ask.id, world.nowMs);
		answers()(ask, world);
	};
	const world = new RulesWorld({
		workers: { a: { onAsk, onCheck } },
		total: 100_000,
		chunkHosts: 100,
		ratePerSecond: 1_000,
	});
	world.run(9_000);
	expect([checks, world.asks.at(-1)!.positions.length, world.events]).toEqual([2, 20, []]);
});

it('what the check of a worker says that was taken out meanwhile is not told', () => {
	let release = (): void => undefined;
	const world = new RulesWorld({ workers: { stays: { onAsk: holding().onAsk } }, total: 10 });
	world.rules.addWorker({ name: 'late', weight: 1, met: undefined }, 0);
	for (let step = world.rules.next(0); step; step = world.rules.next(0)) {
		if (step.type === 'check') {
			release = () => world.rules.checked('late', new WorkerFailure('refused', 'no'), world.nowMs);
		}
	}
	world.rules.removeWorker('late');
	release();
	world.run(100);
	expect(world.events).toEqual([]);
});
