import { connect } from 'node:net';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { RunDashboard } from '../../../master/dashboard/run-dashboard.ts';
import type { RunEvent } from '../../../master/events.ts';
import type { Queries } from '../../../master/query/queries.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { LiveHello, LiveUpdate } from '../../../shared/dashboard-api.ts';
import { dashboardDrainMs, dashboardEndMs } from '../../../shared/limits.ts';
import { foreignServer } from '../../servers.ts';
import { openEvents } from './event-stream.ts';

function dashboardOf(
	address: { host: string; port: number; isChosen: boolean },
	ballast = '',
	openMetrics = async () => new Hono(),
) {
	const said: RunEvent[] = [];
	const spoken = Promise.withResolvers<RunEvent>();
	let closed = 0;
	let state = 'running';
	let cursor = 1;
	const dashboard = new RunDashboard({
		address,
		token: undefined,
		about: () => ({ version: '1', mode: 'run', db: 'a.db', runId: 1 }),
		source: {
			hello: () => ({ message: { run: { state }, ballast } as unknown as LiveHello, cursor }),
			updateSince: () => {
				cursor += 1;
				return { message: { run: { state }, ballast } as unknown as LiveUpdate, cursor };
			},
		},
		openQueries: async () => {
			const queries: Partial<Queries> = {
				runs: async () => [],
				close: async () => {
					closed += 1;
				},
			};
			return queries as Queries;
		},
		openMetrics,
		onEvent: (event) => {
			said.push(event);
			spoken.resolve(event);
		},
		clock: systemClock,
	});
	return {
		dashboard,
		said,
		closedQueries: () => closed,
		end: (how: string) => {
			state = how;
		},
		/** @returns its URL without the slash at the end */
		async begun(): Promise<string> {
			dashboard.begin();
			const event = await spoken.promise;
			if (event.type !== 'dashboard-ready') throw new Error(JSON.stringify(event));
			return event.url.slice(0, -1);
		},
	};
}

const anyPort = { host: '127.0.0.1', port: 0, isChosen: true };

describe("a run's dashboard", () => {
	it('hangs up where what answers can not be loaded, says so, and loads it again for the next', async () => {
		let loads = 0;
		const { dashboard, said, begun } = dashboardOf(anyPort, '', async () => {
			loads += 1;
			if (loads === 1) throw new Error('no file descriptor is left');
			return new Hono();
		});
		await dashboard.reserve();
		const url = await begun();
		expect(loads).toBe(0);
		await expect(fetch(`${url}/api/about`)).rejects.toThrow();
		expect(said.slice(1)).toEqual([
			expect.objectContaining({
				type: 'notice',
				message: expect.stringContaining('no file descriptor is left'),
			}),
		]);
		for (let requests = 0; requests < 2; requests += 1) {
			expect((await fetch(`${url}/api/about`)).status).toBe(200);
		}
		expect(loads).toBe(2);
		await dashboard.close();
	});

	it('says where it is, and that a port is taken', async () => {
		await using foreign = await foreignServer('silence');
		const { dashboard, said, begun } = dashboardOf({ ...anyPort, port: foreign.port });
		await dashboard.reserve();
		const url = await begun();
		expect(said).toEqual([
			{ type: 'dashboard-ready', url: `${url}/`, takenPort: foreign.port, isLocal: true },
		]);
		expect(await (await fetch(`${url}/api/about`)).json()).toMatchObject({ mode: 'run', runId: 1 });
		await dashboard.close();
		await expect(fetch(`${url}/api/about`)).rejects.toThrow();
	});

	it('is an error in time where its user chose what can not be had', async () => {
		const { dashboard } = dashboardOf({ ...anyPort, host: '203.0.113.1' });
		await expect(dashboard.reserve()).rejects.toMatchObject({ code: 'usage' });
		await dashboard.close();
	});

	it('is a warning where nobody chose it', async () => {
		const { dashboard, said, begun } = dashboardOf({ host: '203.0.113.1', port: 8787, isChosen: false });
		await dashboard.reserve();
		await expect(begun()).rejects.toThrow();
		expect(said).toEqual([
			{
				type: 'notice',
				message: 'no dashboard: the dashboard can not listen on 203.0.113.1:8787 (EADDRNOTAVAIL)',
				level: 'warning',
			},
		]);
		await dashboard.close();
	});

	it('is none where the run has ended before', async () => {
		const { dashboard, said } = dashboardOf(anyPort);
		await dashboard.reserve();
		dashboard.begin();
		await dashboard.close();
		expect(said).toEqual([]);
		const other = dashboardOf(anyPort);
		await other.dashboard.close();
	});

	it('tells pages how the run ended, closes what it opened, and is closed once', async () => {
		const { dashboard, begun, end, closedQueries } = dashboardOf(anyPort);
		const url = await begun();
		expect(await (await fetch(`${url}/api/runs`)).json()).toEqual({ runs: [] });
		using page = await openEvents(`${url}/api/live`);
		await page.reached(1);
		end('finished');
		await Promise.all([dashboard.close(), dashboard.close()]);
		expect(await page.ended).toBe(true);
		expect(page.events.at(-1)!.data.run.state).toBe('finished');
		expect(closedQueries()).toBe(1);
	});

	it('ends soon although pages do not read, and others keep connections without a word', async () => {
		const { dashboard, begun } = dashboardOf(anyPort, 'x'.repeat(8 * 1024 * 1024));
		const url = await begun();
		const { port } = new URL(url);
		const silent = connect(Number(port), '127.0.0.1');
		await new Promise((resolve) => silent.once('connect', resolve));
		silent.on('error', () => undefined);
		using stuck = await openEvents(`${url}/api/live`);
		stuck.response.pause();
		const startedMs = performance.now();
		await dashboard.close();
		// Of a crowded machine as well; without the cut, it would be half a minute.
		expect(performance.now() - startedMs).toBeLessThan((dashboardEndMs + dashboardDrainMs) / 2);
		silent.destroy();
	});
});
