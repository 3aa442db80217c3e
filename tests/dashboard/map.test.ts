import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	blockOf,
	mapPrefixText,
	parseMapPrefix,
	squareAfterKey,
	squares,
	squareText,
	trailOf,
} from '../../dashboard/views/map/map-prefix.ts';
import { rttShades, shadeOf, upShades } from '../../dashboard/views/map/shades.ts';
import type { MapSquare } from '../../shared/dashboard-api.ts';

describe('a prefix of the map', () => {
	it('is one of four lengths', () => {
		expect(parseMapPrefix('10.1.2.3/16')).toEqual({ base: 0x0a01_0000, bits: 16 });
		expect(mapPrefixText(parseMapPrefix('200.0.0.0/8')!)).toBe('200.0.0.0/8');
		expect(mapPrefixText(parseMapPrefix('0.0.0.0/0')!)).toBe('0.0.0.0/0');
		for (const text of ['10.0.0.0/12', '10.1.2.3', 'fd00::/8', 'x', '']) {
			expect(parseMapPrefix(text)).toBeUndefined();
		}
	});

	it.each([
		['0.0.0.0/0', 10, '10.0.0.0/8'],
		['0.0.0.0/0', 255, '255.0.0.0/8'],
		['10.0.0.0/8', 1, '10.1.0.0/16'],
		['10.1.0.0/16', 200, '10.1.200.0/24'],
		['203.0.113.0/24', 7, '203.0.113.7'],
	])('%s has as square %d %s', (prefix, index, text) => {
		expect(squareText(parseMapPrefix(prefix)!, index)).toBe(text);
	});

	it('leads down from the whole to itself, each a square of the one before', () => {
		fc.assert(
			fc.property(fc.ipV4(), fc.constantFrom(0, 8, 16, 24), (address, bits) => {
				const prefix = parseMapPrefix(`${address}/${bits}`)!;
				const trail = trailOf(prefix);
				expect(trail.at(-1)).toEqual(prefix);
				expect(trail[0]).toEqual({ base: 0, bits: 0 });
				for (let i = 1; i < trail.length; i += 1) {
					const texts = Array.from({ length: squares }, (_, index) => squareText(trail[i - 1]!, index));
					expect(texts).toContain(mapPrefixText(trail[i]!));
				}
			}),
			{ numRuns: 30 },
		);
	});

	it('of an address is its /24', () => {
		expect(blockOf('10.1.2.3')).toBe('10.1.2.0/24');
		expect(blockOf('255.255.255.255')).toBe('255.255.255.0/24');
		expect(blockOf('10.1.2.0/24')).toBeUndefined();
		expect(blockOf('fd00::1')).toBeUndefined();
		expect(blockOf('example.test')).toBeUndefined();
	});
});

describe('keys in the map', () => {
	it.each([
		[0, 'ArrowLeft', false, 0],
		[0, 'ArrowRight', false, 1],
		[15, 'ArrowRight', false, 15],
		[16, 'ArrowUp', false, 0],
		[3, 'ArrowUp', false, 3],
		[240, 'ArrowDown', false, 240],
		[0, 'PageDown', false, 64],
		[250, 'PageUp', false, 186],
		[37, 'Home', false, 32],
		[37, 'End', false, 47],
		[37, 'Home', true, 0],
		[37, 'End', true, 255],
		[37, 'x', false, 37],
	])('from %d %s leads to the right square', (index, key, isControl, to) => {
		expect(squareAfterKey(index, key, isControl)).toBe(to);
	});
});

describe('shades of the map', () => {
	const square = (up: number, hosts: number, rttMs: number | null = null): MapSquare => ({
		index: 0,
		hosts,
		up,
		down: hosts - up,
		other: 0,
		rttMs,
	});

	it.each([
		[0, 10, 'up-none'],
		[1, 1_000, 'up-few'],
		[5, 10, 'up-half'],
		[9, 10, 'up-most'],
		[999, 1_000, 'up-most'],
		[10, 10, 'up-all'],
	])('%d up of %d is %s', (up, hosts, name) => {
		expect(shadeOf(square(up, hosts), 'up')?.name).toBe(name);
	});

	it.each([
		[0.02, 'rtt-0'],
		[1, 'rtt-1'],
		[499, 'rtt-6'],
		[500, 'rtt-7'],
		[60_000, 'rtt-7'],
		[null, 'rtt-none'],
	])('an RTT of %d ms is %s', (rttMs, name) => {
		expect(shadeOf(square(1, 1, rttMs), 'rtt')?.name).toBe(name);
	});

	it('are none where there are no hosts, and named each', () => {
		expect(shadeOf(undefined, 'up')).toBeUndefined();
		expect(shadeOf(square(0, 0), 'rtt')).toBeUndefined();
		for (const shades of [upShades, rttShades]) {
			expect(new Set(shades.map(({ name }) => name)).size).toBe(shades.length);
			expect(new Set(shades.map(({ label }) => label)).size).toBe(shades.length);
		}
	});
});
