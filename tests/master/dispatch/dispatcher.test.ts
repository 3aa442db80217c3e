import { describe, expect, it } from 'vitest';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { systemClock } from '../../../shared/clock.ts';
import { hostTexts } from '../../../shared/host-column.ts';
import { createRandom } from '../../../shared/random.ts';
import { dispatchFixture, hostOf } from './dispatch-fixture.ts';
import type { AskedLog, Behaviour } from './fake-link.ts';
import { answerAll, blockOf, capabilities, FakeLink, fastClock, hang, turnClock } from './fake-link.ts';

function broken(): never {
	throw new WorkerFailure('broken', 'broke the connection');
}

function gone(): never {
	throw new WorkerFailure('unreachable', 'can not be reached');
}

/** Answers the first `share` of a request, then fails. */
function breakAfter(share: number): Behaviour {
	return (call) => {
		const answered = Math.floor(call.hosts.length * share);
		if (answered > 0) call.onBlock(blockOf([...Array(answered).keys()], 'up'));
		broken();
	};
}

function askedTimes(log: AskedLog): Map<string, number> {
	const times = new Map<string, number>();
	for (const { hosts } of log) for (const host of hosts) times.set(host, (times.get(host) ?? 0) + 1);
	return times;
}

describe('a fleet that is well', () => {
	it('answers every host once and asks for none twice', async () => {
		const log: AskedLog = [];
		const workers = ['a', 'b', 'c'].map((name) => ({ link: new FakeLink({ name, log }) }));
		const { dispatcher, answers, wrong } = dispatchFixture({ workers, total: 25_000 });
		await dispatcher.run();
		expect(wrong).toEqual([]);
		expect(answers.size).toBe(25_000);
		expect(new Set(askedTimes(log).values())).toEqual(new Set([1]));
		expect(new Set(log.map(({ worker }) => worker))).toEqual(new Set(['a', 'b', 'c']));
		expect(dispatcher.inFlight).toBe(0);
	});

	it('ends at once with an empty list', async () => {
		const { dispatcher, answers } = dispatchFixture({
			workers: [{ link: new FakeLink({ name: 'a' }) }],
			total: 0,
		});
		await dispatcher.run();
		expect(answers.size).toBe(0);
	});

	it('asks every worker only for probes that it offers', async () => {
		const log: AskedLog = [];
		const { dispatcher, answers } = dispatchFixture({
			workers: [
				{ link: new FakeLink({ name: 'icmp', log }), capabilities: { probes: ['icmp'] } },
				{ link: new FakeLink({ name: 'web', log }), capabilities: { probes: ['tcp', 'http'] } },
			],
			total: 3_000,
			probeAt: (position) => (['icmp', 'tcp', 'http'] as const)[position % 3]!,
		});
		await dispatcher.run();
		expect(answers.size).toBe(3_000);
		for (const { worker, probe } of log) expect(worker).toBe(probe === 'icmp' ? 'icmp' : 'web');
	});

	it('never has more hosts at a worker than it holds, nor more in a request than it takes', async () => {
		let held = 0;
		let heldMax = 0;
		const link = new FakeLink({
			name: 'small',
			async onPing(call) {
				held += call.hosts.length;
				heldMax = Math.max(heldMax, held);
				expect(call.hosts.length).toBeLessThanOrEqual(40);
				await systemClock.sleep(1);
				call.onSent(0);
				held -= call.hosts.length;
				answerAll(call, 0);
			},
		});
		const { dispatcher, answers } = dispatchFixture({
			workers: [{ link, capabilities: { hostsInFlightMax: 100, hostsPerRequestMax: 40 } }],
			total: 1_000,
		});
		await dispatcher.run();
		expect(answers.size).toBe(1_000);
		expect(heldMax).toBeLessThanOrEqual(100);
		// Rests of room would breed ever smaller requests.
		expect(link.requests).toBeLessThan(1_000 / 40 + 5);
	});

	it('keeps requests within the bytes that a worker takes', async () => {
		const bytesMax = 4_096;
		const link = new FakeLink({
			name: 'narrow',
			onPing(call, request) {
				const { probe, settings } = call;
				const hosts = hostTexts(call.hosts);
				expect(JSON.stringify({ hosts, probe, ...settings }).length).toBeLessThanOrEqual(bytesMax);
				return answerAll(call, request);
			},
		});
		const { dispatcher, answers } = dispatchFixture({
			workers: [{ link, capabilities: { bodyBytesMax: bytesMax } }],
			total: 5_000,
			chunkHosts: 4_000,
		});
		await dispatcher.run();
		expect(answers.size).toBe(5_000);
	});

	it('takes no more than the fleet may send', async () => {
		let sent = 0;
		const started = performance.now();
		const link = new FakeLink({
			name: 'a',
			onPing(call, request) {
				sent += call.hosts.length;
				const seconds = (performance.now() - started) / 1000;
				// One chunk of a tenth of a second may be ahead, and what the pacer catches up: 20 ms.
				expect(sent).toBeLessThanOrEqual(1_000 * seconds + 100 + 20);
				return answerAll(call, request);
			},
		});
		const { dispatcher, answers } = dispatchFixture({
			workers: [
				{ link },
				{
					link: new FakeLink({
						name: 'b',
						onPing: (call) => {
							sent += call.hosts.length;
							return answerAll(call, 0);
						},
					}),
				},
			],
			total: 500,
			ratePerSecond: 1_000,
			clock: systemClock,
		});
		await dispatcher.run();
		expect(answers.size).toBe(500);
		expect(performance.now() - started).toBeGreaterThan(350);
	});

	it('waits for the store before it takes more', async () => {
		const room = Promise.withResolvers<void>();
		const asked = Promise.withResolvers<void>();
		const link = new FakeLink({ name: 'a' });
		const { dispatcher, answers } = dispatchFixture({
			workers: [{ link }],
			total: 10_000,
			onRows: () => {
				asked.resolve();
				return room.promise;
			},
			concurrency: 1,
		});
		const running = dispatcher.run();
		await asked.promise;
		// Turns of the event loop enough for dozens of chunks, were they taken.
		for (let turn = 0; turn < 500; turn += 1) await new Promise(setImmediate);
		expect(link.requests).toBeLessThan(5);
		room.resolve();
		await running;
		expect(answers.size).toBe(10_000);
	});

	it('fails with what the store fails with', async () => {
		const { dispatcher } = dispatchFixture({
			workers: [{ link: new FakeLink({ name: 'a' }) }, { link: new FakeLink({ name: 'b' }) }],
			total: 10_000,
			onRows: () => Promise.reject(new Error('disk full')),
		});
		await expect(dispatcher.run()).rejects.toThrow('disk full');
	});

	it('fails with what a callback throws, and not with a worker that is blamed for it', async () => {
		const { dispatcher } = dispatchFixture({
			workers: [{ link: new FakeLink({ name: 'a' }) }],
			total: 10,
			onRows: () => {
				throw new TypeError('our fault');
			},
		});
		await expect(dispatcher.run()).rejects.toThrow('our fault');
	});
});

