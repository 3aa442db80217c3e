import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../worker/auth.ts';
import { recordingProbe, testApp, token } from './app-fixture.ts';

describe('createAuthenticator', () => {
	const { accepts } = createAuthenticator(['first-token-0123456789', 'second+/~token._-=']);

	it.each([
		['Bearer first-token-0123456789', 1],
		['bearer first-token-0123456789', 1],
		['Bearer  second+/~token._-=', 2],
	])('accepts %s', async (header, which) => {
		expect(await accepts(header)).toBe(which);
	});

	it.each([
		undefined,
		'',
		'Bearer',
		'Bearer ',
		'first-token-0123456789',
		'Basic first-token-0123456789',
		'Bearer first-token-012345678',
		'Bearer first-token-01234567890',
		'Bearer First-token-0123456789',
		'Bearer first-token-0123456789 second+/~token._-=',
		'Bearer undefined',
	])('refuses %s', async (header) => {
		expect(await accepts(header)).toBe(0);
	});

	it('accepts nobody without a token', async () => {
		expect(await createAuthenticator([]).accepts('Bearer undefined')).toBe(0);
	});
});

describe('a worker', () => {
	it('checks the token before it reads the body', async () => {
		const { app } = testApp();
		let pulled = false;
		const body = new ReadableStream<Uint8Array>(
			{
				pull() {
					pulled = true;
				},
			},
			{ highWaterMark: 0 },
		);
		const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
		const response = await app.request('/ping', init);
		expect(response.status).toBe(401);
		expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
		expect(await response.json()).toMatchObject({ error: { code: 'unauthorized' } });
		expect(pulled).toBe(false);
	});

	it('counts a refused caller against no ceiling', async () => {
		const { app, ping } = testApp({ requestsInFlightMax: 1 });
		for (let i = 0; i < 3; i += 1) {
			expect((await app.request('/ping', { method: 'POST', body: '{}' })).status).toBe(401);
		}
		expect((await ping({ hosts: ['192.0.2.1'] })).status).toBe(200);
	});

	it('lets everybody in when told so, web pages apart', async () => {
		const probe = recordingProbe('icmp');
		const { app } = testApp({ tokens: 'none', probes: [probe] });
		const init = { method: 'POST', body: '{"hosts":["192.0.2.1"]}' };
		expect((await app.request('/ping', init)).status).toBe(200);
		const page = await app.request('/ping', { ...init, headers: { origin: 'https://page.example' } });
		expect(page.status).toBe(401);
		expect(probe.batches).toHaveLength(1);
	});

	it('takes a token that is none from nobody', async () => {
		expect(token.length).toBeGreaterThan(16);
		const { app } = testApp({ tokens: [] });
		expect((await app.request('/capabilities')).status).toBe(401);
	});
});
