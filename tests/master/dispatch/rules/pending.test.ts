import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../../../master/dispatch/rules/chunk.ts';
import { Ledger } from '../../../../master/dispatch/rules/ledger.ts';
import type { ChunkBounds } from '../../../../master/dispatch/rules/pending.ts';
import { openOf, Pending } from '../../../../master/dispatch/rules/pending.ts';
import { hostColumn, hostTexts } from '../../../../shared/host-column.ts';
import type { ProbeName } from '../../../../shared/target.ts';
import { hostOf } from '../dispatch-fixture.ts';
import { chunkOf } from './chunk-fixture.ts';

const everything: ReadonlySet<ProbeName> = new Set(['icmp', 'tcp', 'http']);
const anything = (): boolean => true;

function bounds(hosts: number, bytesMax = Number.POSITIVE_INFINITY): ChunkBounds {
	return { hostsOf: () => hosts, bytesMax };
}

function dealt(from: number, to: number) {
	const positions = Uint32Array.from({ length: to - from }, (_, i) => from + i);
	return { positions, hosts: hostColumn(Array.from(positions, hostOf)) };
}

function positionsOf(chunk: Chunk | undefined): number[] | undefined {
	return chunk && [...chunk.positions];
}

function allOf(take: () => Chunk | undefined): Chunk[] {
	const chunks: Chunk[] = [];
	for (let chunk = take(); chunk; chunk = take()) chunks.push(chunk);
	return chunks;
}

describe('hosts that nobody was asked for', () => {
	it('go out once each, in their order, with their positions', () => {
		const pending = new Pending(new Ledger(1_000));
		expect(pending.add('icmp', dealt(0, 250))).toBe(250);
		pending.add('icmp', dealt(250, 300));
		expect(pending.freshHosts).toBe(300);
		const chunks = allOf(() => pending.takeFresh(everything, bounds(64)));
		expect(chunks.flatMap((chunk) => [...chunk.positions])).toEqual([...Array(300).keys()]);
		for (const chunk of chunks) {
			expect(hostTexts(chunk.hosts)).toEqual([...chunk.positions].map(hostOf));
			expect(chunk).toMatchObject({ isFresh: true, dispatches: 0, crashes: 0, hedgeOf: [] });
		}
		expect(Math.max(...chunks.map(({ hosts }) => hosts.length))).toBe(64);
		expect(pending.freshHosts).toBe(0);
	});

	it('are of one probe each, of those that the taker has', () => {
		const pending = new Pending(new Ledger(1_000));
		pending.add('icmp', dealt(0, 10));
		pending.add('tcp', dealt(10, 15));
		const web = new Set<ProbeName>(['tcp', 'http']);
		expect(pending.takeFresh(web, bounds(100))).toMatchObject({ probe: 'tcp', positions: { length: 5 } });
		expect(pending.takeFresh(web, bounds(100))).toBeUndefined();
		expect(pending.takeFresh(everything, bounds(100))).toMatchObject({ probe: 'icmp' });
	});

	it('of several probes go out in equal shares, few of one among many of another', () => {
		const pending = new Pending(new Ledger(2_000));
		pending.add('icmp', dealt(0, 1_000));
		pending.add('tcp', dealt(1_000, 1_030));
		pending.add('http', dealt(1_030, 1_040));
		const share = new Map([
			['icmp', 1 / 1_000],
			['tcp', 1 / 30],
			['http', 1 / 10],
		]);
		const gone = { icmp: 0, tcp: 0, http: 0 };
		for (const { probe, hosts } of allOf(() => pending.takeFresh(everything, bounds(10)))) {
			const before = Math.min(...Object.values(gone));
			// Whoever is next was the one furthest behind.
			expect(gone[probe]).toBeCloseTo(before);
			gone[probe] += hosts.length * share.get(probe)!;
		}
		expect(Object.values(gone).map((part) => Number(part.toFixed(6)))).toEqual([1, 1, 1]);
	});

	it('of a probe that comes up late go out soon, and then in equal shares as well', () => {
		const pending = new Pending(new Ledger(4_000));
		pending.add('icmp', dealt(0, 2_000));
		const next = (): ProbeName => pending.takeFresh(everything, bounds(100))!.probe;
		for (let i = 0; i < 10; i += 1) expect(next()).toBe('icmp');
		pending.add('tcp', dealt(2_000, 2_200));
		expect([next(), next()]).toEqual(['tcp', 'icmp']);
		// All of the others have gone out by then: those that follow start as the ones that are left.
		while (pending.freshHosts > 0) next();
		pending.add('icmp', dealt(2_200, 2_400));
		pending.add('tcp', dealt(2_400, 2_600));
		expect([next(), next(), next(), next()].toSorted()).toEqual(['icmp', 'icmp', 'tcp', 'tcp']);
	});

	it('are left out when they have an answer', () => {
		const ledger = new Ledger(10);
		for (const position of [0, 4, 9]) ledger.add(position);
		const pending = new Pending(ledger);
		expect(pending.add('icmp', dealt(0, 10))).toBe(7);
		const chunk = pending.takeFresh(everything, bounds(100))!;
		expect(positionsOf(chunk)).toEqual([1, 2, 3, 5, 6, 7, 8]);
		expect(hostTexts(chunk.hosts)).toEqual([1, 2, 3, 5, 6, 7, 8].map(hostOf));
	});

	it('fit the bytes that a worker takes, one host at least', () => {
		const pending = new Pending(new Ledger(1_000));
		pending.add('icmp', dealt(0, 200));
		for (const { hosts } of allOf(() => pending.takeFresh(everything, bounds(100, 60)))) {
			const bytes = JSON.stringify(hostTexts(hosts)).length - 1;
			expect(bytes <= 60 || hosts.length === 1).toBe(true);
		}
		// 213 bytes each, once their backslashes are escaped.
		const texts = Array.from({ length: 10 }, (_, i) => `http://h${i}/?${'\\'.repeat(100)}`);
		pending.add('http', { positions: Uint32Array.from(texts.keys()), hosts: hostColumn(texts) });
		const sizes = allOf(() => pending.takeFresh(everything, bounds(10, 450))).map(
			({ hosts }) => hosts.length,
		);
		expect(sizes).toEqual([2, 2, 2, 2, 2]);
		pending.add('http', { positions: Uint32Array.from(texts.keys()), hosts: hostColumn(texts) });
		expect(pending.takeFresh(everything, bounds(10, 10))!.hosts).toHaveLength(1);
	});
});