describe('a worker that fails', () => {
	it('keeps what it delivered and asks another for the rest only', async () => {
		const log: AskedLog = [];
		const { dispatcher, answers, wrong } = dispatchFixture({
			workers: [
				{ link: new FakeLink({ name: 'bad', log, onPing: breakAfter(0.5), onCheck: gone }) },
				{ link: new FakeLink({ name: 'good', log }) },
			],
			total: 2_000,
		});
		await dispatcher.run();
		expect(wrong).toEqual([]);
		expect(answers.size).toBe(2_000);
		const kept = [...answers.values()].filter(({ worker }) => worker === 'bad').length;
		expect(kept).toBeGreaterThan(0);
		const times = askedTimes(log);
		for (const [position, { worker }] of answers) {
			expect(times.get(hostOf(position))).toBeLessThanOrEqual(worker === 'bad' ? 1 : 2);
		}
	});

	it('gets three tries per host, after which it is an error and never down', async () => {
		const log: AskedLog = [];
		const { dispatcher, answers } = dispatchFixture({
			workers: [{ link: new FakeLink({ name: 'bad', log, onPing: broken }) }],
			total: 50,
			workerTimeoutMs: 3_600_000,
		});
		await dispatcher.run();
		expect(new Set(askedTimes(log).values())).toEqual(new Set([3]));
		expect(answers.size).toBe(50);
		for (const answer of answers.values()) {
			expect(answer).toEqual({ worker: 'master', status: 'error', reason: 'worker-failed' });
		}
	});

	it('does not leave a chunk behind that all ready workers have failed at', async () => {
		// Both fail once at everything: each must get its own failures back, and neither wait for the other.
		const failing = (): Behaviour => {
			const failed = new Set<string>();
			return (call, request) => {
				const hosts = hostTexts(call.hosts);
				if (hosts.some((host) => !failed.has(host))) {
					for (const host of hosts) failed.add(host);
					broken();
				}
				return answerAll(call, request);
			};
		};
		for (let seed = 1; seed <= 20; seed += 1) {
			const { dispatcher, answers } = dispatchFixture({
				workers: ['a', 'b'].map((name) => ({ link: new FakeLink({ name, onPing: failing() }) })),
				total: 40,
				chunkHosts: 20,
				seed,
			});
			await dispatcher.run();
			expect(answers.size).toBe(40);
		}
	});

	it('is not tried against when nothing reached it', async () => {
		let left = 8;
		const { dispatcher, answers } = dispatchFixture({
			workers: [
				{
					link: new FakeLink({
						name: 'a',
						onPing: (call, request) => {
							left -= 1;
							if (left > 0) gone();
							return answerAll(call, request);
						},
					}),
				},
			],
			total: 10,
			workerTimeoutMs: 3_600_000,
		});
		await dispatcher.run();
		expect([...answers.values()].every(({ status }) => status === 'up')).toBe(true);
	});

	it('comes back after a check, with what it can do by then', async () => {
		const log: AskedLog = [];
		const sizes: number[] = [];
		const link = new FakeLink({
			name: 'restarted',
			log,
			onCheck: () => capabilities({ hostsPerRequestMax: 10 }),
			onPing(call, request) {
				if (request === 1) broken();
				if (request > 3) sizes.push(call.hosts.length);
				return answerAll(call, request);
			},
		});
		const { dispatcher, answers, events } = dispatchFixture({
			workers: [{ link }],
			total: 1_000,
			concurrency: 1,
		});
		await dispatcher.run();
		expect(answers.size).toBe(1_000);
		expect(events.filter(({ type }) => type === 'worker-back')).toHaveLength(1);
		expect(Math.max(...sizes)).toBe(10);
	});

	it('is out when it does not accept our token, and the others do the work', async () => {
		const refusing = new FakeLink({
			name: 'refusing',
			onPing: () => {
				throw new WorkerFailure('refused', 'does not accept our token (HTTP 401)');
			},
		});
		const { dispatcher, answers, events } = dispatchFixture({
			workers: [{ link: refusing }, { link: new FakeLink({ name: 'good' }) }],
			total: 5_000,
		});
		await dispatcher.run();
		expect(answers.size).toBe(5_000);
		expect([...answers.values()].every(({ status }) => status === 'up')).toBe(true);
		expect(refusing.checks).toBe(0);
		expect(events).toContainEqual({
			type: 'worker-set-aside',
			worker: 'refusing',
			message: 'does not accept our token (HTTP 401)',
			forMs: undefined,
		});
	});

	it('stays out when a request that was under way fails otherwise afterwards', async () => {
		// Regression: the later failure made it "resting" again, though nobody looked after it any more.
		let slow: (() => void) | undefined;
		const link = new FakeLink({
			name: 'a',
			async onPing(_, request) {
				if (request === 1) {
					await new Promise<void>((resolve) => {
						slow = resolve;
					});
					broken();
				}
				setImmediate(() => slow?.());
				throw new WorkerFailure('refused', 'does not accept our token');
			},
		});
		const { dispatcher } = dispatchFixture({ workers: [{ link }], total: 1_000 });
		await expect(dispatcher.run()).rejects.toMatchObject({ code: 'no-worker' });
	});

	it('is out when its answers can not be', async () => {
		const { dispatcher, answers } = dispatchFixture({
			workers: [
				{
					link: new FakeLink({
						name: 'liar',
						onPing: () => {
							throw new WorkerFailure('invalid', 'answered nonsense');
						},
					}),
				},
				{ link: new FakeLink({ name: 'good' }) },
			],
			total: 3_000,
		});
		await dispatcher.run();
		expect(answers.size).toBe(3_000);
		expect([...answers.values()].every(({ worker }) => worker === 'good')).toBe(true);
		expect([...dispatcher.lanes.values()].map(({ health }) => health.state)).toEqual(['out', 'ready']);
	});

	it('is left alone for as long as it asks when it is busy, and costs no try', async () => {
		const asked: number[] = [];
		const started = performance.now();
		const link = new FakeLink({
			name: 'busy',
			onPing: (call, request) => {
				asked.push(performance.now() - started);
				if (request <= 4) throw new WorkerFailure('busy', 'is busy', { retryAfterMs: 2_000 });
				return answerAll(call, request);
			},
		});
		const { dispatcher, answers, events } = dispatchFixture({
			workers: [{ link }],
			total: 10,
			// Shorter than the pauses: a busy worker is no lost one.
			workerTimeoutMs: 100,
		});
		await dispatcher.run();
		expect(answers.size).toBe(10);
		for (let i = 1; i < 5; i += 1) expect(asked[i]! - asked[i - 1]!).toBeGreaterThanOrEqual(2_000 / 50 - 2);
		expect(link.checks).toBe(0);
		// Said once, not with every answer.
		expect(events.filter(({ type }) => type === 'worker-set-aside')).toHaveLength(1);
	});
});

