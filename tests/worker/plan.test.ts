/** Which hosts of a request are the same, and which are not. */
import { describe, expect, test } from 'vitest';
import { hostColumn } from '../../shared/host-column.ts';
import type { PingRequestBody } from '../../shared/protocol.ts';
import { parsePingRequest } from '../../shared/protocol.ts';
import { planBatch } from '../../worker/plan.ts';

/** How many are probed of these hosts. */
function probed(hosts: string[], changes: Omit<PingRequestBody, 'hosts'> = {}): number {
	const { hosts: parsed, ...settings } = parsePingRequest({ hosts, ...changes });
	const { ipv4, others, copies } = planBatch({ hosts: hostColumn(parsed), settings });
	const positions = [...ipv4.index, ...others.map(({ index }) => index)];
	const answered = positions.flatMap((index) => [index, ...(copies.get(index) ?? [])]);
	expect(answered.sort((a, b) => a - b)).toEqual([...hosts.keys()]);
	return positions.length;
}

const mapped = ['::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:192.0.2.1', '[::ffff:192.0.2.1]'];

describe('hosts that are the same', () => {
	test.each<[string, string[], Omit<PingRequestBody, 'hosts'>]>([
		['an IPv4 address and its mapped forms', ['192.0.2.1', ...mapped, '192.0.2.1'], {}],
		['an IPv6 address', ['2001:db8::1', '2001:DB8:0:0::1', '[2001:db8::0001]', '2001:db8::0.0.0.1'], {}],
		['a name', ['example.com', 'EXAMPLE.com', 'example.com.', 'Example.COM.'], {}],
		['an international name', ['b\u00fccher.example', 'B\u00dcCHER.example', 'xn--bcher-kva.example'], {}],
		[
			'a port, however it is said',
			[
				'example.com',
				'example.com:443',
				'EXAMPLE.com.:443',
				'tcp://example.com:443',
				'TCP://Example.com:443/',
			],
			{ probe: 'tcp', port: 443 },
		],
		[
			'a port of an address',
			['192.0.2.1:443', '192.0.2.1', ...mapped, 'tcp://192.0.2.1:443', '[::ffff:c000:201]:443'],
			{ probe: 'tcp', port: 443 },
		],
		[
			'a port where echoes were asked for',
			['192.0.2.1:22', 'tcp://192.0.2.1:22', '[::ffff:c000:201]:22'],
			{},
		],
		['a port of an IPv6 address', ['[2001:db8::1]:80', 'tcp://[2001:DB8::1]:80'], {}],
		[
			'a URL and its default port',
			['http://example.com', 'http://example.com/', 'HTTP://EXAMPLE.COM:80/', 'http://example.com./#top'],
			{},
		],
		['a URL with TLS', ['https://example.com', 'https://example.com:443/', 'HTTPS://example.com#x'], {}],
		[
			'what stands for a URL',
			['192.0.2.1', '192.0.2.1:80', 'http://192.0.2.1/', 'http://[::ffff:192.0.2.1]:80', ...mapped],
			{ probe: 'http' },
		],
		[
			'what stands for a URL with TLS',
			['example.com', 'example.com:443', 'https://example.com/'],
			{ probe: 'http', port: 443 },
		],
		['a port of its own', ['192.0.2.1', 'http://192.0.2.1:8080'], { probe: 'http', port: 8_080 }],
	])('%s', (_, hosts, settings) => {
		expect(probed(hosts, settings)).toBe(1);
		expect(probed([...hosts].reverse(), settings)).toBe(1);
	});
});

test('hosts that differ in what is sent, or where to, are apart', () => {
	const hosts = [
		...['192.0.2.1', '192.0.2.2', '192.0.2.1:80', '192.0.2.1:81', '2001:db8::1', '[2001:db8::1]:80'],
		...['example.com', 'www.example.com', 'example.com:80', 'http://example.com', 'https://example.com'],
		...['http://example.com/a', 'http://example.com/A', 'http://example.com:443'],
		...['https://example.com:80', 'http://192.0.2.1', 'https://192.0.2.1', 'http://192.0.2.1/a'],
	];
	for (const settings of [{}, { probe: 'tcp', port: 22 }] as const) {
		expect(probed(hosts, settings), JSON.stringify(settings)).toBe(hosts.length);
	}
});
