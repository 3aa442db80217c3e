import { describe, expect, it } from 'vitest';
import {
	formatBytes,
	formatClock,
	formatCompact,
	formatCount,
	formatCpu,
	formatDuration,
	formatMoment,
	formatMs,
	formatPercent,
	formatPlural,
	formatRate,
	formatShare,
	formatTime,
	formatUtc,
} from '../../shared/format.ts';

describe('numbers', () => {
	it.each([
		[0, '0'],
		[999, '999'],
		[1_000, '1,000'],
		[1_234_567.4, '1,234,567'],
		[10_000_000, '10,000,000'],
	])('%d as %s', (count, text) => expect(formatCount(count)).toBe(text));

	it.each([
		[0, '0'],
		[999, '999'],
		[999.6, '1 k'],
		[1_230, '1.2 k'],
		[9_960, '10 k'],
		[34_900, '35 k'],
		[999_700, '1 M'],
		[4_120_000, '4.1 M'],
	])('%d in short as %s', (count, text) => expect(formatCompact(count)).toBe(text));

	it.each([
		[0, '0/s'],
		[8.42, '8.4/s'],
		[9.96, '10/s'],
		[37_812.3, '37,812/s'],
	])('a rate of %d as %s', (rate, text) => expect(formatRate(rate)).toBe(text));

	it.each([
		[0, 100_000, '0 %'],
		[1, 100_000, '<0.1 %'],
		[99_999, 100_000, '>99.9 %'],
		[100_000, 100_000, '100 %'],
		[1, 3, '33.3 %'],
		[0, 0, '–'],
	])('%d of %d as %s', (part, whole, text) => expect(formatShare(part, whole)).toBe(text));

	it('shares in columns with one decimal', () => {
		expect([formatPercent(1, 3), formatPercent(1, 1), formatPercent(0, 0)]).toEqual([
			'33.3 %',
			'100.0 %',
			'0.0 %',
		]);
	});

	it.each([
		[0, '0 B'],
		[999, '999 B'],
		[1_500, '1.5 kB'],
		[96_400_000, '96 MB'],
		[1_400_000_000, '1.4 GB'],
	])('%d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

	it('a core as 100 %, and more than one as more', () => {
		expect([formatCpu(0.336), formatCpu(1), formatCpu(1.5)]).toEqual(['34 %', '100 %', '150 %']);
	});

	it('one host, and any other number of them', () => {
		expect([
			formatPlural(1, 'host'),
			formatPlural(0, 'host'),
			formatPlural(2_000, 'reply', 'replies'),
		]).toEqual(['1 host', '0 hosts', '2,000 replies']);
	});
});

describe('times', () => {
	it.each([
		[0, '0 ms'],
		[0.0421, '0.042 ms'],
		[1.234, '1.23 ms'],
		[45.61, '45.6 ms'],
		[1_234.4, '1,234 ms'],
	])('%d ms as %s', (ms, text) => expect(formatMs(ms)).toBe(text));

	it.each([
		[-20, '0.0 s'],
		[420, '0.4 s'],
		[9_960, '10 s'],
		[59_600, '1 min 00 s'],
		[185_000, '3 min 05 s'],
		[8_040_000, '2 h 14 min'],
		[273_600_000, '3 d 4 h'],
	])('%d ms long as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

	it.each([
		[0, '0:00'],
		[4_900, '0:04'],
		[754_000, '12:34'],
		[3_723_000, '1:02:03'],
		[360_000_000, '100:00:00'],
		[-5_000, '0:00'],
	])('%d ms after the start as %s', (ms, text) => expect(formatClock(ms)).toBe(text));

	it("a moment in the reader's own time zone", () => {
		const at = new Date(2026, 10, 2, 9, 2, 8).getTime();
		expect(formatTime(at)).toBe('09:02:08');
		expect(formatMoment(at)).toBe('2026-11-02 09:02:08');
	});

	it('a moment for all time zones, and a time that is none', () => {
		expect(formatUtc(Date.UTC(2026, 10, 22, 9, 15, 3))).toBe('2026-11-22 09:15:03 UTC');
		expect(formatUtc(Number.NaN)).toBe('–');
	});
});