describe('hosts that a worker could not probe', () => {
	const cannot: Behaviour = (call) =>
		call.onBlock(blockOf([...Array(call.hosts.length).keys()], 'error', 'no-route'));

	it('go to another worker', async () => {
		const log: AskedLog = [];
		const { dispatcher, answers } = dispatchFixture({
			workers: [
				{ link: new FakeLink({ name: 'offline', log, onPing: cannot }) },
				{ link: new FakeLink({ name: 'online', log }) },
			],
			total: 1_000,
		});
		await dispatcher.run();
		expect(answers.size).toBe(1_000);
		expect([...answers.values()].every(({ status }) => status === 'up')).toBe(true);
		for (const times of askedTimes(log).values()) expect(times).toBeLessThanOrEqual(2);
	});

	it('are errors when every worker says so, and none is asked twice', async () => {
		const log: AskedLog = [];
		const { dispatcher, answers } = dispatchFixture({
			workers: ['a', 'b'].map((name) => ({ link: new FakeLink({ name, log, onPing: cannot }) })),
			total: 300,
		});
		await dispatcher.run();
		for (const { status, reason } of answers.values())
			expect([status, reason]).toEqual(['error', 'no-route']);
		expect(answers.size).toBe(300);
		const byHost = new Map<string, string[]>();
		for (const { worker, hosts } of log) {
			for (const host of hosts) byHost.set(host, [...(byHost.get(host) ?? []), worker]);
		}
		for (const askedOf of byHost.values()) expect(new Set(askedOf).size).toBe(askedOf.length);
	});

	it('are errors at once with a single worker', async () => {
		const log: AskedLog = [];
		const { dispatcher, answers } = dispatchFixture({
			workers: [{ link: new FakeLink({ name: 'a', log, onPing: cannot }) }],
			total: 300,
		});
		await dispatcher.run();
		expect(answers.size).toBe(300);
		expect(new Set(askedTimes(log).values())).toEqual(new Set([1]));
	});

	it('are errors when no worker offers their probe, more of them than fit into a window', async () => {
		// Regression: the lane slept after it had made way for the rest of the list.
		const { dispatcher, answers } = dispatchFixture({
			workers: [{ link: new FakeLink({ name: 'a' }), capabilities: { probes: ['icmp'] } }],
			total: 5_000,
			probeAt: (position) => (position < 4_000 ? 'tcp' : 'icmp'),
			shuffleWindow: 500,
		});
		await dispatcher.run();
		expect(answers.size).toBe(5_000);
		const orphans = [...answers].filter(([position]) => position < 4_000).map(([, answer]) => answer);
		for (const orphan of orphans)
			expect(orphan).toEqual({ worker: 'master', status: 'error', reason: 'no-worker' });
	});

	it('are errors when the only worker for their probe is out', async () => {
		const { dispatcher, answers } = dispatchFixture({
			workers: [
				{ link: new FakeLink({ name: 'icmp' }), capabilities: { probes: ['icmp'] } },
				{
					link: new FakeLink({
						name: 'tcp',
						onPing: () => {
							throw new WorkerFailure('refused', 'does not accept our token');
						},
					}),
					capabilities: { probes: ['tcp'] },
				},
			],
			total: 1_000,
			probeAt: (position) => (position % 2 === 0 ? 'tcp' : 'icmp'),
		});
		await dispatcher.run();
		expect(answers.size).toBe(1_000);
		for (const [position, { status }] of answers) expect(status).toBe(position % 2 === 0 ? 'error' : 'up');
	});

	it('are errors when the only worker for their probe has been gone for too long', async () => {
		// Regression: as long as another worker was well, the run waited for this one for ever.
		const { dispatcher, answers } = dispatchFixture({
			workers: [
				{ link: new FakeLink({ name: 'icmp' }), capabilities: { probes: ['icmp'] } },
				{
					link: new FakeLink({ name: 'tcp', onPing: gone, onCheck: gone }),
					capabilities: { probes: ['tcp'] },
				},
			],
			total: 1_000,
			probeAt: (position) => (position % 2 === 0 ? 'tcp' : 'icmp'),
			workerTimeoutMs: 2_000,
		});
		const started = performance.now();
		await dispatcher.run();
		expect(performance.now() - started).toBeGreaterThanOrEqual(2_000 / 50 - 2);
		expect(answers.size).toBe(1_000);
		for (const [position, answer] of answers) {
			if (position % 2 === 0)
				expect(answer).toEqual({ worker: 'master', status: 'error', reason: 'no-worker' });
			else expect(answer.status).toBe('up');
		}
	});

	it('wait for the only worker for their probe while it may come back', async () => {
		let down = true;
		setTimeout(() => {
			down = false;
		}, 30);
		const { dispatcher, answers } = dispatchFixture({
			workers: [
				{ link: new FakeLink({ name: 'icmp' }), capabilities: { probes: ['icmp'] } },
				{
					link: new FakeLink({
						name: 'tcp',
						onPing: (call, request) => (down ? gone() : answerAll(call, request)),
						onCheck: () => (down ? gone() : capabilities({ probes: ['tcp'] })),
					}),
					capabilities: { probes: ['tcp'] },
				},
			],
			total: 1_000,
			probeAt: (position) => (position % 2 === 0 ? 'tcp' : 'icmp'),
			workerTimeoutMs: 60_000,
		});
		await dispatcher.run();
		expect(answers.size).toBe(1_000);
		expect(new Set([...answers.values()].map(({ status }) => status))).toEqual(new Set(['up']));
	});
});

