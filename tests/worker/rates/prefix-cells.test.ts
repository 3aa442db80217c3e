import { describe, expect, test } from 'vitest';
import { formatIpv4, parseIp } from '../../../shared/ip.ts';
import { createRandom } from '../../../shared/random.ts';
import { noCell, PrefixCells, prefixCellsCount } from '../../../worker/rates/prefix-cells.ts';

const key = [0x1234_5678, -77] as const;
const ofPublic = new PrefixCells({ scope: 'public', key });
const ofAll = new PrefixCells({ scope: 'all', key });

function cell(text: string, cells = ofAll): number {
	return cells.of(parseIp(text)!);
}

describe('prefixes', () => {
	test.each([
		['an IPv4 /24', '8.8.4.0', '8.8.4.255', '8.8.5.0'],
		['an IPv6 /48', '2001:4860:4860::', '2001:4860:4860:ffff:ffff:ffff:ffff:ffff', '2001:4860:4861::'],
		['the /24 behind NAT64', '64:ff9b::808:401', '8.8.4.7', '64:ff9b::808:501'],
		['the /24 behind 6to4', '2002:808:401::1', '2002:808:499:5::9', '2002:808:501::1'],
		['a /48 whose hosts say ISATAP', '2001:db8:1::5efe:808:401', '2001:db8:1::5efe:909:901', '8.8.4.0'],
		['Teredo clients of one server', '2001:0:808:404::1', '2001:0:808:909::2', '2001:0:909:404::1'],
	])('%s is one', (_, first, last, next) => {
		expect(cell(first)).toBeGreaterThanOrEqual(0);
		expect(cell(last)).toBe(cell(first));
		expect(cell(next)).not.toBe(cell(first));
	});

	test.each([
		...['10.1.2.3', '172.16.0.1', '192.168.1.1', '127.0.0.1', '169.254.1.1', '100.64.0.1', '198.18.0.1'],
		...['fd00::1', 'fe80::1', '::1', '64:ff9b::a00:1'],
	])('%s is under no ceiling by default, and under one where all are', (text) => {
		expect(cell(text, ofPublic)).toBe(noCell);
		expect(cell(text)).toBeGreaterThanOrEqual(0);
	});

	test.each(['1.1.1.1', '8.8.8.8', '223.255.255.1', '2606:4700::1', '64:ff9b::808:808', '2002:808:808::1'])(
		'%s is under one by default',
		(text) => {
			expect(cell(text, ofPublic)).toBe(cell(text));
		},
	);

	test('many at once are as one by one, and nothing at all where none is under a ceiling', () => {
		const random = createRandom(3);
		const values = Uint32Array.from({ length: 1_000 }, () => random.below(2 ** 32));
		const one = Array.from(values, (value) => cell(formatIpv4(value), ofPublic));
		expect(one).toContain(noCell);
		expect([...ofPublic.ofMany(values)!]).toEqual(one);
		expect([...ofPublic.ofMany(Array.from(values, (value) => parseIp(formatIpv4(value))!))!]).toEqual(one);
		expect(ofPublic.ofMany(values.map((value) => 0x0a00_0000 | (value & 0xff_ffff)))).toBeUndefined();
	});

	test('meet in one cell as rarely as chance has it, and others under another key', () => {
		const count = 20_000;
		const cellsBy = [key, [5, 6] as const].map((one) => {
			const cells = new PrefixCells({ scope: 'public', key: one });
			return Array.from({ length: count }, (_, i) => cells.ofIpv4(0x0800_0000 + i * 256));
		});
		for (const cells of cellsBy) {
			const meetings = count - new Set(cells).size;
			const expected = (count * (count - 1)) / 2 / prefixCellsCount;
			expect(meetings).toBeGreaterThan(expected * 0.75);
			expect(meetings).toBeLessThan(expected * 1.25);
		}
		const same = cellsBy[0]!.filter((one, i) => one === cellsBy[1]![i]);
		expect(same.length).toBeLessThan(10);
	});
});
