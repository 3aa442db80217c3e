import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostColumn } from '../../shared/host-column.ts';
import { HostColumnBuilder, hostAt, hostColumn, selectHosts, sliceHosts } from '../../shared/host-column.ts';
import { formatIpv4, parseIpv4 } from '../../shared/ip.ts';

const ipv4 = fc.nat(2 ** 32 - 1).map(formatIpv4);
const text = fc.constantFrom(
	'a.example',
	'fd00::1',
	'10.0.0.1:80',
	'https://10.0.0.1/',
	'010.0.0.1',
	'10.0.0.256',
);
const lists = fc.array(fc.oneof({ weight: 4, arbitrary: ipv4 }, text), { maxLength: 60 });

function textsOf(column: HostColumn): string[] {
	return Array.from({ length: column.length }, (_, row) => hostAt(column, row));
}

describe('a column of hosts', () => {
	it('gives back the texts that it was made of, bare IPv4 addresses as numbers', () => {
		fc.assert(
			fc.property(lists, (texts) => {
				const column = hostColumn(texts);
				expect(column).toMatchObject({ length: texts.length });
				expect(column.ipv4).toHaveLength(texts.length);
				expect(textsOf(column)).toEqual(texts);
				for (const [row, host] of texts.entries()) {
					const value = parseIpv4(host);
					expect(column.ipv4[row]).toBe(Math.max(value, 0));
					expect(column.texts?.[row]).toBe(value < 0 ? host : undefined);
				}
			}),
		);
	});

	it('has no texts when every host is a bare IPv4 address, the first and the last one included', () => {
		expect(hostColumn(['0.0.0.0', '255.255.255.255'])).toEqual({
			length: 2,
			ipv4: Uint32Array.of(0, 0xffff_ffff),
			texts: undefined,
		});
	});

	it('is selected from and sliced as a list is', () => {
		fc.assert(
			fc.property(lists, fc.array(fc.nat(1_000)), fc.nat(60), fc.nat(60), (texts, picks, from, to) => {
				const column = hostColumn(texts);
				const rows = texts.length === 0 ? [] : picks.map((pick) => pick % texts.length);
				expect(textsOf(selectHosts(column, rows))).toEqual(rows.map((row) => texts[row]));
				expect(textsOf(selectHosts(column, Uint32Array.from(rows)))).toEqual(rows.map((row) => texts[row]));
				expect(textsOf(sliceHosts(column, from, to))).toEqual(texts.slice(from, to));
			}),
		);
	});

	it('has no texts when what is selected or sliced is bare addresses only, whatever else it was taken from', () => {
		const column = hostColumn(['10.0.0.1', 'a.example', '10.0.0.2', '10.0.0.3']);
		expect(selectHosts(column, [3, 0]).texts).toBeUndefined();
		expect(selectHosts(column, []).texts).toBeUndefined();
		expect(selectHosts(column, [3, 1]).texts).toEqual([undefined, 'a.example']);
		expect(sliceHosts(column, 2, 4).texts).toBeUndefined();
		expect(sliceHosts(column, 1, 3).texts).toEqual(['a.example', undefined]);
	});

	it('is not changed by what becomes of its slice', () => {
		const column = hostColumn(['10.0.0.1', 'a.example', '10.0.0.2']);
		const slice = sliceHosts(column, 0, 2);
		slice.ipv4.fill(7);
		expect(textsOf(column)).toEqual(['10.0.0.1', 'a.example', '10.0.0.2']);
	});

	it('is built host by host, shorter than there was room for', () => {
		const builder = new HostColumnBuilder(5);
		builder.addIpv4(0x0a000001);
		builder.addText('fd00::1');
		builder.addIpv4(0xffff_ffff);
		expect(builder.length).toBe(3);
		const column = builder.finish();
		expect(column.length).toBe(3);
		expect(textsOf(column)).toEqual(['10.0.0.1', 'fd00::1', '255.255.255.255']);
	});
});
