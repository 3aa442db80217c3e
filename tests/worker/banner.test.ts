import { describe, expect, it } from 'vitest';
import type { BannerOptions } from '../../worker/banner.node.ts';
import { bannerLines } from '../../worker/banner.node.ts';
import { buildCapabilities } from '../../worker/capabilities.ts';

const options: BannerOptions = {
	capabilities: buildCapabilities({ runtime: 'node', probes: ['icmp', 'tcp', 'http'], icmp: 'datagram' }),
	icmpUnavailable: undefined,
	address: '::',
	port: 8786,
	tokens: ['the-current-token', 'the-next-token-to-come'],
	tokenFile: '/home/user/.config/pingpool/worker-token',
	showToken: true,
};

function text(changes: Partial<BannerOptions> = {}): string {
	return bannerLines({ ...options, ...changes }).join('\n');
}

describe('bannerLines', () => {
	it('says what the worker can do, and gives the line to paste on a terminal', () => {
		expect(text()).toMatch(/listens on port 8786 of every interface/);
		expect(text()).toMatch(/icmp {2}datagram socket/);
		expect(text()).toMatch(/rate {2}10,000 probes\/s/);
		expect(text()).toMatch(/^ {2}http:\/\/\S+:8786 token=the-current-token$/m);
	});

	it('keeps the token from anything but a terminal', () => {
		const piped = text({ showToken: false });
		expect(piped).toContain('token-file=/home/user/.config/pingpool/worker-token');
		expect(piped).not.toContain('the-current-token');
		expect(text({ showToken: false, tokenFile: undefined })).not.toContain('the-current-token');
	});

	it('names the address that it is bound to', () => {
		expect(text({ address: '127.0.0.1' })).toMatch(/^ {2}http:\/\/127\.0\.0\.1:8786 token=/m);
		expect(text({ address: '::1' })).toMatch(/^ {2}http:\/\/\[::1\]:8786 token=/m);
	});

	it('says how echo requests could be enabled', () => {
		const capabilities = buildCapabilities({ runtime: 'node', probes: ['tcp', 'http'] });
		const without = text({ capabilities, icmpUnavailable: { unavailable: 'no socket', hint: 'do this' } });
		expect(without).toMatch(/icmp {2}not offered\n.*no socket\n.*do this/);
	});

	it('warns when nobody needs a token', () => {
		const open = text({ tokens: 'none', tokenFile: undefined, address: '127.0.0.1' });
		expect(open).toMatch(/^ {2}http:\/\/127\.0\.0\.1:8786$/m);
		expect(open).toContain('Without a token');
	});
});
