import { describe, expect, it } from 'vitest';
import { dashboardOf, parseAddress, parseDashboardAddress } from '../../../master/dashboard/address.ts';

describe('an address to listen on', () => {
	it.each([
		['8787', '127.0.0.1', 8787],
		[':9000', '127.0.0.1', 9000],
		['0', '127.0.0.1', 0],
		['65535', '127.0.0.1', 65_535],
		['0.0.0.0', '0.0.0.0', 8787],
		['10.1.2.3:80', '10.1.2.3', 80],
		[' 127.0.0.1:0 ', '127.0.0.1', 0],
		['[::1]:9000', '::1', 9000],
		['[FD00::1]', 'fd00::1', 8787],
		['::1', '::1', 8787],
		['::', '::', 8787],
		['localhost:9000', 'localhost', 9000],
		['Pings.LAN', 'pings.lan', 8787],
		['host-1.example:1', 'host-1.example', 1],
	])('may be %s', (text, host, port) => {
		expect(parseAddress(text)).toEqual({ host, port, isChosen: true });
	});

	it.each([
		'65536',
		'127.0.0.1:65536',
		'123456',
		'127.1:80',
		'0x7f000001',
		'0177.0.0.1',
		'1.2.3.4.5',
		'256.0.0.1',
		'[127.0.0.1]:80',
		'[::1',
		'::1]:80',
		'[g::1]',
		'http://localhost:8787',
		'localhost:8787/',
		'a b',
		'host:',
		'host:port',
		'-host',
		'host..lan',
		'evil\u001b[2J',
		'x'.repeat(300),
	])('may not be %j', (text) => {
		expect(() => parseAddress(text)).toThrow(/port or host:port/);
	});
});

describe('the option', () => {
	it.each(['0', 'false', 'no', 'OFF'])('says no with %s', (text) => {
		expect(parseDashboardAddress(text)).toBe(false);
		expect(dashboardOf(false)).toBeUndefined();
	});

	it.each(['', '1', 'true', 'YES', 'on'])('says yes with %j', (text) => {
		expect(parseDashboardAddress(text)).toBe(true);
	});

	it('is on, on loopback, unless anything was said', () => {
		const address = { host: '127.0.0.1', port: 8787, isChosen: false };
		expect([dashboardOf(undefined), dashboardOf(true)]).toEqual([address, address]);
		expect(dashboardOf(parseDashboardAddress('9000'))).toEqual({ ...address, port: 9000, isChosen: true });
	});
});
