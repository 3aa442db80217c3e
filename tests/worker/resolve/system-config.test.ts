import { describe, expect, test } from 'vitest';
import {
	namesToAsk,
	needsSystemLookup,
	parseHostsServices,
	parseResolvConf,
} from '../../../worker/resolve/system-config.ts';

describe('resolv.conf', () => {
	test('servers, search list and ndots', () => {
		const text =
			'# by hand\n; also\nnameserver 10.0.0.1\nnameserver\t10.0.0.2 \nsearch A.example b.example.\noptions ndots:5 rotate\n';
		expect(parseResolvConf(text, 'host')).toEqual({
			servers: ['10.0.0.1', '10.0.0.2'],
			search: ['a.example', 'b.example'],
			ndots: 5,
		});
	});

	test('of domain and search, the last one counts', () => {
		expect(parseResolvConf('domain a.example\nsearch b.example c.example', 'h').search).toHaveLength(2);
		expect(parseResolvConf('search b.example c.example\ndomain a.example', 'h').search).toEqual([
			'a.example',
		]);
	});

	test('nothing said: this machine serves, and its own domain is searched', () => {
		expect(parseResolvConf('', 'host.corp.example')).toEqual({
			servers: ['127.0.0.1'],
			search: ['corp.example'],
			ndots: 1,
		});
		expect(parseResolvConf('search .', 'host.corp.example').search).toEqual([]);
	});

	test('at most three servers and ndots of 15, as glibc has it', () => {
		const text = `${'nameserver 10.0.0.1\n'.repeat(9)}options ndots:99`;
		const { servers, ndots } = parseResolvConf(text, 'host');
		expect([servers.length, ndots]).toEqual([3, 15]);
	});

	test.each([
		['a', 1, ['a.x', 'a.y', 'a']],
		['a.b', 1, ['a.b', 'a.b.x', 'a.b.y']],
		['a.b', 2, ['a.b.x', 'a.b.y', 'a.b']],
		['a', 0, ['a', 'a.x', 'a.y']],
	])('%s with ndots:%i is asked as %j', (name, ndots, expected) => {
		expect(namesToAsk(name, { servers: [], search: ['x', 'y'], ndots })).toEqual(expected);
	});
});

describe('nsswitch.conf', () => {
	test.each([
		['', ['files', 'dns']],
		['passwd: files\nhosts:\tfiles dns # usual\n', ['files', 'dns']],
		[
			'hosts: files mdns4_minimal [NOTFOUND=return] dns myhostname',
			['files', 'mdns4_minimal', 'dns', 'myhostname'],
		],
		['hosts: files resolve [!UNAVAIL=return] dns', ['files', 'resolve', 'dns']],
	])('%j', (text, expected) => {
		expect(parseHostsServices(text)).toEqual(expected);
	});

	test.each([
		['www.example', ['files', 'dns'], false],
		['printer', ['files', 'dns'], false],
		['printer.local', ['files', 'dns'], false],
		['printer.local', ['files', 'mdns4_minimal', 'dns'], true],
		['www.example', ['files', 'mdns4_minimal', 'dns'], false],
		['printer', ['files', 'mymachines', 'resolve', 'dns'], true],
		['www.example', ['files', 'mymachines', 'resolve', 'dns', 'myhostname'], false],
		['me', ['files', 'dns', 'myhostname'], true],
		['_gateway', ['files', 'dns', 'myhostname'], true],
		['www.example', ['files', 'ldap', 'dns'], true],
		['www.example', ['dns', 'files'], true],
		['www.example', ['files'], true],
	])('%s by %j needs the system: %s', (name, services, expected) => {
		expect(needsSystemLookup(name, services, 'Me')).toBe(expected);
	});
});
