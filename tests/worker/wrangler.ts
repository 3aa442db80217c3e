/** The worker in real workerd, as `npm run worker:cloudflare` runs it. */
import { join } from 'node:path';
import type { Running } from '../process.ts';
import { startProcess } from '../process.ts';

/** Wrangler bundles the worker first. */
export const startMsMax = 120_000;

/**
 * @param varsFile the worker's settings, as in .dev.vars
 * @param folder for wrangler's logs
 * @returns it and its URL, when it listens
 */
export async function startWrangler(varsFile: string, folder: string): Promise<[Running, string]> {
	const running = startProcess(
		'node_modules/.bin/wrangler',
		[...['dev', '--ip', '127.0.0.1', '--port', '0'], ...['--inspector-port', '0', '--env-file', varsFile]],
		{ env: { CI: '1', WRANGLER_LOG_PATH: join(folder, 'logs') } },
	);
	try {
		const [, url] = await running.says(/Ready on (http:\/\/127\.0\.0\.1:\d+)/, startMsMax);
		return [running, url!];
	} catch (error) {
		await running[Symbol.asyncDispose]();
		throw error;
	}
}