describe('hosts that are asked for again', () => {
	it('go where they may, the first of them first', () => {
		const pending = new Pending(new Ledger(10));
		pending.addAgain(chunkOf([1, 2], { failedOn: new Set(['w']) }));
		pending.addAgain(chunkOf([3], { dispatches: 2 }));
		expect(pending.againHosts).toBe(3);
		const elsewhere = (chunk: Chunk): boolean => !chunk.failedOn.has('w');
		expect(pending.takeAgain(elsewhere, bounds(100))).toMatchObject({ dispatches: 2 });
		expect(pending.takeAgain(elsewhere, bounds(100))).toBeUndefined();
		expect(positionsOf(pending.takeAgain(anything, bounds(100)))).toEqual([1, 2]);
		expect(pending.againHosts).toBe(0);
	});

	it('are cut to what the taker takes, and to what may go out together', () => {
		const pending = new Pending(new Ledger(10));
		pending.addAgain(chunkOf([1, 2, 3, 4, 5], { dispatches: 1, crashes: 1 }));
		const pieces = allOf(() => pending.takeAgain(anything, bounds(2)));
		expect(pieces.map(positionsOf)).toEqual([[1, 2], [3, 4], [5]]);
		expect(pieces.every(({ dispatches, crashes }) => dispatches === 1 && crashes === 1)).toBe(true);
		pending.addAgain(chunkOf([1, 2, 3], { hostsMax: 1 }));
		expect(allOf(() => pending.takeAgain(anything, bounds(2))).map(positionsOf)).toEqual([[1], [2], [3]]);
	});

	it('are left out when an answer has come meanwhile', () => {
		const ledger = new Ledger(10);
		const pending = new Pending(ledger);
		pending.addAgain(chunkOf([1, 2]));
		pending.addAgain(chunkOf([3, 4, 5], { hostsMax: 2 }));
		for (const position of [1, 2, 4]) ledger.add(position);
		expect(positionsOf(pending.takeAgain(anything, bounds(100)))).toEqual([3, 5]);
		expect(pending.takeAgain(anything, bounds(100))).toBeUndefined();
		expect(pending.againHosts).toBe(0);
	});

	it('have a time at which the next of them is due', () => {
		const pending = new Pending(new Ledger(10));
		expect(pending.nextAgainMs(0)).toBeUndefined();
		pending.addAgain(chunkOf([1], { notBeforeMs: 500 }));
		pending.addAgain(chunkOf([2], { notBeforeMs: 300 }));
		pending.addAgain(chunkOf([3], { notBeforeMs: 100 }));
		// What is due waits for a worker, and not for a time.
		expect([0, 100, 299, 300, 500].map((nowMs) => pending.nextAgainMs(nowMs))).toEqual([
			100,
			300,
			300,
			500,
			undefined,
		]);
	});
});

it('everything of a probe can be taken out, but what has an answer', () => {
	const ledger = new Ledger(100);
	const pending = new Pending(ledger);
	pending.add('tcp', dealt(0, 4));
	pending.add('icmp', dealt(4, 10));
	pending.addAgain(chunkOf([20, 21], { probe: 'tcp' }));
	pending.addAgain(chunkOf([30]));
	for (const position of [2, 21]) ledger.add(position);
	const taken = pending.takeAll('tcp').flatMap(({ positions }) => [...positions]);
	expect(taken.toSorted((a, b) => a - b)).toEqual([0, 1, 3, 20]);
	expect([pending.takeAll('tcp'), pending.freshHosts, pending.againHosts]).toEqual([[], 6, 1]);
});

it('of hosts without an answer, nothing is copied when that is all of them', () => {
	const ledger = new Ledger(10);
	const all = dealt(0, 5);
	expect(openOf(all, ledger).hosts).toBe(all.hosts);
	for (let position = 0; position < 5; position += 1) ledger.add(position);
	expect(openOf(all, ledger).hosts).toHaveLength(0);
});
