import { describe, expect, it } from 'vitest';
import type { AskedChunk, DispatchObserver } from '../../../master/dispatch/observer.ts';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { encodeBlock } from '../../../shared/columns.ts';
import { mediaTypes, requestIdHeader, requestIdPattern } from '../../../shared/protocol.ts';
import { clientOf, columns, httpServer } from '../worker-client-fixture.ts';
import type { FixtureOptions } from './dispatch-fixture.ts';
import { dispatchFixture } from './dispatch-fixture.ts';
import { answerAll, blockOf, capabilities, FakeLink, hang } from './fake-link.ts';

interface Told {
	readonly asked: AskedChunk[];
	/** what was told of each request behind `asked`, in order */
	readonly of: Map<number, string[]>;
	readonly workers: string[];
	readonly observer: DispatchObserver;
}

function listener(): Told {
	const asked: AskedChunk[] = [];
	const of = new Map<number, string[]>();
	const workers: string[] = [];
	const note = (id: number, what: string): void => void of.get(id)!.push(what);
	const observer: DispatchObserver = {
		met: (worker, { version }) => workers.push(`${worker} is ${version}`),
		unmet: (worker, { message }) => workers.push(`${worker} ${message}`),
		asked(chunk) {
			asked.push(chunk);
			of.set(chunk.id, []);
		},
		sent: (id, waitMs) => note(id, `sent after ${waitMs}`),
		answered: (id, { length }) => note(id, `answered ${length}`),
		late: (id) => note(id, 'late'),
		closed: (id, failure, isCancelled) =>
			note(id, `${isCancelled ? 'cancelled' : 'closed'} ${failure?.message ?? 'well'}`),
		load: (worker, { cpu }) => workers.push(`${worker} has a load of ${cpu}`),
	};
	return { asked, of, workers, observer };
}

async function runWith(options: Omit<FixtureOptions, 'observers'>): Promise<Told> {
	const told = listener();
	const { dispatcher, answers, wrong } = dispatchFixture({ ...options, observers: [told.observer] });
	await dispatcher.run();
	expect(wrong).toEqual([]);
	expect(answers.size).toBe(options.total);
	return told;
}

