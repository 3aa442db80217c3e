import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { likelyAddress } from '../../shared/likely-address.ts';

const at = (address: string, internal = false) => ({
	address,
	family: address.includes(':') ? 'IPv6' : 'IPv4',
	internal,
});

it.each([
	['127.0.0.1', {}],
	['127.0.0.1', { lo: [at('127.0.0.1', true), at('::1', true)], none: undefined }],
	['127.0.0.1', { eth0: [at('fe80::1'), at('FE80::2'), at('169.254.3.4')] }],
	['192.168.1.20', { eth0: [at('fd00::20'), at('192.168.1.20')] }],
	['fd00::20', { docker0: [at('172.17.0.1')], eth0: [at('fd00::20')] }],
	['172.17.0.1', { wg0: [at('fd00::7')], docker0: [at('172.17.0.1')] }],
])('%s of %j', (address, interfaces) => expect(likelyAddress(interfaces)).toBe(address));

it('takes what Node says of this machine', () => {
	const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	expect([...own.map(({ address }) => address), '127.0.0.1']).toContain(likelyAddress(networkInterfaces()));
});
