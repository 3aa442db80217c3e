import { expect, it } from 'vitest';
import { isAllowedHost } from '../../../master/dashboard/allowed-hosts.ts';

const loopback = { isLoopback: true, name: undefined };
const open = { isLoopback: false, name: undefined };
const named = { isLoopback: false, name: 'Pings.lan' };

it.each([
	['127.0.0.1:8787', true, true],
	['127.0.0.1', true, true],
	['127.255.0.9:1', true, true],
	['[::1]:8787', true, true],
	['[0:0:0:0:0:0:0:1]', true, true],
	['localhost:9000', true, true],
	['LOCALHOST', true, true],
	['[::ffff:127.0.0.1]', true, true],
	// A browser that has such an address really went there; only behind loopback it can not be ours.
	['192.168.1.5:8787', false, true],
	['[fd00::1]:8787', false, true],
	['0.0.0.0:8787', false, true],
	// Names can be pointed anywhere.
	['evil.example:8787', false, false],
	['pings.lan', false, false],
	['localhost.evil.example', false, false],
	['127.0.0.1.evil.example', false, false],
	['localhost.', false, false],
	['127.1', false, false],
	['2130706433', false, false],
	['0x7f000001', false, false],
	['', false, false],
	[':8787', false, false],
	['127.0.0.1:8787:1', false, false],
	['evil@127.0.0.1', false, false],
	['127.0.0.1, evil.example', false, false],
	['[127.0.0.1]x', false, false],
	['::1', false, false],
])('%s: behind loopback %s, behind more %s', (host, behindLoopback, behindMore) => {
	expect(isAllowedHost(host, loopback)).toBe(behindLoopback);
	expect(isAllowedHost(host, open)).toBe(behindMore);
});

it('may be the name that its user listens on', () => {
	expect(isAllowedHost('pings.LAN:8787', named)).toBe(true);
	expect(isAllowedHost('other.lan:8787', named)).toBe(false);
	expect(isAllowedHost('a.pings.lan', named)).toBe(false);
});