describe('observers', () => {
	it('that throw are told nothing more, and neither the run nor others are hurt', async () => {
		const names = ['met', 'unmet', 'asked', 'sent', 'answered', 'late', 'closed', 'load'] as const;
		for (const name of names) {
			let calls = 0;
			const thrower: DispatchObserver = {
				[name]: () => {
					calls += 1;
					throw new Error(`no ${name}`);
				},
			};
			const told = listener();
			const { dispatcher, answers, events } = dispatchFixture({
				workers: [{ link: new FakeLink({ name: 'a' }) }],
				total: 250,
				chunkHosts: 100,
				observers: [thrower, told.observer],
			});
			await dispatcher.run();
			expect(answers.size).toBe(250);
			expect(told.asked).toHaveLength(3);
			expect([...told.of.values()].flat().filter((what) => what.startsWith('answered'))).toHaveLength(3);
			expect(calls).toBeLessThanOrEqual(1);
			const notices = events.filter(({ type }) => type === 'notice');
			expect(notices).toHaveLength(calls);
			if (calls === 1) expect(notices[0]).toMatchObject({ message: expect.stringContaining(`no ${name}`) });
			expect(calls).toBe(['unmet', 'late', 'load'].includes(name) ? 0 : 1);
		}
	});

	it('are told of every request, from when it is asked for to its end', async () => {
		const { asked, of, workers } = await runWith({
			workers: [{ link: new FakeLink({ name: 'a' }), capabilities: { version: '1.2.3' } }],
			total: 250,
			chunkHosts: 100,
		});
		expect(workers).toEqual(['a is 1.2.3']);
		expect(asked.map(({ id, kind, hosts, worker, probe }) => [id, kind, hosts, worker, probe])).toEqual([
			[1, 'first', 100, 'a', 'icmp'],
			[2, 'first', 100, 'a', 'icmp'],
			[3, 'first', 50, 'a', 'icmp'],
		]);
		expect(asked.map(({ request }) => request)).toEqual(['test-1', 'test-2', 'test-3']);
		for (const chunk of asked.slice(0, 2)) {
			expect(of.get(chunk.id)).toEqual(['answered 100', 'sent after 0', 'closed well']);
		}
		// With its answer the run was over.
		expect(of.get(3)!.slice(0, 2)).toEqual(['answered 50', 'sent after 0']);
		expect(of.get(3)!.at(-1)).toMatch(/^(closed well|cancelled (well|is not asked any more))$/);
	});

	it('are told what failed, and that it is asked again', async () => {
		const flaky = new FakeLink({
			name: 'a',
			onPing(call, request) {
				if (request > 1) return answerAll(call, request);
				call.onBlock(blockOf([0, 1, 2], 'up'));
				throw new WorkerFailure('broken', 'broke the connection');
			},
		});
		const { asked, of, workers } = await runWith({
			workers: [{ link: flaky }],
			total: 10,
			chunkHosts: 10,
		});
		expect(of.get(1)).toEqual(['answered 3', 'closed broke the connection']);
		// A host of them may be why: they go in pieces.
		expect(new Set(asked.slice(1).map(({ kind }) => kind))).toEqual(new Set(['again']));
		expect(asked.slice(1).reduce((sum, { hosts }) => sum + hosts, 0)).toBe(7);
		// At the start, and at the check behind the failure.
		expect(workers).toEqual(['a is 0.0.0', 'a is 0.0.0']);
	});

	it('are told of checks that fail', async () => {
		let isUp = false;
		const link = new FakeLink({
			name: 'a',
			onPing: (call, request) => {
				if (request === 1) throw new WorkerFailure('unreachable', 'can not be reached');
				return answerAll(call, request);
			},
			onCheck: () => {
				isUp = !isUp;
				if (isUp) throw new WorkerFailure('unreachable', 'refuses connections');
				return capabilities({ version: '2' });
			},
		});
		const { workers } = await runWith({ workers: [{ link }], total: 10 });
		expect(workers).toEqual(['a is 0.0.0', 'a refuses connections', 'a is 2']);
	});

	it('are told which request is late, and which takes over from it', async () => {
		const stuck = new FakeLink({ name: 'stuck', onPing: hang });
		const { asked, of } = await runWith({
			workers: [
				{ link: stuck, capabilities: { heartbeatMs: 250 } },
				{ link: new FakeLink({ name: 'well' }) },
			],
			total: 400,
			chunkHosts: 100,
			concurrency: 1,
		});
		const late = asked.filter(({ worker }) => worker === 'stuck');
		expect(late.length).toBeGreaterThan(0);
		for (const { id } of late) {
			expect(of.get(id)).toEqual(['late', expect.stringMatching(/^cancelled /)]);
			const hedges = asked.filter((chunk) => chunk.id > id && chunk.kind === 'hedge');
			expect(hedges.map(({ worker }) => worker)).toContain('well');
		}
		for (const { id, worker } of asked) if (worker === 'well') expect(of.get(id)).not.toContain('late');
	});

	it('know a request by the name that goes over the wire, before it does', async () => {
		const told = listener();
		const named: (string | undefined)[] = [];
		const known: boolean[] = [];
		const url = await httpServer((request, response, body) => {
			const name = request.headers[requestIdHeader] as string | undefined;
			named.push(name);
			known.push(told.asked.some((chunk) => chunk.request === name));
			const { length } = (JSON.parse(body) as { hosts: string[] }).hosts;
			const load = {
				...{ cpu: 0.25, memoryBytes: 1, eventLoopDelayMs: 1, sent: 1, received: 1, dropped: 0, forged: 0 },
			};
			response
				.setHeader('content-type', mediaTypes.frames)
				.setHeader(requestIdHeader, name!)
				.end(
					columns([
						{ worker: 'x', hosts: length, request: name },
						encodeBlock(
							blockOf(
								Array.from({ length }, (_, i) => i),
								'up',
							),
						),
						{ sent: true, waitMs: 3, load },
						{ done: true, results: length },
					]),
				);
		});
		const { dispatcher } = dispatchFixture({
			workers: [{ link: clientOf(url) }],
			total: 30,
			chunkHosts: 15,
			observers: [told.observer],
		});
		await dispatcher.run();
		expect(named).toEqual(told.asked.map(({ request }) => request));
		expect(known).toEqual([true, true]);
		for (const name of named) expect(name).toMatch(requestIdPattern);
		expect(told.of.get(1)).toEqual(['answered 15', 'sent after 3', 'closed well']);
		expect(told.workers).toContain('w has a load of 0.25');
	});
});
