/**
 * `GET /metrics` of a master: what its monitor knows of the run, read when somebody asks. Who may ask is for the
 * dashboard to say (app.ts), whose port this is on. prom-client is loaded when somebody asks the first time.
 */
import { Hono } from 'hono';
import type { RenderMetrics, RunMoment } from './metrics-text.ts';

/** What there is to read: the monitor has it (master/monitor/run-monitor.ts). */
export interface MetricsSource {
	moment(): RunMoment;
}

/** @param source `undefined` where no run goes on: then the process speaks of itself alone */
export function createMetrics(source: MetricsSource | undefined): Hono {
	const app = new Hono();
	let rendering: Promise<RenderMetrics> | undefined;
	app.get('/metrics', async (context) => {
		rendering ??= import('./metrics-text.ts').then(({ createRender }) => createRender());
		const render = await rendering;
		const { type, text } = await render(source?.moment());
		return context.body(text, 200, { 'content-type': type, 'cache-control': 'no-store' });
	});
	return app;
}
