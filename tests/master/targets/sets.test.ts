import { expect, test } from 'vitest';
import { HashSet } from '../../../master/targets/hash-set.ts';
import { Ipv4Set } from '../../../master/targets/ipv4-set.ts';
import { KeyedHash } from '../../../master/targets/keyed-hash.ts';
import { SkipReader, SkipRuns } from '../../../master/targets/skip-runs.ts';
import { createRandom } from '../../../shared/random.ts';

test('addresses: sparse, dense and full blocks know what a plain set knows', () => {
	const seed = (Math.random() * 2 ** 32) >>> 0;
	const random = createRandom(seed);
	const set = new Ipv4Set(random.below(2 ** 32));
	const model = new Set<number>();
	// Two /16s of one /12 that grow dense, one that stays sparse, and the two ends of the space.
	const bases = [0x0a00_0000, 0x0a01_0000, 0x0a02_0000, 0, 0xffff_0000];
	for (let step = 0; step < 40_000; step += 1) {
		const which = random.below(bases.length);
		const value = bases[which]! + random.below(which === 2 ? 900 : 65_536);
		if (step % 500 === 0) {
			const count = Math.min(1 + random.below(3_000), 2 ** 32 - value);
			const inRange = Array.from({ length: count }, (_, i) => value + i);
			const known = inRange.filter((address) => model.has(address)).length;
			expect(set.countRange(value, count), `seed ${seed}`).toBe(known);
			const told: boolean[] = [];
			set.addRange(value, count, (isNew, run) => {
				for (let i = 0; i < run; i += 1) told.push(isNew);
			});
			expect(told, `seed ${seed}`).toEqual(inRange.map((address) => !model.has(address)));
			for (const address of inRange) model.add(address);
		} else {
			if (set.add(value) === model.has(value)) throw new Error(`seed ${seed} step ${step}: add(${value})`);
			model.add(value);
		}
		const other = bases[random.below(bases.length)]! + random.below(65_536);
		if (set.has(other) !== model.has(other)) throw new Error(`seed ${seed} step ${step}: has(${other})`);
	}
});

test('a /16 that fills up address by address is full, and a /8 is told in whole blocks', () => {
	const set = new Ipv4Set(1);
	for (let low = 0; low < 65_536; low += 1)
		expect(set.add(0x0a05_0000 + ((low * 40_503) & 0xffff))).toBe(true);
	const told: [boolean, number][] = [];
	set.addRange(0x0a00_0000, 2 ** 24, (isNew, count) => told.push([isNew, count]));
	expect(told.length).toBe(256);
	expect(told[5]).toEqual([false, 65_536]);
	expect(set.countRange(0x09ff_ffff, 2 ** 24 + 2)).toBe(2 ** 24);
});

test('texts: every one is new once, among 50,000 of all lengths', () => {
	const set = new HashSet(new KeyedHash(new Uint32Array([1, 2, 3, 4])));
	const bytes = Buffer.alloc(64);
	let wrong = 0;
	for (const expected of [true, false]) {
		for (let i = 0; i < 50_000; i += 1) {
			const length = bytes.write(`${i}`.repeat(1 + (i % 9)), 'latin1');
			if (set.has(bytes, 0, length, 0) === expected) wrong += 1;
			if (set.add(bytes, 0, length, 0) !== expected) wrong += 1;
		}
	}
	// "11" is 1 twice and 11 once: a few texts are the same.
	const texts = new Set(Array.from({ length: 50_000 }, (_, i) => `${i}`.repeat(1 + (i % 9))));
	expect(wrong).toBe(2 * (50_000 - texts.size));
	expect(set.has(bytes, 0, 4, 1)).toBe(false);
});

test('a hash depends on every byte, on the length, on the domain and on the key', () => {
	const text = Buffer.from('abcdefghijk');
	const hashes = new Set<string>();
	for (const key of [
		[1, 2, 3, 4],
		[0, 2, 3, 4],
		[1, 0, 3, 4],
		[1, 2, 0, 4],
		[1, 2, 3, 0],
	]) {
		const hash = new KeyedHash(new Uint32Array(key));
		const note = (bytes: Uint8Array, end: number, domain: number): void => {
			hash.hash(bytes, 0, end, domain);
			for (const word of [hash.word0, hash.word1, hash.word2]) hashes.add(`${word}`);
		};
		for (let end = 0; end <= text.length; end += 1) note(text, end, 0);
		for (let at = 0; at < text.length; at += 1) {
			const other = Buffer.from(text);
			other[at]! ^= 1;
			note(other, other.length, 0);
		}
		note(text, text.length, 1);
	}
	// 24 inputs under 5 keys, 3 words each: no two alike.
	expect(hashes.size).toBe(24 * 5 * 3);
});

test('runs come back as they were written, lengths over 2^32 and across pieces included', () => {
	const runs = new SkipRuns();
	const written: [boolean, number][] = [
		[false, 3],
		[true, 2 ** 33 + 5],
		[false, 127],
		[true, 128],
	];
	for (let i = 0; i < 50_000; i += 1) written.push([i % 2 === 1, 1 + ((i * 7_919) % 300)]);
	for (const [taken, count] of written) {
		runs.add(taken, count - 1);
		runs.add(taken, 1);
	}
	runs.end();
	const reader = new SkipReader(runs);
	for (const [taken, count] of written) {
		if (reader.taking !== taken || reader.take(count) !== count) throw new Error(`${taken} ${count}`);
	}
	expect(reader.take(1)).toBe(0);
	expect(reader.taking).toBe(false);
});

test('runs can be read from any mark on, the pieces at whose ends they are included', () => {
	const runs = new SkipRuns();
	const marks: { byte: number; next: number }[] = [];
	let next = 0;
	// Left out and taken in turns of 1 and 2 candidates: marks of two bytes each move over the ends of pieces.
	for (let i = 0; i < 70_000; i += 1) {
		runs.add(false, 1);
		runs.add(true, 2);
		next += 3;
		if (i % 7 === 0) marks.push({ byte: runs.mark(), next });
	}
	runs.end();
	const pieceBytes = 65_536;
	for (const { byte, next } of marks.filter(({ byte }, i) => i % 100 === 0 || byte % pieceBytes < 50)) {
		const reader = new SkipReader(runs, byte);
		for (let candidate = next; candidate < Math.min(next + 50, 210_000); candidate += 1) {
			if (reader.taking !== candidate % 3 > 0 || reader.take(1) !== 1) throw new Error(`${candidate}`);
		}
	}
});
