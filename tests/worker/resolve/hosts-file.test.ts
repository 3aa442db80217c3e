import { describe, expect, test } from 'vitest';
import { formatIp } from '../../../shared/ip.ts';
import { parseHosts } from '../../../worker/resolve/hosts-file.ts';

function addressesOf(text: string, name: string): string[] | undefined {
	return parseHosts(text).get(name)?.map(formatIp);
}

describe('the hosts file', () => {
	test.each([
		['spaces', '10.0.0.1 a.example', ['10.0.0.1']],
		['tabs and CRLF', '\t10.0.0.1\t\ta.example\t\r\n', ['10.0.0.1']],
		['several names', '10.0.0.1 first.example a.example third', ['10.0.0.1']],
		['capital letters', '10.0.0.1 A.Example', ['10.0.0.1']],
		['a comment behind', '10.0.0.1 a.example # b.example', ['10.0.0.1']],
		['both families', '10.0.0.1 a.example\nfd00::1 a.example', ['10.0.0.1', 'fd00::1']],
		['the first of a family', '10.0.0.1 a.example\n10.0.0.2 a.example', ['10.0.0.1']],
		['no line feed at the end, lines without names', '10.0.0.9\n\n10.0.0.1 a.example', ['10.0.0.1']],
		['a name in a comment', '10.0.0.1 b.example # a.example', undefined],
		['a line that is a comment', '# 10.0.0.1 a.example', undefined],
		['what is no address', '10.0.0.256 a.example\n010.0.0.1 a.example\nx a.example', undefined],
		['an address with a zone', 'fe80::1%lo0 a.example', undefined],
	])('%s', (_, text, expected) => {
		expect(addressesOf(text, 'a.example')).toEqual(expected);
	});

	test('names of the language’s own are names', () => {
		expect(addressesOf('10.0.0.1 __proto__ constructor', '__proto__')).toEqual(['10.0.0.1']);
		expect(addressesOf('10.0.0.1 a', 'constructor')).toBeUndefined();
	});

	test('a hundred thousand lines', () => {
		const lines = Array.from(
			{ length: 100_000 },
			(_, i) => `10.0.${(i >> 8) & 255}.${i & 255} h${i}.example`,
		);
		expect(parseHosts(lines.join('\n')).size).toBe(100_000);
	});
});
