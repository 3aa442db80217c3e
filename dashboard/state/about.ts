/** Who serves the page, asked once. */
import { signal } from '@preact/signals';
import type { About } from '../../shared/dashboard-api.ts';
import { ApiError, fetchJson } from './api.ts';
import { followRun } from './live.ts';

/** `null` until it is known */
export const about = signal<About | null>(null);
export const aboutError = signal<ApiError | null>(null);

/** Asks who is there, and follows its run if it has one. */
export async function learnAbout(): Promise<void> {
	aboutError.value = null;
	try {
		about.value = await fetchJson<About>('/api/about');
	} catch (cause) {
		aboutError.value = cause instanceof ApiError ? cause : new ApiError('unknown', String(cause), 0, cause);
		return;
	}
	if (about.value.mode === 'run') followRun();
}
