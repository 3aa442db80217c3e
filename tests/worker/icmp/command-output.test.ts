import { describe, expect, it } from 'vitest';
import type { PingPlatform, PingVerdict } from '../../../worker/icmp/command-output.ts';
import { parsePingOutput } from '../../../worker/icmp/command-output.ts';
import { address } from './engine-fixture.ts';

const up = (rttMs: number): PingVerdict => ({ status: 'up', rttMs });
const down = (reason: string): PingVerdict => ({ status: 'down', reason }) as PingVerdict;
const error = (reason: string): PingVerdict => ({ status: 'error', reason }) as PingVerdict;

const iputilsEnd = (received: number): string => `
--- 10.0.0.1 ping statistics ---
1 packets transmitted, ${received} received, ${100 - 100 * received}% packet loss, time 0ms
`;

const cases: [string, PingPlatform, string, string, PingVerdict][] = [
	[
		'iputils, a reply',
		'unix',
		'10.0.0.1',
		`PING 10.0.0.1 (10.0.0.1) 56(84) bytes of data.
64 bytes from 10.0.0.1: icmp_seq=1 ttl=63 time=0.045 ms
${iputilsEnd(1)}rtt min/avg/max/mdev = 0.045/0.045/0.045/0.000 ms
`,
		up(0.045),
	],
	[
		'iputils, a reply over IPv6',
		'unix',
		'fd00:a::1',
		'PING fd00:a::1(fd00:a::1) 56 data bytes\n64 bytes from fd00:a::1: icmp_seq=1 ttl=64 time=12.3 ms\n',
		up(12.3),
	],
	['iputils, no reply', 'unix', '10.0.0.1', `PING 10.0.0.1${iputilsEnd(0)}`, down('timeout')],
	[
		'iputils, a reply from another address',
		'unix',
		'10.0.0.1',
		`64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.1 ms\n${iputilsEnd(1)}`,
		down('timeout'),
	],
	[
		'iputils, a reply that it marks',
		'unix',
		'10.0.0.1',
		`64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.1 ms (DIFFERENT ADDRESS!)\n${iputilsEnd(1)}`,
		down('timeout'),
	],
	[
		'iputils, a truncated reply',
		'unix',
		'10.0.0.1',
		`60 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.1 ms (truncated)\n${iputilsEnd(1)}`,
		down('timeout'),
	],
	...(
		[
			['Destination Host Unreachable', 'host-unreachable'],
			['Destination Net Unreachable', 'net-unreachable'],
			['Destination Port Unreachable', 'port-unreachable'],
			['Destination Protocol Unreachable', 'protocol-unreachable'],
			['Packet filtered', 'admin-prohibited'],
			['Destination Host Prohibited', 'admin-prohibited'],
			['Destination Net Unknown', 'net-unreachable'],
			['Time to live exceeded', 'ttl-exceeded'],
		] as const
	).map(([text, reason]): [string, PingPlatform, string, string, PingVerdict] => [
		`iputils, ${text}`,
		'unix',
		'10.0.0.1',
		`From 10.9.9.9 icmp_seq=1 ${text}\n\n--- 10.0.0.1 ping statistics ---\n1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n`,
		down(reason),
	]),
	...(
		[
			['Destination unreachable: No route', 'net-unreachable'],
			['Destination unreachable: Address unreachable', 'host-unreachable'],
			['Destination unreachable: Administratively prohibited', 'admin-prohibited'],
			['Destination unreachable: Port unreachable', 'port-unreachable'],
			['Time exceeded: Hop limit', 'ttl-exceeded'],
		] as const
	).map(([text, reason]): [string, PingPlatform, string, string, PingVerdict] => [
		`iputils over IPv6, ${text}`,
		'unix',
		'fd00:a::1',
		`From fd00::9 icmp_seq=1 ${text}\n`,
		down(reason),
	]),
	['iputils, no network', 'unix', '10.0.0.1', 'ping: connect: Network is unreachable\n', error('no-route')],
	['old iputils, no network', 'unix', '10.0.0.1', 'connect: Network is unreachable\n', error('no-route')],
	[
		'iputils, no permission',
		'unix',
		'10.0.0.1',
		'ping: socktype: SOCK_RAW\nping: socket: Operation not permitted\nping: => missing cap_net_raw+p capability or setuid?\n',
		error('no-permission'),
	],
	[
		'iputils, a local firewall',
		'unix',
		'10.0.0.1',
		`ping: sendmsg: Operation not permitted\n${iputilsEnd(0)}`,
		error('blocked-locally'),
	],
	[
		'iputils, a broadcast address',
		'unix',
		'10.0.0.255',
		'ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n',
		{ status: 'denied', reason: 'broadcast' },
	],
	[
		'busybox, a reply',
		'unix',
		'10.0.0.1',
		'PING 10.0.0.1 (10.0.0.1): 56 data bytes\n64 bytes from 10.0.0.1: seq=0 ttl=64 time=0.080 ms\n',
		up(0.08),
	],
	[
		'busybox, no permission',
		'unix',
		'10.0.0.1',
		'ping: permission denied (are you root?)\n',
		error('no-permission'),
	],
	['busybox, no network', 'unix', '10.0.0.1', 'ping: sendto: Network is unreachable\n', error('no-route')],
	[
		'macOS, a reply',
		'unix',
		'10.0.0.1',
		'PING 10.0.0.1 (10.0.0.1): 56 data bytes\n64 bytes from 10.0.0.1: icmp_seq=0 ttl=64 time=0.081 ms\n',
		up(0.081),
	],
	[
		'macOS, a reply over IPv6',
		'unix',
		'::1',
		'PING6(56=40+8+8 bytes) ::1 --> ::1\n16 bytes from ::1, icmp_seq=0 hlim=64 time=0.069 ms\n',
		up(0.069),
	],
	[
		'macOS, a router that says no',
		'unix',
		'10.0.0.1',
		'92 bytes from 10.9.9.9: Destination Host Unreachable\nVr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst\n',
		down('host-unreachable'),
	],
	['macOS, no route', 'unix', '10.0.0.1', 'ping: sendto: No route to host\n', error('no-route')],
	[
		'Windows, a reply',
		'windows',
		'10.0.0.1',
		'\r\nPinging 10.0.0.1 with 32 bytes of data:\r\nReply from 10.0.0.1: bytes=32 time=14ms TTL=54\r\n\r\nPing statistics for 10.0.0.1:\r\n    Minimum = 14ms, Maximum = 14ms, Average = 14ms\r\n',
		up(14),
	],
	[
		'Windows in German, a fast reply',
		'windows',
		'10.0.0.1',
		'Antwort von 10.0.0.1: Bytes=32 Zeit<1ms TTL=128\r\n',
		up(1),
	],
	[
		'Windows in French, a reply',
		'windows',
		'10.0.0.1',
		'R\x82ponse de 10.0.0.1\xff: octets=32 temps=3 ms TTL=64\r\n'.replace('\xff', ' '),
		up(3),
	],
	[
		'Windows, a reply over IPv6',
		'windows',
		'fd00:a::1',
		'Reply from fd00:a::1: time=2ms \r\n\r\n    Minimum = 2ms, Maximum = 2ms, Average = 2ms\r\n',
		up(2),
	],
	[
		'Windows, a router that says no',
		'windows',
		'10.0.0.1',
		'Pinging 10.0.0.1 with 32 bytes of data:\r\nReply from 10.9.9.9: Destination host unreachable.\r\n',
		down('host-unreachable'),
	],
	[
		'Windows, no reply',
		'windows',
		'10.0.0.1',
		'Request timed out.\r\n\r\nPing statistics for 10.0.0.1:\r\n    Packets: Sent = 1, Received = 0, Lost = 1 (100% loss),\r\n',
		down('timeout'),
	],
	// Ended before it said that anything had left: that is no proof.
	['Windows, ended early', 'windows', '10.0.0.1', 'Pinging 10.0.0.1 with 32 bytes:\r\n', error('internal')],
	['iputils, ended early', 'unix', '10.0.0.1', '', error('internal')],
	[
		'iputils, ended before it sent',
		'unix',
		'10.0.0.1',
		'--- 10.0.0.1 ping statistics ---\n0 packets transmitted, 0 received\n',
		error('internal'),
	],
	[
		'Windows, no network',
		'windows',
		'10.0.0.1',
		'PING: transmit failed. General failure. \r\n',
		error('no-route'),
	],
];

describe('parsePingOutput', () => {
	it.each(cases)('reads %s', (_, platform, asked, text, verdict) => {
		expect(parsePingOutput(platform, text, address(asked))).toEqual(verdict);
	});
});