describe('no worker left', () => {
	it('ends the run after the time to wait, and names why', async () => {
		const { dispatcher, events } = dispatchFixture({
			workers: ['a', 'b'].map((name) => ({ link: new FakeLink({ name, onPing: gone, onCheck: gone }) })),
			total: 100,
			workerTimeoutMs: 2_000,
		});
		const started = performance.now();
		await expect(dispatcher.run()).rejects.toMatchObject({
			code: 'no-worker',
			message: 'no worker is left to ask: a can not be reached; b can not be reached',
		});
		expect(performance.now() - started).toBeGreaterThanOrEqual(2_000 / 50 - 2);
		expect(events).toContainEqual({ type: 'waiting-for-workers', forMs: 2_000 });
	});

	it('ends the run at once when none may come back', async () => {
		const { dispatcher } = dispatchFixture({
			workers: ['a', 'b'].map((name) => ({
				link: new FakeLink({
					name,
					onPing: () => {
						throw new WorkerFailure('refused', 'does not accept our token');
					},
				}),
			})),
			total: 100,
			workerTimeoutMs: 3_600_000,
		});
		await expect(dispatcher.run()).rejects.toMatchObject({ code: 'no-worker' });
	});

	it('ends the run when the last request succeeds and only checks fail from then on', async () => {
		// Regression: the late success stopped the clock and no failed check started it again.
		const link = new FakeLink({
			name: 'a',
			onCheck: gone,
			async onPing(call, request) {
				if (request === 1) broken();
				await systemClock.sleep(2);
				return answerAll(call, request);
			},
		});
		const { dispatcher } = dispatchFixture({ workers: [{ link }], total: 1_000, workerTimeoutMs: 2_000 });
		await expect(dispatcher.run()).rejects.toMatchObject({ code: 'no-worker' });
	});

	it('goes on when one comes back in time', async () => {
		let down = true;
		setTimeout(() => {
			down = false;
		}, 30);
		const link = new FakeLink({
			name: 'a',
			onPing: (call, request) => (down ? gone() : answerAll(call, request)),
			onCheck: () => (down ? gone() : capabilities()),
		});
		const { dispatcher, answers } = dispatchFixture({
			workers: [{ link }],
			total: 1_000,
			workerTimeoutMs: 60_000,
		});
		await dispatcher.run();
		expect(answers.size).toBe(1_000);
	});
});

