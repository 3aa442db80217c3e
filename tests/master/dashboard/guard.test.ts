import { describe, expect, it } from 'vitest';
import { exchange } from '../../worker/raw-exchange.ts';
import { serve } from './dashboard-fixture.ts';

/** @returns status and the error's code of one request, byte by byte as it is given */
async function ask(port: number, head: string): Promise<[number, string | undefined]> {
	const { text, statuses } = await exchange(port, `${head.replaceAll('\n', '\r\n')}\r\n\r\n`, { answers: 1 });
	return [statuses[0]!, /"code":"([\w-]+)"/.exec(text)?.[1]];
}

describe('Host', () => {
	it('must be ours, whatever is asked: a name that was pointed here is refused', async () => {
		await using served = await serve();
		const { port } = served;
		for (const path of [
			'/',
			'/api/about',
			'/api/live',
			'/api/runs',
			'/metrics',
			'/assets/index-abcd1234.js',
		]) {
			expect(await ask(port, `GET ${path} HTTP/1.1\nHost: evil.example:${port}`), path).toEqual(
				path === '/' ? [421, undefined] : [421, 'misdirected'],
			);
		}
		expect(await ask(port, `GET /api/about HTTP/1.1\nHost: localhost:${port}`)).toEqual([200, undefined]);
		expect(await ask(port, `GET /api/about HTTP/1.1\nHost: [::1]:${port}`)).toEqual([200, undefined]);
	});

	it('can not be said in another way', async () => {
		await using served = await serve();
		const { port } = served;
		const good = `127.0.0.1:${port}`;
		const refused = [
			`GET http://evil.example/api/about HTTP/1.1\nHost: ${good}`,
			`GET http://${good}/api/about HTTP/1.1\nHost: evil.example`,
			`GET /api/about HTTP/1.1\nHost: ${good}\nHost: evil.example`,
			`GET /api/about HTTP/1.1\nHost: evil.example\nHost: ${good}`,
			`GET /api/about HTTP/1.1\nHost: evil@${good}`,
			`GET /api/about HTTP/1.1\nHost: evil.example#${good}`,
			'GET /api/about HTTP/1.1',
			'GET /api/about HTTP/1.0',
			'GET /api/about HTTP/1.1\nHost:',
		];
		for (const head of refused) {
			const [status] = await ask(port, head);
			expect([400, 421], head).toContain(status);
		}
		expect(await ask(port, `GET http://${good}/api/about HTTP/1.1\nHost: ${good}`)).toEqual([200, undefined]);
	});

	it('is checked before anything is asked of the database', async () => {
		let asked = 0;
		await using served = await serve({
			queries: {
				runs: async () => {
					asked += 1;
					return [];
				},
			},
		});
		await ask(served.port, 'GET /api/runs HTTP/1.1\nHost: evil.example');
		expect(asked).toBe(0);
	});
});

describe('requests of other pages', () => {
	it('are refused by Origin, even where the method would be', async () => {
		await using served = await serve();
		const { port } = served;
		const host = `127.0.0.1:${port}`;
		for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
			for (const origin of [
				'http://evil.example',
				'null',
				`http://127.0.0.1:${port + 1}`,
				`http://${host}.evil`,
			]) {
				const head = `${method} /api/about HTTP/1.1\nHost: ${host}\nOrigin: ${origin}\nContent-Length: 0`;
				expect(await ask(port, head), `${method} ${origin}`).toEqual([403, 'forbidden']);
			}
		}
		const own = `GET /api/about HTTP/1.1\nHost: ${host}\nOrigin: http://${host}`;
		expect(await ask(port, own)).toEqual([200, undefined]);
	});

	it('are refused by Sec-Fetch-Site, the opening of a page apart', async () => {
		await using served = await serve();
		const { get } = served;
		const from = (site: string, mode = 'no-cors', dest = 'empty') => ({
			'sec-fetch-site': site,
			'sec-fetch-mode': mode,
			'sec-fetch-dest': dest,
		});
		const statusOf = async (path: string, headers: Record<string, string>) =>
			(await get(path, headers)).status;
		for (const site of ['cross-site', 'same-site', 'anything']) {
			for (const path of ['/api/about', '/api/live', '/api/runs', '/assets/index-abcd1234.js', '/']) {
				expect(await statusOf(path, from(site)), `${site} ${path}`).toBe(403);
			}
			expect(await statusOf('/', from(site, 'navigate', 'document'))).toBe(200);
			expect(await statusOf('/workers', from(site, 'navigate', 'document'))).toBe(200);
			expect(await statusOf('/', from(site, 'navigate', 'iframe'))).toBe(403);
			expect(await statusOf('/api/about', from(site, 'navigate', 'document'))).toBe(403);
		}
		expect(await statusOf('/api/about', from('same-origin', 'cors'))).toBe(200);
		expect(await statusOf('/api/about', from('none', 'navigate', 'document'))).toBe(200);
	});

	it('get no leave by CORS', async () => {
		await using served = await serve();
		const { headers } = await served.get('/api/about');
		expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
	});
});

describe('methods', () => {
	it('are GET and HEAD alone', async () => {
		await using served = await serve();
		const { port } = served;
		for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
			const head = `${method} /api/about HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 0`;
			const { text, statuses } = await exchange(port, `${head.replaceAll('\n', '\r\n')}\r\n\r\n`, {
				answers: 1,
			});
			expect(statuses, method).toEqual([405]);
			expect(text).toMatch(/^allow: GET, HEAD\r$/m);
		}
		for (const path of ['/', '/api/about', '/assets/index-abcd1234.js', '/nothing']) {
			const head = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'HEAD' });
			expect([head.status, await head.text()]).toEqual([path === '/nothing' ? 404 : 200, '']);
		}
	});

	it('HEAD of the live stream opens none', async () => {
		await using served = await serve();
		expect((await fetch(`http://127.0.0.1:${served.port}/api/live`, { method: 'HEAD' })).status).toBe(404);
	});
});

describe('answers', () => {
	it('all have a policy that runs nothing but our files, and let nobody frame, sniff or keep them', async () => {
		await using served = await serve();
		for (const path of [
			'/',
			'/workers',
			'/api/about',
			'/api/runs/x',
			'/nothing',
			'/assets/index-abcd1234.js',
		]) {
			const { headers } = await served.get(path);
			expect(Object.fromEntries(headers), path).toMatchObject({
				'content-security-policy':
					"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
					"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
				'x-content-type-options': 'nosniff',
				'referrer-policy': 'no-referrer',
				'cross-origin-opener-policy': 'same-origin',
				'cross-origin-resource-policy': 'same-origin',
			});
			expect(headers.has('x-powered-by') || headers.has('server')).toBe(false);
		}
		for (const host of ['evil.example', '127.0.0.1']) {
			const { text } = await exchange(served.port, `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`, {
				answers: 1,
			});
			expect(text).toMatch(/^content-security-policy: default-src 'none'; /m);
		}
	});
});
