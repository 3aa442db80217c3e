import { describe, expect, it } from 'vitest';
import type { ResultBlock } from '../../../shared/results.ts';
import { unsentBlock } from '../../../shared/results.ts';
import type { EchoCounters, EchoEngine, EchoJob } from '../../../worker/icmp/echo-engine.ts';
import { EngineGroup } from '../../../worker/icmp/engine-group.node.ts';

const noCounters: EchoCounters = {
	sent: 0,
	received: 0,
	late: 0,
	duplicate: 0,
	forged: 0,
	corrupted: 0,
	truncated: 0,
	dropped: 0,
	sendBlocked: 0,
};

/** An engine whose jobs go on as the test says. */
class FakeEngine implements EchoEngine {
	readonly mode = 'datagram';
	families = { ipv4: true, ipv6: true };
	readonly jobs: { readonly job: EchoJob; readonly end: () => void; readonly fail: (why: Error) => void }[] =
		[];
	closed = 0;
	/** what every further job fails with */
	broken: Error | undefined;
	#sent = 0;

	run(job: EchoJob): Promise<void> {
		this.#sent += job.addresses.length;
		if (this.broken !== undefined) return Promise.reject(this.broken);
		return new Promise((resolve, reject) => {
			this.jobs.push({ job, end: resolve, fail: reject });
			job.signal.addEventListener('abort', () => reject(job.signal.reason), { once: true });
		});
	}