describe('stop', () => {
	it('takes no more and waits for what is under way', async () => {
		let release: () => void = () => undefined;
		const held = new Promise<void>((resolve) => {
			release = resolve;
		});
		const link = new FakeLink({
			name: 'a',
			onPing: async (call, request) => {
				await held;
				return answerAll(call, request);
			},
		});
		const { dispatcher, answers } = dispatchFixture({ workers: [{ link }], total: 10_000 });
		const running = dispatcher.run();
		while (link.requests < 2) await systemClock.sleep(1);
		const { requests } = link;
		const underWay = dispatcher.inFlight;
		dispatcher.stop(new AbortController().signal);
		release();
		await running;
		expect(answers.size).toBeLessThanOrEqual(underWay);
		expect(answers.size).toBeGreaterThanOrEqual(requests * 100);
		expect(dispatcher.inFlight).toBe(0);
	});

	it('gives up what is under way when told', async () => {
		const link = new FakeLink({ name: 'a', onPing: hang });
		const { dispatcher, answers } = dispatchFixture({ workers: [{ link }], total: 10_000 });
		const running = dispatcher.run();
		while (link.requests < 2) await systemClock.sleep(1);
		dispatcher.stop(AbortSignal.timeout(5));
		await running;
		expect(answers.size).toBe(0);
	});

	it('does not send what still waits for the rate', async () => {
		const link = new FakeLink({ name: 'a' });
		const { dispatcher, answers } = dispatchFixture({
			workers: [{ link }],
			total: 100,
			ratePerSecond: 1,
			clock: systemClock,
		});
		const running = dispatcher.run();
		while (answers.size === 0) await systemClock.sleep(1);
		const { requests } = link;
		dispatcher.stop(new AbortController().signal);
		await running;
		expect(link.requests).toBe(requests);
	});

	it('is no failure when all workers are out by then', async () => {
		const link = new FakeLink({
			name: 'a',
			async onPing() {
				dispatcher.stop(new AbortController().signal);
				throw new WorkerFailure('refused', 'does not accept our token');
			},
		});
		const { dispatcher } = dispatchFixture({ workers: [{ link }], total: 100 });
		await expect(dispatcher.run()).resolves.toBeUndefined();
	});

	it('ends a wait for workers', async () => {
		const link = new FakeLink({ name: 'a', onPing: gone, onCheck: gone });
		const { dispatcher } = dispatchFixture({ workers: [{ link }], total: 100, workerTimeoutMs: 3_600_000 });
		const running = dispatcher.run();
		while (link.checks < 1) await systemClock.sleep(1);
		dispatcher.stop(new AbortController().signal);
		await expect(running).resolves.toBeUndefined();
	});
});

