import { describe, expect, it } from 'vitest';
import type { Chunk, ChunkSize } from '../../../master/dispatch/chunk-source.ts';
import { ChunkSource } from '../../../master/dispatch/chunk-source.ts';
import type { TargetBatch } from '../../../master/targets/target-list.ts';
import { hostColumn, hostTexts } from '../../../shared/host-column.ts';
import { createRandom } from '../../../shared/random.ts';
import type { ProbeName } from '../../../shared/target.ts';
import { probeNames } from '../../../shared/target.ts';
import { batchesOf, hostOf } from './dispatch-fixture.ts';

const anyone = { name: 'w', probes: new Set<ProbeName>(['icmp', 'tcp', 'http']) };
const never = () => false;

function size(hosts: number, bytesMax = Number.POSITIVE_INFINITY): ChunkSize {
	return { sizeOf: () => hosts, bytesMax };
}

function sourceOf(batches: AsyncIterable<TargetBatch>, shuffleWindow = 1_000, seed = 1): ChunkSource {
	return new ChunkSource({ batches, random: createRandom(seed), shuffleWindow });
}

async function takeAll(source: ChunkSource, each = size(64)): Promise<Chunk[]> {
	const chunks: Chunk[] = [];
	for (;;) {
		const chunk = await source.take(anyone, each, 0, never);
		if (chunk === undefined) return chunks;
		chunks.push(chunk);
	}
}

function retry(hosts: readonly number[], changes: Partial<Chunk> = {}): Chunk {
	return {
		probe: 'icmp',
		positions: Uint32Array.from(hosts),
		hosts: hostColumn(hosts.map(hostOf)),
		tries: 1,
		failedOn: new Set(['w']),
		notBeforeMs: 0,
		...changes,
	};
}

describe('chunks', () => {
	it('have every target once, with its position', async () => {
		for (const total of [0, 1, 999, 1_000, 1_001, 5_432]) {
			const source = sourceOf(batchesOf(total, undefined, 300));
			const chunks = await takeAll(source);
			const positions = chunks.flatMap((chunk) => [...chunk.positions]);
			expect(positions.toSorted((a, b) => a - b)).toEqual([...Array(total).keys()]);
			for (const chunk of chunks) expect(hostTexts(chunk.hosts)).toEqual([...chunk.positions].map(hostOf));
			expect(source.exhausted).toBe(true);
		}
	});

	it('are shuffled inside a window, by the seed, and no further', async () => {
		const order = async (seed: number) =>
			(await takeAll(sourceOf(batchesOf(4_000), 1_000, seed))).flatMap((chunk) => [...chunk.positions]);
		const first = await order(1);
		expect(first).not.toEqual(first.toSorted((a, b) => a - b));
		expect(first).toEqual(await order(1));
		expect(first).not.toEqual(await order(2));
		for (const [at, position] of first.entries())
			expect(Math.floor(position / 1_000)).toBe(Math.floor(at / 1_000));
	});

	it('are of one probe each, of those that the taker offers', async () => {
		const probes = ['icmp', 'tcp', 'http'] as const;
		const source = sourceOf(batchesOf(900, (position) => probes[position % 3]!));
		const web = { name: 'web', probes: new Set<ProbeName>(['tcp']) };
		const taken: number[] = [];
		for (
			let chunk = await source.take(web, size(50), 0, never);
			chunk;
			chunk = await source.take(web, size(50), 0, never)
		) {
			expect(chunk.probe).toBe('tcp');
			taken.push(...chunk.positions);
		}
		expect(taken.every((position) => position % 3 === 1)).toBe(true);
		expect(taken).toHaveLength(300);
		expect(source.held).toBe(600);
	});

	it('hold bare addresses only, but for the last of a window that has a few other hosts', async () => {
		const probeOf = (text: string): number => (text.startsWith('tcp') ? probeNames.indexOf('tcp') : 0);
		const other = new Map([
			[17, 'h17.test'],
			[1_200, 'tcp://10.0.0.1:80'],
			[2_500, 'fd00::1'],
			[2_501, 'h2501.test'],
		]);
		const texts = Array.from({ length: 3_000 }, (_, i) => other.get(i) ?? `10.1.${i >> 8}.${i & 255}`);
		const list = async function* () {
			yield { firstPosition: 0, hosts: hostColumn(texts), probes: Uint8Array.from(texts, probeOf) };
		};
		const chunks = await takeAll(sourceOf(list()), size(100));
		const mixed = chunks.filter(({ hosts }) => hosts.texts !== undefined);
		const held = mixed.map(({ hosts }) => hosts.texts!.filter((text) => text !== undefined).toSorted());
		expect(held).toEqual([['h17.test'], ['tcp://10.0.0.1:80'], ['fd00::1', 'h2501.test']]);
		const positions = chunks.flatMap((chunk) => [...chunk.positions]);
		expect(positions.toSorted((a, b) => a - b)).toEqual([...texts.keys()]);
		expect(chunks.flatMap(({ hosts }) => hostTexts(hosts))).toEqual(positions.map((at) => texts[at]));
	});

	it('have bare addresses and the others in any order among themselves', async () => {
		const isName = (position: number): boolean => position % 3 === 0;
		const orders = new Set<string>();
		for (let seed = 1; seed <= 200; seed += 1) {
			const chunks = await takeAll(sourceOf(batchesOf(6), 6, seed));
			const positions = chunks.flatMap((chunk) => [...chunk.positions]);
			expect(positions.map(isName)).toEqual([false, false, false, false, true, true]);
			orders.add(positions.join());
		}
		// 4! × 2! = 48 orders, of which 200 draws miss one or two at most.
		expect(orders.size).toBeGreaterThan(40);
	});

	it('fit the bytes that a worker takes, one host at least', async () => {
		const source = sourceOf(batchesOf(200));
		for (const chunk of await takeAll(source, size(100, 60))) {
			const bytes = JSON.stringify(hostTexts(chunk.hosts)).length - 1;
			expect(bytes <= 60 || chunk.hosts.length === 1).toBe(true);
		}
		const urls = sourceOf(
			(async function* () {
				const texts = Array.from({ length: 10 }, (_, i) => `http://h${i}/?${'\\'.repeat(100)}`);
				yield { firstPosition: 0, hosts: hostColumn(texts), probes: new Uint8Array(10).fill(2) };
			})(),
		);
		// 213 bytes each, once their backslashes are escaped.
		expect((await takeAll(urls, size(10, 450))).map(({ hosts }) => hosts.length)).toEqual([2, 2, 2, 2, 2]);
	});

	it('are read no further than a window ahead', async () => {
		let read = 0;
		const counting = (async function* () {
			for await (const batch of batchesOf(100_000, undefined, 100)) {
				read += batch.hosts.length;
				yield batch;
			}
		})();
		const source = sourceOf(counting, 1_000);
		await source.take(anyone, size(10), 0, never);
		expect(read).toBeLessThanOrEqual(1_100);
		const elsewhere = { name: 'web', probes: new Set<ProbeName>(['tcp']) };
		expect(await source.take(elsewhere, size(10), 0, never)).toBeUndefined();
		expect(await source.take(elsewhere, size(10), 0, never)).toBeUndefined();
		expect(source.held).toBeLessThanOrEqual(2_000);
	});

	it('are read once, though many ask at a time', async () => {
		const source = sourceOf(batchesOf(1_000), 100);
		const chunks = await Promise.all(
			Array.from({ length: 40 }, () => source.take(anyone, size(25), 0, never)),
		);
		const positions = chunks.flatMap((chunk) => [...(chunk?.positions ?? [])]);
		expect(new Set(positions).size).toBe(1_000);
	});

	it('end with what reading the list threw, after what was read', async () => {
		const source = sourceOf(
			(async function* () {
				yield* batchesOf(10);
				throw new Error('disk gone');
			})(),
		);
		expect((await source.take(anyone, size(100), 0, never))?.hosts).toHaveLength(10);
		await expect(source.take(anyone, size(100), 0, never)).rejects.toThrow('disk gone');
	});
});

