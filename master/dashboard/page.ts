/** Where the page comes from: built into the package; or, in a checkout, built from its sources at its first use. */
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../shared/clock.ts';
import { PingpoolError } from '../../shared/errors.ts';
import type { PageFiles } from './page-files.ts';
import { readPage } from './page-files.ts';

/** How long a failure stands: whoever can connect may ask for the page, and a build takes a second of a processor. */
const failedMs = 10_000;

/**
 * @param clock measures how long a failure stands
 * @param read Default: the page of this package or checkout
 * @returns reads it at the first call, once; some time after it failed, a call tries again
 */
export function openPage(
	signal: AbortSignal,
	clock: Pick<Clock, 'monotonicMs'>,
	read = readOwnPage,
): () => Promise<PageFiles> {
	let reading: Promise<PageFiles> | undefined;
	let failedAtMs: number | undefined;
	return () => {
		if (failedAtMs !== undefined && clock.monotonicMs() - failedAtMs >= failedMs) reading = undefined;
		if (reading !== undefined) return reading;
		failedAtMs = undefined;
		reading = read(signal);
		reading.catch(() => {
			failedAtMs = clock.monotonicMs();
		});
		return reading;
	};
}

async function readOwnPage(signal: AbortSignal): Promise<PageFiles> {
	// As bin/pingpool.cjs has it: TypeScript in a checkout, JavaScript in an installed package, below dist/.
	if (import.meta.filename.endsWith('.ts')) {
		const { builtPage } = await import('./page-build.ts');
		return builtPage(fileURLToPath(new URL('../..', import.meta.url)), signal);
	}
	const page = await readPage(fileURLToPath(new URL('../../dashboard', import.meta.url)));
	if (page !== undefined) return page;
	throw new PingpoolError('usage', 'the page of this package is missing', { hint: 'install pingpool anew' });
}
