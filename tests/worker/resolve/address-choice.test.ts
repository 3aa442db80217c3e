import { describe, expect, test } from 'vitest';
import { formatIp, parseIp } from '../../../shared/ip.ts';
import { chooseAddress, sourcesOf } from '../../../worker/resolve/address-choice.ts';

const ip = (text: string) => parseIp(text)!;

describe('which address of a name', () => {
	test.each([
		['no IPv6 here', ['10.0.0.2', '127.0.0.1'], ['2001:db8::1', '192.0.2.1'], '192.0.2.1'],
		['IPv6 here', ['10.0.0.2', '2001:db8::2'], ['192.0.2.1', '2001:db8::1'], '2001:db8::1'],
		['only link-local IPv6 here', ['10.0.0.2', 'fe80::2'], ['2001:db8::1', '192.0.2.1'], '192.0.2.1'],
		['only unique local IPv6 here', ['10.0.0.2', 'fd00::2'], ['2001:db8::1', '192.0.2.1'], '192.0.2.1'],
		['unique local to unique local', ['10.0.0.2', 'fd00::2'], ['192.0.2.1', 'fd00::1'], 'fd00::1'],
		['no IPv4 here', ['2001:db8::2'], ['192.0.2.1', '2001:db8::1'], '2001:db8::1'],
		['no other than IPv6', ['10.0.0.2'], ['2001:db8::1'], '2001:db8::1'],
		['no other than IPv4', ['2001:db8::2'], ['192.0.2.1'], '192.0.2.1'],
		['loopback with ::1', ['127.0.0.1', '::1'], ['127.0.0.1', '::1'], '::1'],
		['loopback without ::1', ['127.0.0.1'], ['::1', '127.0.0.1'], '127.0.0.1'],
		['link-local is never first', ['10.0.0.2', 'fe80::2'], ['fe80::1', '192.0.2.1'], '192.0.2.1'],
		['the order of the answer', ['10.0.0.2'], ['192.0.2.2', '192.0.2.1'], '192.0.2.2'],
	])('%s', (_, local, addresses, expected) => {
		const chosen = chooseAddress(addresses.map(ip), sourcesOf(local.map(ip)));
		expect(chosen && formatIp(chosen)).toBe(expected);
	});

	test('none of none', () => {
		expect(chooseAddress([], sourcesOf([]))).toBeUndefined();
	});
});
