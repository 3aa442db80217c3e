/** Where the page comes from: built into the package; or, in a checkout, built from its sources at its first use. */
import { fileURLToPath } from 'node:url';
import { PingpoolError } from '../../shared/errors.ts';
import type { PageFiles } from './page-files.ts';
import { readPage } from './page-files.ts';

/** @returns reads it at the first call; a call after one that failed tries again, one at a time */
export function openPage(signal: AbortSignal): () => Promise<PageFiles> {
	let reading: Promise<PageFiles> | undefined;
	return () => {
		reading ??= readOwnPage(signal).catch((error) => {
			reading = undefined;
			throw error;
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
