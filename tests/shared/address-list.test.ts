import { describe, expect, it } from 'vitest';
import { parseAddressList } from '../../shared/address-list.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { parseIp } from '../../shared/ip.ts';

const has = (text: string, address: string): boolean =>
	parseAddressList(text, 'deny.txt').has(parseIp(address)!);

function problemOf(text: string): PingpoolError {
	try {
		parseAddressList(text, 'deny.txt');
	} catch (error) {
		if (error instanceof PingpoolError) return error;
		throw error;
	}
	throw new Error('it was taken');
}

describe('a list of addresses', () => {
	it('has addresses, blocks and ranges of both families, comments and empty lines', () => {
		const text = [
			'\ufeff# networks that asked us',
			'192.0.2.1   # one',
			'',
			'\t10.0.0.0/8',
			'198.51.100.7-198.51.100.9',
			'198.51.100.100 - 198.51.100.101',
			'2001:db8::/32#close',
			'fd00::5-fd00::1:0',
			'::ffff:203.0.113.0/120',
		].join('\r\n');
		const inside = ['192.0.2.1', '10.255.255.255', '198.51.100.7', '198.51.100.9', '198.51.100.101'].concat([
			'2001:db8:ffff::1',
			'fd00::5',
			'fd00::ffff',
			'fd00::1:0',
			'203.0.113.77',
		]);
		const outside = [
			'192.0.2.2',
			'11.0.0.0',
			'198.51.100.6',
			'198.51.100.10',
			'fd00::4',
			'fd00::1:1',
			'203.0.114.0',
		];
		for (const address of inside) expect(has(text, address), address).toBe(true);
		for (const address of outside) expect(has(text, address), address).toBe(false);
	});

	it('may have nothing but a comment', () => {
		expect(parseAddressList('# nobody yet\n', 'deny.txt').size).toBe(0);
	});

	it.each([
		['', 'is empty'],
		['\n \r\n', 'is empty'],
		['\ufeff', 'is empty'],
	])('is not %j', (text, problem) => {
		expect(problemOf(text)).toMatchObject({ code: 'usage', message: `"deny.txt" ${problem}` });
	});

	it.each([
		['example.com', '"example.com" is a name; names are checked by their addresses: list those'],
		['10.0.0.0/33', '"10.0.0.0/33" is no block: /0 to /32 is expected behind the address'],
		['fd00::/129', '"fd00::/129" is no block: /0 to /128 is expected behind the address'],
		['10.0.0.1:22', '"10.0.0.1:22" is more than an address: a rule holds for every port'],
		['http://10.0.0.1/', '"http://10.0.0.1/" is more than an address: a rule holds for every port'],
		['10.0.0.1 10.0.0.2', '"10.0.0.1 10.0.0.2" has white space in it: one entry a line is expected'],
		['# ours\r10.0.0.0/8\r', '"# ours\\u{d}10.0.0.0/8" has white space in it: one entry a line is expected'],
		['fe80::1%eth0', '"fe80::1%eth0" has a zone, which means something on one machine only'],
		['10.0.0.9-10.0.0.1', '"10.0.0.9-10.0.0.1" is no range: it ends before it starts'],
		['fd00::9-fd00::1', '"fd00::9-fd00::1" is no range: it ends before it starts'],
		['10.0.0.1-fd00::1', '"10.0.0.1-fd00::1" is no range: an IPv4 address is expected behind the hyphen'],
		['fd00::1-10.0.0.1', '"fd00::1-10.0.0.1" is no range: an IPv6 address is expected behind the hyphen'],
		[
			'::ffff:10.0.0.1-::1:0:0:0',
			'"::ffff:10.0.0.1-::1:0:0:0" is no range: one end of it is an IPv4 address (in ::ffff:0:0/96), the other is none',
		],
		['127.1', '"127.1" is no address, block or range'],
		['010.0.0.1', '"010.0.0.1" is no address, block or range'],
		['10.0.0.0/8/8', '"10.0.0.0/8/8" is no block: /0 to /32 is expected behind the address'],
		['\u202e10.0.0.1', '"\\u{202e}10.0.0.1" is no address, block or range'],
	])('takes no line %j', (line, problem) => {
		expect(problemOf(`# first\n${line}\n192.0.2.1`).message).toBe(`deny.txt:2: ${problem}`);
	});

	it('names the first ten wrong lines and counts them all', () => {
		const { message, hint } = problemOf(Array.from({ length: 12 }, (_, i) => `name-${i}.example`).join('\n'));
		const lines = message.split('\n');
		expect(lines).toHaveLength(11);
		expect(lines[9]).toMatch(/^deny\.txt:10: "name-9\.example" is a name/);
		expect(lines[10]).toBe('12 lines are wrong; these are the first 10');
		expect(hint).toMatch(/one address, block or range a line/);
	});
});
