import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Queries, ResultFilter } from '../../../master/query/queries.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import { serve } from './dashboard-fixture.ts';

const everything: ResultFilter = {
	statuses: [],
	reasons: [],
	workers: [],
	prefix: undefined,
	text: undefined,
	sort: 'position',
	limit: 200,
	after: undefined,
};

/** Answers every question with what was asked. */
function echo(): { queries: Queries; asked: unknown[][] } {
	const asked: unknown[][] = [];
	const answer = (name: string) =>
		(async (...args: unknown[]) => {
			expect(args.pop()).toBeInstanceOf(AbortSignal);
			asked.push([name, ...args]);
			return [];
		}) as never;
	const names = ['runs', 'run', 'events', 'results', 'history', 'map', 'compare'] as const;
	const methods = Object.fromEntries(names.map((name) => [name, answer(name)]));
	return { queries: { ...methods, close: async () => undefined } as unknown as Queries, asked };
}

describe('questions', () => {
	it.each<[string, unknown[]]>([
		['/api/runs', ['runs']],
		['/api/runs/3', ['run', 3]],
		['/api/runs/3/events', ['events', 3]],
		['/api/runs/3/results', ['results', 3, everything]],
		[
			'/api/runs/3/results?status=down,error&status=denied&reason=timeout,dns-timeout&worker=a&worker=http://b:1,2',
			[
				'results',
				3,
				{
					...everything,
					statuses: ['down', 'error', 'denied'],
					reasons: ['timeout', 'dns-timeout'],
					workers: ['a', 'http://b:1,2'],
				},
			],
		],
		[
			'/api/runs/3/results?prefix=10.1.2.3/8&q=%3Cb%3E&sort=-rtt&limit=500&after=12.5_x',
			[
				'results',
				3,
				{ ...everything, prefix: '10.0.0.0/8', text: '<b>', sort: '-rtt', limit: 500, after: '12.5_x' },
			],
		],
		['/api/runs/3/results?prefix=fd00:1:2::3/33', ['results', 3, { ...everything, prefix: 'fd00:1::/33' }]],
		['/api/runs/3/results?prefix=0.0.0.0/0', ['results', 3, { ...everything, prefix: '0.0.0.0/0' }]],
		['/api/runs/3/results?prefix=10.0.0.7', ['results', 3, { ...everything, prefix: '10.0.0.7/32' }]],
		['/api/runs/3/results?status=&q=&worker=', ['results', 3, everything]],
		['/api/history?host=http://a/%3Fb', ['history', 'http://a/?b']],
		['/api/runs/4294967295/map', ['map', 4_294_967_295, undefined]],
		['/api/runs/3/map?prefix=10.1.2.3/16', ['map', 3, '10.1.0.0/16']],
		['/api/compare?before=1&after=2', ['compare', 1, 2, { kind: undefined, limit: 200, from: undefined }]],
		[
			'/api/compare?before=1&after=2&kind=newly-down&limit=5&from=x',
			['compare', 1, 2, { kind: 'newly-down', limit: 5, from: 'x' }],
		],
	])('%s', async (path, expected) => {
		const { queries, asked } = echo();
		await using served = await serve({ queries });
		const answer = await served.get(path);
		expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
		expect(answer.headers.get('cache-control')).toBe('no-store');
		expect(await answer.json()).toEqual(path === '/api/runs' ? { runs: [] } : []);
		expect(asked).toEqual([expected]);
	});

	it('are about the run that goes on, too', async () => {
		await using served = await serve();
		expect(await (await served.get('/api/about')).json()).toEqual({
			version: '1.2.3',
			mode: 'serve',
			db: 'a.db',
			runId: 7,
		});
	});

	it.each<[string, number, RegExp]>([
		['/api/runs?x=1', 400, /"x\\" is no parameter of this; expected: none/],
		['/api/about?x', 400, /no parameter/],
		['/api/runs/0', 404, /not the number of a run/],
		['/api/runs/-1', 404, /not the number of a run/],
		['/api/runs/1e3', 404, /not the number of a run/],
		['/api/runs/99999999999', 404, /not the number of a run/],
		['/api/runs/1/results?status=dead', 400, /status is \\"dead\\"; expected: up, down/],
		['/api/runs/1/results?status=up,,down', 400, /status is \\"\\"/],
		['/api/runs/1/results?reason=nope', 400, /reason is/],
		['/api/runs/1/results?prefix=10.0.0.0/33', 400, /block of addresses is expected/],
		['/api/runs/1/results?prefix=10.0.0/8', 400, /block of addresses is expected/],
		['/api/runs/1/results?sort=host', 400, /sort is/],
		['/api/runs/1/results?sort=rtt&sort=-rtt', 400, /sort is expected once/],
		['/api/runs/1/results?limit=0', 400, /1 to 500 is expected/],
		['/api/runs/1/results?limit=501', 400, /1 to 500 is expected/],
		['/api/runs/1/results?limit=1e2', 400, /1 to 500 is expected/],
		['/api/runs/1/results?limit=10%20', 400, /1 to 500 is expected/],
		[`/api/runs/1/results?after=${'x'.repeat(257)}`, 400, /256 characters at most/],
		[`/api/runs/1/results?q=${'x'.repeat(2_049)}`, 400, /2048 characters at most/],
		[`/api/runs/1/results?${'worker=a&'.repeat(101)}`, 400, /a hundred times at most/],
		['/api/runs/1/results?__proto__=1', 400, /no parameter/],
		['/api/history', 400, /host is expected/],
		['/api/history?host=', 400, /host is expected/],
		['/api/runs/1/map?prefix=10.0.0.0/9', 400, /0, 8, 16, 24 bits/],
		['/api/runs/1/map?prefix=fd00::/16', 400, /IPv4/],
		['/api/compare?before=1', 400, /after is \\"\\"/],
		['/api/compare?before=0&after=1', 400, /before is \\"0\\"/],
		['/api/compare?before=1&after=2&kind=worse', 400, /kind is/],
		['/api/runs/1/nothing', 404, /no such question/],
		['/api/', 404, /no such question/],
		['/nothing', 404, /nothing here/],
	])('%s is refused with %d', async (path, status, message) => {
		const { queries, asked } = echo();
		await using served = await serve({ queries });
		const answer = await served.get(path);
		const text = await answer.text();
		expect(answer.status).toBe(status);
		expect(text).toMatch(message);
		expect(JSON.parse(text)).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
		expect([asked, served.faults]).toEqual([[], []]);
	});

	it('quote nothing that is not safe to print', async () => {
		await using served = await serve();
		const text = await (await served.get('/api/runs/%1b%5b2J%E2%80%AE')).text();
		expect(text).toMatch(/^[\x20-\x7e]+$/);
	});
});

