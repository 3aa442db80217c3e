/** Preloaded into a program (`--import`): at its end it adds a line to the file that PEAK_MEMORY names, the most memory
 * that its process has had, in bytes. */
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const path = process.env.PEAK_MEMORY;
if (path !== undefined && isMainThread) {
	process.on('exit', () => appendFileSync(path, `${1024 * process.resourceUsage().maxRSS}\n`));
}
