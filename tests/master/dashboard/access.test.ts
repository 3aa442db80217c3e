import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { Access } from '../../../master/dashboard/access.ts';
import { isLocal, linkOf } from '../../../master/dashboard/link.ts';
import { dashboardToken, parseDashboardToken } from '../../../master/dashboard/token.ts';
import { serve } from './dashboard-fixture.ts';

const token = 'a-token-for-tests-only';
const metrics = new Hono().get('/metrics', (context) => context.text('up 1'));

function served(given: string | undefined = token) {
	return serve({
		hosts: { isLoopback: false, name: undefined },
		queries: { runs: async () => [] },
		metrics,
		...(given !== undefined && { token: given }),
	});
}

describe('a dashboard with a token', () => {
	it('gives nothing of a run away without it, and its page to anybody', async () => {
		await using dashboard = await served();
		for (const path of ['/api/about', '/api/live', '/api/runs', '/api/nothing', '/metrics']) {
			for (const headers of [
				{},
				{ authorization: 'Bearer a-token-for-tests-onlx' },
				{ authorization: `Basic ${token}` },
				{ authorization: token },
				{ cookie: `pingpool_${dashboard.port}=${token}` },
				{ cookie: `pingpool_${dashboard.port + 1}=${new Access(token, 1).setCookie().slice(11, 54)}` },
			]) {
				const answer = await dashboard.get(path, headers as Record<string, string>);
				expect(answer.status, `${path} ${JSON.stringify(headers)}`).toBe(401);
				expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="pingpool"');
				expect(await answer.json()).toMatchObject({ error: { code: 'unauthorized' } });
			}
		}
		expect((await dashboard.get(`/api/runs?token=${token}`)).status).toBe(401);
		expect((await dashboard.get('/')).status).toBe(200);
		expect((await dashboard.get('/assets/index-abcd1234.js')).status).toBe(200);
	});

	it('takes it as programs send it', async () => {
		await using dashboard = await served();
		const headers = { authorization: `Bearer ${token}` };
		expect((await dashboard.get('/api/runs', headers)).status).toBe(200);
		expect(await (await dashboard.get('/metrics', headers)).text()).toBe('up 1');
	});

	it('takes it from a link once, and gives a cookie that no other page can have sent', async () => {
		await using dashboard = await served();
		const first = await dashboard.get(`/results?status=down&token=${token}&sort=-rtt`);
		expect([first.status, first.headers.get('location')]).toEqual([303, '/results?status=down&sort=-rtt']);
		const [cookie, ...attributes] = first.headers.get('set-cookie')!.split('; ');
		expect(attributes).toEqual(['Path=/', 'HttpOnly', 'SameSite=Strict']);
		expect(cookie).not.toContain(token);
		expect((await dashboard.get('/api/runs', { cookie: `other=1; ${cookie}; last=2` })).status).toBe(200);
		// Neither the name nor the digest alone is enough.
		expect((await dashboard.get('/api/runs', { cookie: `${cookie!}x` })).status).toBe(401);
		expect((await dashboard.get('/api/runs', { cookie: `x${cookie!}` })).status).toBe(401);
	});

	it('says so when a link has another one, and gives no cookie', async () => {
		await using dashboard = await served();
		for (const wrong of ['', 'x', `${token}x`, token.slice(0, -1)]) {
			const answer = await dashboard.get(`/?token=${wrong}`);
			expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
			expect(await answer.text()).toMatch(/the token in this link is not that of this dashboard/);
		}
	});

	it('never redirects elsewhere', async () => {
		await using dashboard = await served();
		for (const path of [
			`//evil.example/?token=${token}`,
			`/\\evil.example?token=${token}`,
			`/x?token=${token}`,
		]) {
			const answer = await dashboard.get(path);
			expect([answer.status, answer.headers.get('location')], path).not.toContain(303);
			expect(answer.headers.get('location')).toBeNull();
		}
	});
});

describe('a dashboard without a token', () => {
	it('takes one out of an address all the same', async () => {
		await using dashboard = await serve();
		const answer = await dashboard.get('/?token=of-another-start');
		expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
		expect(answer.headers.get('set-cookie')).toBeNull();
	});
});

describe('the token', () => {
	it('is needed beyond loopback, where one is made at each start', () => {
		expect(dashboardToken(undefined, true)).toBeUndefined();
		const made = [dashboardToken(undefined, false), dashboardToken(undefined, false)];
		for (const each of made) {
			expect(each?.isOurs).toBe(true);
			expect(Buffer.from(each!.text, 'base64url')).toHaveLength(32);
		}
		expect(made[0]!.text).not.toBe(made[1]!.text);
	});

	it('is the one of the environment where there is one, on loopback too', () => {
		expect(dashboardToken(token, true)).toEqual({ text: token, isOurs: false });
		expect(parseDashboardToken(` ${token}\n`)).toBe(token);
		expect([parseDashboardToken(undefined), parseDashboardToken(' ')]).toEqual([undefined, undefined]);
		for (const bad of ['short', 'has white space in it', 'has;semicolons;in;it', 'ümlaut-and-so-on-and-on']) {
			expect(() => parseDashboardToken(bad)).toThrow(/^(?!.*(short|space|semi|mlaut)).*16 characters/);
		}
	});

	it('is in the link that is printed when nobody else has it', () => {
		const at = (address: string) => ({ address, port: 8787 });
		expect(linkOf(at('127.0.0.1'), undefined, undefined)).toBe('http://127.0.0.1:8787/');
		expect(linkOf(at('::1'), undefined, undefined)).toBe('http://[::1]:8787/');
		expect(linkOf(at('127.0.0.1'), 'localhost', undefined)).toBe('http://localhost:8787/');
		const made = { text: 'made-by-us', isOurs: true };
		expect(linkOf(at('10.0.0.1'), undefined, made)).toBe('http://10.0.0.1:8787/?token=made-by-us');
		expect(linkOf(at('0.0.0.0'), undefined, made)).toMatch(/^http:\/\/(?!0\.0\.0\.0)[^/]+:8787\/\?token=/);
		expect(linkOf(at('10.0.0.1'), undefined, { text: token, isOurs: false })).not.toContain(token);
		expect([isLocal(at('127.0.0.1')), isLocal(at('::1')), isLocal(at('0.0.0.0')), isLocal(at('::'))]).toEqual(
			[true, true, false, false],
		);
	});
});
