import { describe, expect, it } from 'vitest';
import { exposureWarnings, hostToListenOn } from '../../worker/exposure.node.ts';

const leadsTo = (address: string) => async () => ({ address });

describe('hostToListenOn', () => {
	it('is what was asked for, where a token is needed', async () => {
		for (const host of [undefined, '0.0.0.0', 'localhost', '192.0.2.1']) {
			expect(await hostToListenOn({ host, noAuth: false }, leadsTo('192.0.2.1'))).toBe(host);
		}
	});

	it('is the address that was looked up, where none is', async () => {
		expect(await hostToListenOn({ host: 'localhost', noAuth: true }, leadsTo('127.0.0.1'))).toBe('127.0.0.1');
		expect(await hostToListenOn({ host: 'localhost', noAuth: true }, leadsTo('::1'))).toBe('::1');
		expect(await hostToListenOn({ host: '127.0.0.53', noAuth: true }, leadsTo('never'))).toBe('127.0.0.53');
	});

	it.each(['192.0.2.1', '10.0.0.1', '0.0.0.0', '::', 'fe80::1', '::ffff:192.0.2.1'])(
		'refuses localhost where it leads to %s',
		async (address) => {
			await expect(
				hostToListenOn({ host: 'localhost', noAuth: true }, leadsTo(address)),
			).rejects.toMatchObject({
				code: 'usage',
				message: `--no-auth is for a worker that only this machine can reach, and localhost is ${address} here`,
			});
		},
	);

	it('says so where it leads nowhere', async () => {
		const nowhere = async () => Promise.reject(new Error('getaddrinfo ENOTFOUND localhost'));
		await expect(hostToListenOn({ host: 'localhost', noAuth: true }, nowhere)).rejects.toMatchObject({
			code: 'listen',
			message: 'localhost has no address: getaddrinfo ENOTFOUND localhost',
		});
	});
});

describe('exposureWarnings', () => {
	it('names a public address where tokens come in plain text, and the remedy', () => {
		const warning = expect.stringMatching(/^8\.8\.4\.4 is a public address.*--tls-self-signed.*--host$/);
		expect(exposureWarnings('8.8.4.4', false)).toEqual([warning]);
		expect(exposureWarnings('::', false, () => ['127.0.0.1', '10.0.0.1', '8.8.4.4', 'fe80::1'])).toEqual([
			warning,
		]);
		expect(exposureWarnings('0.0.0.0', false, () => ['2a00:1450::1'])).toHaveLength(1);
	});

	it('is silent over TLS, and where nobody from the Internet comes', () => {
		expect(exposureWarnings('8.8.4.4', true)).toEqual([]);
		for (const address of ['127.0.0.1', '10.0.0.1', '100.64.0.1', 'fd00::1', 'fe80::1']) {
			expect(exposureWarnings(address, false)).toEqual([]);
			expect(exposureWarnings('::', false, () => [address])).toEqual([]);
		}
	});
});
