import { describe, expect, it } from 'vitest';
import { testApp } from './app-fixture.ts';
import { countedMetrics } from './metrics/metrics-fixture.ts';

describe('a worker without a token', () => {
	const { app } = testApp({ tokens: 'none' });
	const ask = async (url: string, headers: Record<string, string>) =>
		(await app.request(url, { method: 'POST', body: '{"hosts":["192.0.2.1"]}', headers })).status;

	it.each(['127.0.0.1', '127.0.0.1:8786', '127.9.9.9', 'localhost', 'LOCALHOST:1', '[::1]:8786', '[::1]'])(
		'answers programs that call it %s',
		async (host) => {
			expect(await ask(`http://${host}/ping`, { host })).toBe(200);
		},
	);

	it.each([
		['a page of another site', '127.0.0.1', { origin: 'https://evil.example' }],
		['a page without an origin', '127.0.0.1', { origin: 'null' }],
		['another site', '127.0.0.1', { 'sec-fetch-site': 'cross-site' }],
		['another port of this machine', 'localhost', { 'sec-fetch-site': 'same-site' }],
		['a page of a name that leads here', 'rebound.example:8786', { 'sec-fetch-site': 'same-origin' }],
		['a name that leads here', 'rebound.example:8786', {}],
		['a name that begins like an address', '127.0.0.1.evil.example', {}],
		['a name that ends like ours', 'evil.localhost', {}],
		['an address of the LAN', '192.168.0.1:8786', {}],
		['every address', '0.0.0.0', {}],
		['a user before the host', 'localhost@evil.example', {}],
	])('refuses %s', async (_, host, headers) => {
		expect(await ask('http://127.0.0.1/ping', { host, ...headers })).toBe(401);
	});

	it('refuses a target in the request line that is none of its names', async () => {
		expect(await ask('http://rebound.example/ping', { host: '127.0.0.1' })).toBe(401);
	});

	it('answers an address that the user typed', async () => {
		expect(await ask('http://127.0.0.1/ping', { host: '127.0.0.1', 'sec-fetch-site': 'none' })).toBe(200);
	});
});

it('with a token, who calls from where does not matter: no page has it', async () => {
	const { ping } = testApp();
	const headers = { origin: 'https://dashboard.example', host: 'worker.example' };
	expect((await ping({ hosts: ['192.0.2.1'] }, { headers })).status).toBe(200);
});

describe('metrics of a worker with a token', () => {
	const asked = async (caller: string | undefined, header = {}): Promise<number> => {
		const { metrics } = countedMetrics();
		const { app } = testApp({ metrics, callerOf: () => caller });
		const headers = { host: '127.0.0.1:8786', ...header };
		return (await app.request('http://127.0.0.1:8786/metrics', { headers })).status;
	};

	it.each(['127.0.0.1', '127.9.9.9', '::1'])('need none for a program at %s', async (caller) => {
		expect(await asked(caller)).toBe(200);
		expect(await asked(caller, { 'x-forwarded-for': '127.0.0.1' })).toBe(401);
	});

	it.each(['192.168.1.5', '10.0.0.1', '2001:db8::1', 'fe80::1', 'somewhere', '', undefined])(
		'need it from %s, by whatever name it calls the worker',
		async (caller) => {
			expect(await asked(caller)).toBe(401);
		},
	);
});