describe('what goes wrong with a question', () => {
	const failing = (error: unknown) => serve({ queries: { runs: () => Promise.reject(error) } });

	it.each([
		['not-found', 404],
		['bad-request', 400],
		['busy', 503],
		['database', 503],
	] as const)('is told when it is %s', async (code, status) => {
		await using served = await failing(new PingpoolError(code, 'as it is', { hint: 'not for programs' }));
		const answer = await served.get('/api/runs');
		expect([answer.status, answer.headers.get('retry-after')]).toEqual([
			status,
			code === 'busy' ? '1' : null,
		]);
		expect(await answer.json()).toEqual({ error: { code, message: 'as it is' } });
		expect(served.faults).toEqual([]);
	});

	it('is no more than a fault to others when it is one of ours', async () => {
		const fault = new TypeError('secret: /home/user/hosts.db');
		await using served = await failing(fault);
		const answer = await served.get('/api/runs');
		expect(answer.status).toBe(500);
		expect(await answer.text()).toBe(
			'{"error":{"code":"internal","message":"the dashboard met a fault of its own"}}',
		);
		expect(served.faults).toEqual([fault]);
	});

	it('ends it when whoever asked has left', async () => {
		const asked = Promise.withResolvers<AbortSignal>();
		const over = Promise.withResolvers<void>();
		await using served = await serve({
			queries: {
				runs: (signal) => {
					asked.resolve(signal);
					return new Promise((_, reject) => {
						signal.addEventListener('abort', () => {
							reject(signal.reason);
							over.resolve();
						});
					});
				},
			},
		});
		const socket = connect(served.port, '127.0.0.1');
		socket.write('GET /api/runs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
		expect((await asked.promise).aborted).toBe(false);
		socket.destroy();
		await over.promise;
		expect(served.faults).toEqual([]);
	});
});
