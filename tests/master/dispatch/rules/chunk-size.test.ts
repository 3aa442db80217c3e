import { describe, expect, it } from 'vitest';
import { ChunkSize } from '../../../../master/dispatch/rules/chunk-size.ts';

describe('the hosts of a chunk', () => {
	it('are what the worker sends on in a fortieth of a second', () => {
		const size = new ChunkSize(4_096);
		size.passed(512, 1_000, 20);
		expect(size.hosts).toBe(1_250);
	});

	it('grow fourfold at most by one chunk, however fast it was', () => {
		const size = new ChunkSize(4_096);
		const sizes: number[] = [];
		for (let i = 0; i < 3; i += 1) {
			size.passed(size.hosts, size.hosts, 0);
			sizes.push(size.hosts);
		}
		expect(sizes).toEqual([2_048, 4_096, 4_096]);
	});

	it('do not fall because the last chunks of a list are small', () => {
		const size = new ChunkSize(4_096);
		for (let i = 0; i < 3; i += 1) size.passed(size.hosts, size.hosts, 1);
		size.passed(64, 64, 0.1);
		expect(size.hosts).toBe(4_096);
	});

	it('are neither too few to be worth a request nor more than a worker takes', () => {
		const size = new ChunkSize(300);
		expect(size.hosts).toBe(300);
		size.passed(300, 300, 60_000);
		expect(size.hosts).toBe(64);
		size.passed(64, 64, 60_000);
		expect(size.hosts).toBe(64);
		const one = new ChunkSize(1);
		one.passed(1, 1, 60_000);
		expect(one.hosts).toBe(1);
	});
});
