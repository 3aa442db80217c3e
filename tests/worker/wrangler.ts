/** The worker in real workerd, as `npm run worker:cloudflare` runs it. */
import { join } from 'node:path';
import type { Running } from '../process.ts';
import { startProcess } from '../process.ts';
import { closedPort } from '../servers.ts';

/** Wrangler bundles the worker first. */
export const startMsMax = 60_000;

/**
 * @param varsFile the worker's settings, as in .dev.vars
 * @param folder for wrangler's logs
 * @returns it and its URL, when it listens
 */
export async function startWrangler(varsFile: string, folder: string): Promise<[Running, string]> {
	const port = await closedPort();
	const running = startProcess(
		'node_modules/.bin/wrangler',
		[
			...['dev', '--ip', '127.0.0.1', '--port', String(port)],
			...['--inspector-port', '0', '--env-file', varsFile],
		],
		{ env: { CI: '1', WRANGLER_LOG_PATH: join(folder, 'logs') } },
	);
	try {
		await running.says(/Ready on http/, startMsMax);
	} catch (error) {
		await running[Symbol.asyncDispose]();
		throw error;
	}
	return [running, `http://127.0.0.1:${port}`];
}
