import { expect, it } from 'vitest';
import { clockTime, count, percent, plural } from '../../../master/view/format.ts';

it('numbers are written as people read them', () => {
	expect(count(1_234_567.4)).toBe('1,234,567');
	expect(plural(1, 'host')).toBe('1 host');
	expect(plural(0, 'host')).toBe('0 hosts');
	expect(plural(2_000, 'host')).toBe('2,000 hosts');
	expect(percent(1, 3)).toBe('33.3 %');
	expect(percent(0, 0)).toBe('0.0 %');
});

it.each([
	[0, '0:00'],
	[7.4, '0:07'],
	[59.6, '1:00'],
	[754, '12:34'],
	[3_723, '1:02:03'],
	[360_000, '100:00:00'],
	[-5, '0:00'],
])('%d s are %s', (seconds, text) => {
	expect(clockTime(seconds)).toBe(text);
});