describe('what is given back', () => {
	it('comes first, when its time has come and the taker need not avoid it', async () => {
		const source = sourceOf(batchesOf(10));
		source.giveBack(retry([1, 2], { notBeforeMs: 500 }));
		expect(source.nextRetryMs(0)).toBe(500);
		expect((await source.take(anyone, size(100), 0, never))?.tries).toBe(0);
		expect(await source.take(anyone, size(100), 499, never)).toBeUndefined();
		// Due: it waits for a worker now, and not for a time.
		expect(source.nextRetryMs(500)).toBeUndefined();
		const avoiding = (chunk: Chunk) => chunk.failedOn.has('w');
		expect(await source.take(anyone, size(100), 500, avoiding)).toBeUndefined();
		expect(source.exhausted).toBe(false);
		expect(await source.take(anyone, size(100), 500, never)).toMatchObject({
			positions: Uint32Array.of(1, 2),
			tries: 1,
		});
		expect(source.exhausted).toBe(true);
	});

	it('is cut to what the next taker takes', async () => {
		const source = sourceOf(batchesOf(0));
		source.giveBack(retry([1, 2, 3, 4, 5]));
		const sizes = (await takeAll(source, size(2))).map((chunk) => [...chunk.positions]);
		expect(sizes).toEqual([[1, 2], [3, 4], [5]]);
	});

	it('is taken out with all that is held for its probe', async () => {
		const source = sourceOf(batchesOf(10, (position) => (position < 4 ? 'tcp' : 'icmp')));
		const other = { name: 'icmp', probes: new Set<ProbeName>(['icmp']) };
		await source.take(other, size(1), 0, never);
		source.giveBack(retry([20], { probe: 'tcp' }));
		const taken = source.takeAll('tcp').flatMap((chunk) => [...chunk.positions]);
		expect(taken.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 20]);
		expect(source.takeAll('tcp')).toEqual([]);
	});
});

it('closing ends the reading', async () => {
	let closed = false;
	const source = sourceOf(
		(async function* () {
			try {
				yield* batchesOf(100_000);
			} finally {
				closed = true;
			}
		})(),
	);
	await source.take(anyone, size(10), 0, never);
	await source.close();
	expect(closed).toBe(true);
});
