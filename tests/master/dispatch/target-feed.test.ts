import { describe, expect, it } from 'vitest';
import { TargetFeed } from '../../../master/dispatch/target-feed.ts';
import type { TargetBatch } from '../../../master/targets/target-list.ts';
import { hostColumn, hostTexts } from '../../../shared/host-column.ts';
import { createRandom } from '../../../shared/random.ts';
import { probeNames } from '../../../shared/target.ts';
import { batchesOf, hostOf } from './dispatch-fixture.ts';

type Window = NonNullable<Awaited<ReturnType<TargetFeed['next']>>>;

function feedOf(batches: AsyncIterable<TargetBatch>, shuffleWindow = 1_000, seed = 1): TargetFeed {
	return new TargetFeed({ batches, random: createRandom(seed), shuffleWindow });
}

async function windowsOf(feed: TargetFeed): Promise<Window[]> {
	const windows: Window[] = [];
	for (let window = await feed.next(); window; window = await feed.next()) windows.push(window);
	return windows;
}

function positionsOf(window: Window): number[] {
	return window.flatMap(({ positions }) => [...positions]);
}

describe('windows of a list', () => {
	it.each([0, 1, 999, 1_000, 1_001, 5_432])(
		'have each of %i targets once, with its position',
		async (total) => {
			const windows = await windowsOf(feedOf(batchesOf(total, undefined, 300)));
			const positions = windows.flatMap(positionsOf);
			expect(positions.toSorted((a, b) => a - b)).toEqual([...Array(total).keys()]);
			const dealt = windows.flat();
			expect(dealt.flatMap(({ hosts }) => hostTexts(hosts))).toEqual(positions.map(hostOf));
			expect(windows).toHaveLength(Math.ceil(total / 1_000));
		},
	);

	it('are shuffled, by the seed, and no further than their ends', async () => {
		const order = async (seed: number) =>
			(await windowsOf(feedOf(batchesOf(4_000), 1_000, seed))).flatMap(positionsOf);
		const first = await order(1);
		expect(first).not.toEqual(first.toSorted((a, b) => a - b));
		expect(first).toEqual(await order(1));
		expect(first).not.toEqual(await order(2));
		expect(first.filter((position, at) => Math.floor(position / 1_000) !== Math.floor(at / 1_000))).toEqual(
			[],
		);
	});

	it('are dealt by probe', async () => {
		const probes = ['icmp', 'tcp', 'http'] as const;
		const [window] = await windowsOf(feedOf(batchesOf(900, (position) => probes[position % 3]!)));
		expect(window!.map(({ probe, hosts }) => [probe, hosts.length])).toEqual(
			probeNames.map((probe) => [probe, 300]),
		);
		for (const { probe, positions } of window!) {
			expect([...positions].every((position) => probes[position % 3] === probe)).toBe(true);
		}
	});

	it('have bare addresses first, so that few requests hold anything else', async () => {
		const isName = (position: number): boolean => position % 3 === 0;
		const orders = new Set<string>();
		for (let seed = 1; seed <= 200; seed += 1) {
			const positions = (await windowsOf(feedOf(batchesOf(6), 6, seed))).flatMap(positionsOf);
			expect(positions.map(isName)).toEqual([false, false, false, false, true, true]);
			orders.add(positions.join());
		}
		// In any order among themselves: of 4! × 2! = 48, 200 draws miss one or two at most.
		expect(orders.size).toBeGreaterThan(40);
	});

	it('keep hosts of all kinds apart from each other, over batches of both', async () => {
		const other = new Map([
			[17, 'h17.test'],
			[1_200, 'tcp://10.0.0.1:80'],
			[2_500, 'fd00::1'],
			[2_501, 'h2501.test'],
		]);
		const texts = Array.from({ length: 3_000 }, (_, i) => other.get(i) ?? `10.1.${i >> 8}.${i & 255}`);
		const probeOf = (text: string): number => probeNames.indexOf(text.startsWith('tcp') ? 'tcp' : 'icmp');
		const list = async function* () {
			yield { firstPosition: 0, hosts: hostColumn(texts), probes: Uint8Array.from(texts, probeOf) };
		};
		const windows = await windowsOf(feedOf(list()));
		const named = windows.flat().map(({ hosts }) => hosts.texts?.filter((text) => text !== undefined));
		expect(named.map((held) => held?.toSorted())).toEqual([
			['h17.test'],
			undefined,
			['tcp://10.0.0.1:80'],
			['fd00::1', 'h2501.test'],
		]);
		const dealt = windows.flat();
		expect(dealt.flatMap(({ hosts }) => hostTexts(hosts))).toEqual(
			windows.flatMap(positionsOf).map((position) => texts[position]),
		);
	});
});

describe('the reading', () => {
	it('goes no further than a window and a batch', async () => {
		let read = 0;
		const counting = (async function* () {
			for await (const batch of batchesOf(100_000, undefined, 300)) {
				read += batch.hosts.length;
				yield batch;
			}
		})();
		const feed = feedOf(counting);
		for (const windows of [1, 2, 3]) {
			await feed.next();
			expect(read).toBeLessThan(windows * 1_000 + 300);
		}
	});

	it('ends with what the list throws', async () => {
		const feed = feedOf(
			(async function* () {
				yield* batchesOf(10);
				throw new Error('disk gone');
			})(),
		);
		await expect(feed.next()).rejects.toThrow('disk gone');
	});

	it('says more than once that the list has ended', async () => {
		const feed = feedOf(batchesOf(10));
		expect(await feed.next()).toHaveLength(1);
		expect([await feed.next(), await feed.next()]).toEqual([undefined, undefined]);
	});

	it('ends when it is closed', async () => {
		let closed = false;
		const feed = feedOf(
			(async function* () {
				try {
					yield* batchesOf(100_000);
				} finally {
					closed = true;
				}
			})(),
		);
		await feed.next();
		await feed.close();
		expect([closed, await feed.next()]).toEqual([true, undefined]);
	});
});
