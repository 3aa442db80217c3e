import { describe, expect, it } from 'vitest';
import { LiveHub } from '../../../master/dashboard/live-hub.ts';
import type { LiveSource } from '../../../master/dashboard/live-source.ts';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import type { LiveHello, LiveUpdate } from '../../../shared/dashboard-api.ts';
import { pausingClock } from '../../pausing-clock.ts';
import { notLong, testUnless } from '../../requirements.ts';
import { serve } from './dashboard-fixture.ts';
import { openEvents } from './event-stream.ts';

/** A run that says a number, which a test moves on. */
class Counting implements LiveSource {
	now = 1;
	/** cursors below it are too old */
	oldest = 0;
	hellos = 0;
	/** cursors that were asked for */
	readonly asked: number[] = [];
	/** makes messages heavy */
	readonly ballast: string;

	constructor(ballast = '') {
		this.ballast = ballast;
	}

	hello() {
		this.hellos += 1;
		return { message: this.#message() as unknown as LiveHello, cursor: this.now };
	}

	updateSince(cursor: number) {
		this.asked.push(cursor);
		if (cursor < this.oldest) return undefined;
		return { message: this.#message() as unknown as LiveUpdate, cursor: this.now };
	}

	#message() {
		const { now, ballast } = this;
		// What has to be escaped takes longer: not where megabytes of it are made.
		return { now, ballast, text: ballast === '' ? 'line\u2028 break\u001b' : '' };
	}
}

function served(
	source: LiveSource,
	options: { clock?: Clock; updateMs?: number; pagesMax?: number; drainMsMax?: number } = {},
) {
	const { drainMsMax, ...hub } = options;
	const live = new LiveHub({ source, clock: systemClock, updateMs: 5, ...hub });
	return serve({ live, ...(drainMsMax !== undefined && { drainMsMax }) }).then((each) => ({
		each,
		live,
		url: `http://127.0.0.1:${each.port}/api/live`,
		[Symbol.asyncDispose]: () => each[Symbol.asyncDispose](),
	}));
}

describe('a live stream', () => {
	it('says all there is, then what is new', async () => {
		const source = new Counting();
		await using dashboard = await served(source);
		using page = await openEvents(dashboard.url);
		expect([page.status, page.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
		await page.reached(1);
		source.now = 2;
		await page.reached(2);
		source.now = 5;
		await page.reached(3);
		expect(page.events.map(({ name, data }) => [name, data.now, data.text])).toEqual([
			['hello', 1, 'line\u2028 break\u001b'],
			['update', 2, 'line\u2028 break\u001b'],
			['update', 5, 'line\u2028 break\u001b'],
		]);
		expect(source.hellos).toBe(1);
	});

	it('is begun anew where it stands too far back', async () => {
		const source = new Counting();
		await using dashboard = await served(source);
		using page = await openEvents(dashboard.url);
		await page.reached(1);
		source.oldest = 10;
		source.now = 10;
		await page.reached(2);
		expect(page.events.map(({ name, data }) => [name, data.now])).toEqual([
			['hello', 1],
			['hello', 10],
		]);
	});

	it('is no more often than its ticks, however much happens', async () => {
		const { clock, pass } = pausingClock();
		const source = new Counting();
		await using dashboard = await served(source, { clock, updateMs: 100 });
		using page = await openEvents(dashboard.url);
		await page.reached(1);
		for (let ticks = 1; ticks <= 7; ticks += 1) {
			for (let changes = 0; changes < 10; changes += 1) source.now += 1;
			expect(await pass()).toBe(100);
			await page.reached(1 + ticks);
		}
		expect(page.events.map(({ data }) => data.now)).toEqual([1, 11, 21, 31, 41, 51, 61, 71]);
	});

	it('is worked out once for all pages that stand at the same place', async () => {
		const { clock, pass } = pausingClock();
		const source = new Counting();
		await using dashboard = await served(source, { clock });
		using one = await openEvents(dashboard.url);
		using two = await openEvents(dashboard.url);
		using three = await openEvents(dashboard.url);
		const pages = [one, two, three];
		await Promise.all(pages.map((page) => page.reached(1)));
		for (source.now = 2; source.now < 5; source.now += 1) {
			await pass();
			await Promise.all(pages.map((page) => page.reached(source.now)));
		}
		expect([source.hellos, source.asked]).toEqual([1, [1, 2, 3]]);
	});

	it('costs nothing without pages', async () => {
		const { clock, pass } = pausingClock();
		const source = new Counting();
		await using dashboard = await served(source, { clock });
		const page = await openEvents(dashboard.url);
		await page.reached(1);
		await pass();
		expect(dashboard.live.pages).toBe(1);
		page[Symbol.dispose]();
		await page.ended;
		await expect.poll(() => dashboard.live.pages).toBe(0);
		expect(source.asked).toEqual([1]);
		// The tick that was on its way goes by; the next one begins with the next page.
		let ticks = 0;
		const passing = pass().then(() => {
			ticks += 1;
		});
		await dashboard.each.get('/api/about');
		expect(ticks).toBe(0);
		using again = await openEvents(dashboard.url);
		await again.reached(1);
		await passing;
		expect(source.asked).toEqual([1]);
	});

	it('is given to so many pages alone, and to another when one has left', async () => {
		await using dashboard = await served(new Counting(), { pagesMax: 2 });
		const first = await openEvents(dashboard.url);
		using second = await openEvents(dashboard.url);
		await Promise.all([first.reached(1), second.reached(1)]);
		using third = await openEvents(dashboard.url);
		expect(third.status).toBe(503);
		first[Symbol.dispose]();
		await expect.poll(() => dashboard.live.pages).toBe(1);
		using fourth = await openEvents(dashboard.url);
		expect(fourth.status).toBe(200);
	});

	it('tells every page how it ended, and ends', async () => {
		const source = new Counting();
		await using dashboard = await served(source, { updateMs: 60_000 });
		using one = await openEvents(dashboard.url);
		using two = await openEvents(dashboard.url);
		await Promise.all([one.reached(1), two.reached(1)]);
		source.now = 99;
		dashboard.live.finish();
		expect(await Promise.all([one.ended, two.ended])).toEqual([true, true]);
		for (const { events } of [one, two]) {
			expect(events.map(({ name, data }) => [name, data.now])).toEqual([
				['hello', 1],
				['update', 99],
			]);
		}
		using late = await openEvents(dashboard.url);
		expect(late.status).toBe(503);
	});

	it('breaks when the run can not be told, and leaves its place to others', async () => {
		const faults: unknown[] = [];
		const source = new Counting();
		const live = new LiveHub({
			source,
			clock: systemClock,
			updateMs: 5,
			fault: (error) => faults.push(error),
		});
		await using dashboard = await serve({ live });
		using page = await openEvents(`http://127.0.0.1:${dashboard.port}/api/live`);
		await page.reached(1);
		const fault = new Error('of ours');
		source.updateSince = () => {
			throw fault;
		};
		expect(await page.ended).toBe(false);
		expect([live.pages, faults]).toEqual([0, [fault]]);
	});

	it('is less often while the machine is busy', async () => {
		const { clock, pass } = pausingClock();
		const busy = [false, true, true, false];
		const live = new LiveHub({
			source: new Counting(),
			clock,
			updateMs: 500,
			busyMs: 1_000,
			isBusy: () => busy.shift() ?? false,
		});
		await using dashboard = await serve({ live });
		using page = await openEvents(`http://127.0.0.1:${dashboard.port}/api/live`);
		await page.reached(1);
		const pauses: number[] = [];
		for (let i = 0; i < 5; i += 1) pauses.push(await pass());
		expect(pauses).toEqual([500, 1_000, 1_000, 500, 500]);
	});

	it('says a word now and then when there is nothing to say', async () => {
		const { clock, pass } = pausingClock();
		const source = new Counting();
		const live = new LiveHub({ source, clock, updateMs: 4_000, heartbeatMs: 15_000 });
		await using dashboard = await serve({ live });
		using page = await openEvents(`http://127.0.0.1:${dashboard.port}/api/live`);
		await page.reached(1);
		for (let i = 0; i < 3; i += 1) await pass();
		expect(page.comments()).toBe(0);
		await pass();
		await expect.poll(() => page.comments()).toBe(1);
		expect(page.events).toHaveLength(1);
	});
});

describe('a page that does not read', () => {
	it('has one message waiting and no more, while others are told on, and gets the present when it reads', async () => {
		const source = new Counting('x'.repeat(1024 * 1024));
		await using dashboard = await served(source);
		using stuck = await openEvents(dashboard.url);
		await stuck.reached(1);
		stuck.response.pause();
		const other = dashboard.live.open()!.getReader();
		const step = async (): Promise<void> => {
			source.now += 1;
			await other.read();
		};
		await other.read();
		// What fits into the system's buffers goes; then no message is made for it any more.
		for (let i = 0; i < 16; i += 1) await step();
		const [asked, now] = [source.asked.length, source.now];
		for (let i = 0; i < 6; i += 1) await step();
		expect(source.asked.slice(asked)).toEqual(Array.from({ length: 6 }, (_, i) => now + i));
		await other.cancel();
		stuck.response.resume();
		await expect.poll(() => stuck.events.at(-1)!.data.now).toBe(source.now);
		// Of 22, it got what was on its way and what is now.
		expect(stuck.events.length).toBeLessThan(18);
	});

	testUnless(notLong(), 'is cut when it goes on like that', async () => {
		const source = new Counting('x'.repeat(2 * 1024 * 1024));
		await using dashboard = await served(source, { drainMsMax: 100 });
		using stuck = await openEvents(dashboard.url);
		stuck.response.pause();
		const happening = setInterval(() => {
			source.now += 1;
		}, 5);
		await expect.poll(() => dashboard.live.pages).toBe(0);
		clearInterval(happening);
		stuck.response.resume();
		expect(await stuck.ended).toBe(false);
	});
});