	counters(): EchoCounters {
		return { ...noCounters, sent: this.#sent, late: 1 };
	}

	async close(): Promise<void> {
		this.closed += 1;
		for (const { fail } of this.jobs) fail(new Error('closed'));
	}
}

function jobOf(hosts: number, changes: Partial<EchoJob> = {}): EchoJob {
	return {
		addresses: new Uint32Array(hosts),
		count: 1,
		attempts: 1,
		timeoutMs: 1_000,
		intervalMs: 1_000,
		report: () => undefined,
		left: () => undefined,
		signal: new AbortController().signal,
		...changes,
	};
}

/** Lets everything happen that waits for nothing else. */
const settled = (): Promise<void> => new Promise(setImmediate);

const busy = 8_192;

/** A group, its engines in the order in which they were opened, and what to run in it. */
function groupOf(enginesMax: number, open?: () => Promise<EchoEngine | string>) {
	const engines = [new FakeEngine()];
	let asked = 0;
	const group = new EngineGroup({
		first: engines[0]!,
		enginesMax,
		openMore: async () => {
			asked += 1;
			if (open !== undefined) return open();
			engines.push(new FakeEngine());
			return engines.at(-1)!;
		},
	});
	const failures: unknown[] = [];
	const start = (hosts: number, changes?: Partial<EchoJob>): Promise<void> =>
		group.run(jobOf(hosts, changes)).catch((error: unknown) => void failures.push(error));
	/** Two jobs that keep the first engine busy, with a second one open. */
	const openSecond = async (): Promise<void> => {
		void start(busy);
		void start(1);
		await settled();
	};
	const jobs = (): number[] => engines.map((engine) => engine.jobs.length);
	/** Has an engine that has the least before it end a job well. */
	const prove = async (engine: FakeEngine): Promise<void> => {
		const running = start(1);
		engine.jobs.at(-1)!.end();
		await running;
	};
	return { group, engines, failures, start, openSecond, prove, jobs, asked: () => asked };
}

describe('a group of engines', () => {
	it('has one engine as long as that has little before it', async () => {
		const { start, engines, jobs, asked } = groupOf(4);
		for (let i = 0; i < 8; i += 1) void start(busy / 8);
		await settled();
		expect(jobs()).toEqual([8]);
		// What has left is before nobody any more.
		for (const { job } of engines[0]!.jobs) job.left(1);
		for (let i = 0; i < 8; i += 1) void start(busy / 8);
		await settled();
		expect(asked()).toBe(0);
	});

	it('opens one more engine at a time when all are busy, up to its ceiling', async () => {
		const { start, jobs, asked } = groupOf(3);
		for (let i = 0; i < 3; i += 1) void start(busy);
		expect(asked()).toBe(1);
		await settled();
		for (let i = 0; i < 10; i += 1) {
			void start(busy);
			await settled();
		}
		expect(asked()).toBe(2);
		expect(jobs().reduce((sum, n) => sum + n)).toBe(13);
		// The first three, and a share of the others.
		expect(jobs()).toEqual([5, 4, 4]);
	});

	it('gives a job to the engine with the fewest echoes before it', async () => {
		const { start, openSecond, engines, jobs } = groupOf(2);
		await openSecond();
		void start(5_000);
		void start(4_000);
		expect(jobs()).toEqual([2, 2]);
		engines[0]!.jobs[0]!.job.left(1);
		void start(10);
		expect(jobs()).toEqual([3, 2]);
	});

	it('tells the caller what the engine tells it, once', async () => {
		const { start, engines } = groupOf(2);
		const blocks: ResultBlock[] = [];
		const waits: number[] = [];
		const running = start(3, { report: (block) => blocks.push(block), left: (waitMs) => waits.push(waitMs) });
		const { job, end } = engines[0]!.jobs[0]!;
		const block = unsentBlock([2, 0, 1], 'error', 'no-route');
		job.report(block);
		job.left(7);
		end();
		await running;
		expect(blocks).toEqual([block]);
		expect(waits).toEqual([7]);
	});

	it('weighs the echoes of a series until it ends', async () => {
		const { start, engines, asked } = groupOf(2);
		// A hundred echoes each, ten of them every 100 ms, of 1,000 hosts: 5,000 in any 50 ms.
		for (let i = 0; i < 2; i += 1) void start(1_000, { count: 100, intervalMs: 10 });
		for (const { job } of engines[0]!.jobs) job.left(1);
		void start(1);
		await settled();
		expect(asked()).toBe(1);
	});

	it('does not take a slow series for a load, and forgets one that has ended', async () => {
		const { start, engines, asked } = groupOf(2);
		for (let i = 0; i < 10; i += 1) {
			void start(4_000, { count: 100, intervalMs: 1_000 });
			engines[0]!.jobs.at(-1)!.job.left(1);
		}
		for (let i = 0; i < 10; i += 1) {
			const running = start(1_000, { count: 1_000, intervalMs: 0 });
			engines[0]!.jobs.at(-1)!.end();
			await running;
		}
		void start(1);
		expect(asked()).toBe(0);
	});

	it.each<[string, () => Promise<EchoEngine | string>]>([
		['says that it can not', async () => 'no socket'],
		['fails', () => Promise.reject(new Error('no thread'))],
	])('does not ask again a machine that %s', async (_, open) => {
		const { start, jobs, asked } = groupOf(4, open);
		for (let i = 0; i < 5; i += 1) {
			void start(busy);
			await settled();
		}
		expect(asked()).toBe(1);
		expect(jobs()).toEqual([5]);
	});

	it('does not take an engine that reaches less than the others, and closes it', async () => {
		const partial = new FakeEngine();
		partial.families = { ipv4: true, ipv6: false };
		const { start, openSecond, jobs, asked } = groupOf(4, async () => partial);
		await openSecond();
		void start(busy);
		await settled();
		expect(partial.closed).toBe(1);
		expect(partial.jobs).toEqual([]);
		expect(jobs()).toEqual([3]);
		expect(asked()).toBe(1);
	});
});

describe('an engine that fails', () => {
	it.each([
		['the first one', 0],
		['another one', 1],
	])('draws no more work while there are others: %s', async (_, at) => {
		const { group, engines, start, openSecond, failures } = groupOf(2);
		await openSecond();
		void start(10);
		const other = engines[1 - at]!;
		for (const { job } of other.jobs) job.left(1);
		engines[at]!.broken = new Error('no descriptors');
		for (const { fail } of engines[at]!.jobs) fail(new Error('its thread ended'));
		await settled();
		const before = failures.length;
		const had = other.jobs.length;
		for (let i = 0; i < 20; i += 1) {
			void start(100);
			await settled();
		}
		expect(failures.length - before).toBe(0);
		expect(other.jobs.length - had).toBe(20);
		expect(engines[at]!.closed).toBe(1);
		expect(group.mode).toBe('datagram');
		expect(group.families).toEqual({ ipv4: true, ipv6: true });
	});

	it('makes room for another one', async () => {
		const { engines, start, openSecond, prove } = groupOf(2);
		await openSecond();
		await prove(engines[1]!);
		void start(1);
		engines[1]!.jobs[1]!.fail(new Error('its thread ended'));
		await settled();
		void start(busy);
		await settled();
		expect(engines).toHaveLength(3);
		void start(1);
		expect(engines[2]!.jobs).toHaveLength(1);
	});

	it('is not replaced when it never worked: the next one would fail jobs as well', async () => {
		const { engines, start, openSecond } = groupOf(2);
		await openSecond();
		void start(1);
		engines[1]!.jobs[0]!.fail(new Error('its thread ended'));
		await settled();
		void start(busy);
		await settled();
		expect(engines).toHaveLength(2);
	});

	it('is closed when its last job has ended: the others may still be answered', async () => {
		const { engines, start, openSecond } = groupOf(2);
		await openSecond();
		void start(1);
		const blocks: ResultBlock[] = [];
		void start(2, { report: (block) => blocks.push(block) });
		const [failing, other] = engines[1]!.jobs;
		failing!.fail(new Error('no memory'));
		await settled();
		expect(engines[1]!.closed).toBe(0);
		other!.job.report(unsentBlock([0, 1], 'error', 'no-route'));
		other!.end();
		await settled();
		expect(blocks).toHaveLength(1);
		expect(engines[1]!.closed).toBe(1);
	});

	it('stays when it is the only one', async () => {
		const { engines, start, failures } = groupOf(2);
		void start(1);
		engines[0]!.jobs[0]!.fail(new Error('its thread ended'));
		await settled();
		expect(failures).toHaveLength(1);
		void start(1);
		expect(engines[0]!.jobs).toHaveLength(2);
		expect(engines[0]!.closed).toBe(0);
	});

	it('is not one whose job was aborted, or whose results nobody could take', async () => {
		const { engines, start, openSecond, failures } = groupOf(2);
		await openSecond();
		const controller = new AbortController();
		void start(1, { signal: controller.signal });
		controller.abort(new Error('the caller has gone'));
		await settled();
		const taker = new Error('the taker has failed');
		void start(1, {
			report: () => {
				throw taker;
			},
		});
		const { job, fail } = engines[1]!.jobs[1]!;
		expect(() => job.report(unsentBlock([0], 'error', 'no-route'))).toThrow(taker);
		fail(taker);
		await settled();
		expect(failures).toEqual([controller.signal.reason, taker]);
		expect(engines[1]!.closed).toBe(0);
		void start(1);
		expect(engines[1]!.jobs).toHaveLength(3);
	});

	it('stays in the counters, before and after it is closed', async () => {
		const { group, engines, start, openSecond } = groupOf(2);
		await openSecond();
		void start(10);
		void start(20);
		const expected = { ...noCounters, sent: busy + 31, late: 2 };
		expect(group.counters()).toEqual(expected);
		const [one, two] = engines[1]!.jobs;
		one!.fail(new Error('its thread ended'));
		await settled();
		expect(group.counters()).toEqual(expected);
		two!.fail(new Error('its thread ended'));
		await settled();
		expect(engines[1]!.closed).toBe(1);
		expect(group.counters()).toEqual(expected);
	});
});

describe('closing a group', () => {
	it('closes every engine once, those that have failed as well', async () => {
		const { group, engines, start, openSecond } = groupOf(2);
		await openSecond();
		void start(1);
		void start(1);
		engines[1]!.jobs[0]!.fail(new Error('its thread ended'));
		await settled();
		await group.close();
		await group.close();
		await settled();
		expect(engines.map(({ closed }) => closed)).toEqual([1, 1]);
	});

	it('closes an engine that is being opened', async () => {
		const opening = Promise.withResolvers<EchoEngine | string>();
		const { group, engines, openSecond, asked } = groupOf(2, () => opening.promise);
		await openSecond();
		expect(asked()).toBe(1);
		const closing = group.close();
		const late = new FakeEngine();
		opening.resolve(late);
		await closing;
		expect([engines[0]!.closed, late.closed]).toEqual([1, 1]);
	});

	it('opens no more engines', async () => {
		const { group, start, asked } = groupOf(2);
		await group.close();
		void start(busy);
		void start(1);
		expect(asked()).toBe(0);
	});
});