describe('workers that come and go', () => {
	/** A worker whose requests end when the gate opens. */
	function gated(log: AskedLog) {
		const gate = Promise.withResolvers<void>();
		const onPing: Behaviour = async (call, request) => {
			await gate.promise;
			await answerAll(call, request);
		};
		return { link: new FakeLink({ name: 'a', log, onPing }), open: () => gate.resolve() };
	}
	const options = { total: 1_000, chunkHosts: 100, concurrency: 2 };
	const soon = (): Promise<void> => systemClock.sleep(1);

	it('one that is taken out ends what it has, gets nothing more, and is closed', async () => {
		const log: AskedLog = [];
		const { link, open } = gated(log);
		const other = new FakeLink({ name: 'b', log });
		const fixture = dispatchFixture({ ...options, workers: [{ link }], clock: fastClock(1) });
		const { dispatcher, answers, events } = fixture;
		const running = dispatcher.run();
		while (link.requests < 2) await soon();
		dispatcher.addWorker({ link: other, weight: 1, met: undefined });
		dispatcher.removeWorker('a');
		while (other.requests < 3) await soon();
		expect(link.isClosed).toBe(false);
		open();
		await running;
		expect([link.requests, link.isClosed, other.isClosed]).toEqual([2, true, false]);
		expect([answers.size, ...askedTimes(log).values()].filter((times) => times !== 1)).toEqual([1_000]);
		expect(events.map(({ type }) => type)).toEqual(['worker-joined']);
	});

	it('one that is taken out and put back works, while its requests from before end as well', async () => {
		const log: AskedLog = [];
		const { link: before, open } = gated(log);
		const after = new FakeLink({ name: 'a', log });
		const fixture = dispatchFixture({ ...options, workers: [{ link: before }], clock: fastClock(1) });
		const { dispatcher, answers, wrong, events } = fixture;
		const running = dispatcher.run();
		while (before.requests < 2) await soon();
		dispatcher.removeWorker('a');
		dispatcher.addWorker({ link: after, weight: 1, met: undefined });
		while (after.requests < 3) await soon();
		expect(before.isClosed).toBe(false);
		open();
		await running;
		expect([before.requests, before.isClosed, after.isClosed]).toEqual([2, true, false]);
		expect([answers.size, wrong]).toEqual([1_000, []]);
		expect([...askedTimes(log).values()].filter((times) => times !== 1)).toEqual([]);
		expect(events.map(({ type }) => type)).toEqual(['worker-joined']);
	});

	it('a check of the one that left says nothing about the one that came back', async () => {
		const before = new FakeLink({ name: 'a', onPing: gone });
		const checked = Promise.withResolvers<void>();
		before.capabilities = async () => {
			before.checks += 1;
			await checked.promise;
			throw new WorkerFailure('refused', 'does not accept our token');
		};
		const after = new FakeLink({ name: 'a' });
		const fixture = dispatchFixture({ ...options, workers: [{ link: before }], clock: fastClock(10) });
		const { dispatcher, answers, events } = fixture;
		const running = dispatcher.run();
		while (before.checks < 1) await soon();
		dispatcher.removeWorker('a');
		dispatcher.addWorker({ link: after, weight: 1, met: undefined });
		checked.resolve();
		await running;
		expect(answers.size).toBe(1_000);
		expect(before.isClosed).toBe(true);
		expect(events.flatMap((event) => (event.type === 'worker-set-aside' ? event.message : []))).toEqual([
			'can not be reached',
		]);
	});
});

