import { describe, expect, it } from 'vitest';
import type { BannerOptions } from '../../worker/banner.node.ts';
import { bannerFields, bannerLines } from '../../worker/banner.node.ts';
import { buildCapabilities } from '../../worker/capabilities.ts';

const credentials = {
	token: 'the-current-token',
	tokenFile: '/home/user/.config/pingpool/worker-token',
	tls: undefined,
};

const options: BannerOptions = {
	capabilities: buildCapabilities({ runtime: 'node', probes: ['icmp', 'tcp', 'http'], icmp: 'datagram' }),
	icmpUnavailable: undefined,
	address: '::',
	port: 8786,
	credentials,
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
		expect(text({ showToken: false, credentials: { ...credentials, tokenFile: undefined } })).not.toContain(
			'the-current-token',
		);
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

	it('gives the fingerprint of a certificate that no authority vouches for', () => {
		const fingerprint = `sha256:${'ab'.repeat(32)}` as const;
		const tls = { context: {}, asksForCertificate: false, fingerprint, isSelfSigned: true, warnings: [] };
		expect(text({ credentials: { ...credentials, tls } })).toMatch(
			new RegExp(`^ {2}https://\\S+:8786 pin=${fingerprint} token=the-current-token$`, 'm'),
		);
		const vouchedFor = text({
			credentials: { ...credentials, tls: { ...tls, asksForCertificate: true, isSelfSigned: false } },
		});
		expect(vouchedFor).toMatch(/^ {2}https:\/\/\S+:8786 token=/m);
		expect(vouchedFor).toContain(`tls   certificate ${fingerprint}, and masters show one of theirs`);
	});

	it('warns when nobody needs a token', () => {
		const open = text({
			credentials: { ...credentials, token: undefined, tokenFile: undefined },
			address: '127.0.0.1',
		});
		expect(open).toMatch(/^ {2}http:\/\/127\.0\.0\.1:8786$/m);
		expect(open).toContain('Without a token');
	});
});

describe('bannerFields', () => {
	it('have the same for programs', () => {
		const fields = bannerFields({ ...options, address: '::1', showToken: false });
		expect(fields).toEqual({
			version: options.capabilities.version,
			url: 'http://[::1]:8786',
			probes: ['icmp', 'tcp', 'http'],
			icmp: 'datagram',
			ratePerSecondMax: 10_000,
			hostsPerRequestMax: 16_384,
			workersLine: `http://[::1]:8786 token-file=${credentials.tokenFile}`,
			msg: `pingpool worker ${options.capabilities.version} listens on http://[::1]:8786`,
		});
	});

	it('say why echo requests are not offered, and which certificate is shown', () => {
		const fingerprint = `sha256:${'ab'.repeat(32)}` as const;
		const tls = { context: {}, asksForCertificate: false, fingerprint, isSelfSigned: true, warnings: [] };
		const icmpUnavailable = { unavailable: 'no socket', hint: 'do this' };
		const fields = bannerFields({ ...options, icmpUnavailable, credentials: { ...credentials, tls } });
		expect(fields).toMatchObject({ icmpUnavailable: 'no socket', hint: 'do this', fingerprint });
		expect(fields.workersLine).toMatch(new RegExp(`^https://\\S+:8786 pin=${fingerprint} token=`));
	});
});