describe('whatever happens', () => {
	const firstSeed = Number(process.env.TEST_SEED ?? 1);

	it.each(Array.from({ length: 60 }, (_, i) => firstSeed + i))(
		'every host has one row and at most three requests (seed %i)',
		async (seed) => {
			const random = createRandom(seed);
			const clock = turnClock(100);
			const chunkHosts = 1 + random.below(200);
			// No more requests than are worth the time.
			const total = 1 + random.below(Math.min(4_000, 60 * chunkHosts));
			const log: AskedLog = [];
			/** hosts of requests that a worker has seen, as the tries are counted */
			const seen = new Map<string, number>();
			const answered = new Set<string>();
			const askedAgain: string[] = [];
			const flaky: Behaviour = async (call) => {
				const hosts = hostTexts(call.hosts);
				if (random.next() < 0.3) await clock.sleep(random.below(1_500));
				const luck = random.next();
				if (luck < 0.1) gone();
				if (luck < 0.15) throw new WorkerFailure('busy', 'is busy', { retryAfterMs: random.below(500) });
				for (const host of hosts) seen.set(host, (seen.get(host) ?? 0) + 1);
				const left = [...hosts.keys()].sort(() => random.next() - 0.5);
				const until = luck < 0.4 ? random.below(left.length + 1) : left.length;
				for (let from = 0; from < until; ) {
					const index = left.slice(from, Math.min(until, from + 1 + random.below(50)));
					from += index.length;
					const troubled = random.next() < 0.05;
					if (!troubled) for (const i of index) answered.add(hosts[i]!);
					call.onBlock(troubled ? blockOf(index, 'error', 'no-buffers') : blockOf(index, 'up'));
					if (random.next() < 0.2) await clock.sleep(random.below(200));
				}
				if (until < left.length) broken();
				call.onSent(random.below(300));
			};
			const workers = Array.from({ length: 1 + random.below(4) }, (_, i) => {
				const probes = i === 0 || random.next() < 0.5 ? (['icmp', 'tcp'] as const) : (['icmp'] as const);
				const capable = { probes: [...probes], hostsInFlightMax: 50 + random.below(1_000) };
				return {
					link: new FakeLink({
						name: `w${i}`,
						log,
						onPing: flaky,
						onAsked: (hosts) => askedAgain.push(...hosts.filter((host) => answered.has(host))),
						onCheck: () => (random.next() < 0.2 ? gone() : capabilities(capable)),
					}),
					capabilities: capable,
				};
			});
			const { dispatcher, answers, wrong, ledger } = dispatchFixture({
				workers,
				total,
				probeAt: (position) => (position % 3 === 0 ? 'tcp' : position % 50 === 1 ? 'http' : 'icmp'),
				chunkHosts,
				seed,
				shuffleWindow: 64 + random.below(1_000),
				workerTimeoutMs: 86_400_000,
				...(random.next() < 0.2 ? { ratePerSecond: 20_000 } : {}),
				clock,
			});
			await dispatcher.run();
			expect(wrong).toEqual([]);
			expect(answers.size).toBe(total);
			expect(askedAgain).toEqual([]);
			expect(Math.max(0, ...seen.values())).toBeLessThanOrEqual(3);
			expect(ledger.complete).toBe(true);
			expect(dispatcher.inFlight).toBe(0);
			for (const [position, { status, reason }] of answers) {
				const http = position % 3 !== 0 && position % 50 === 1;
				if (http) expect([status, reason]).toEqual(['error', 'no-worker']);
				else if (status === 'error') expect(['worker-failed', 'no-buffers']).toContain(reason);
				else expect(status).toBe('up');
			}
		},
	);
});
