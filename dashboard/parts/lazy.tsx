/**
 * Views that come after the page: what is looked at first is there sooner. All of them are fetched as soon as the page
 * has nothing else to do, because the master of a run ends with it, and what it served stays open.
 */

import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../state/api.ts';
import { ErrorState, Loading } from './states.tsx';

const loaders: (() => Promise<void>)[] = [];

export function lazy(load: () => Promise<ComponentType>): ComponentType {
	const loaded = signal<ComponentType | null>(null);
	const error = signal<ApiError | null>(null);
	const start = async (): Promise<void> => {
		error.value = null;
		try {
			loaded.value ??= await load();
		} catch (cause) {
			error.value = new ApiError('unreachable', 'A part of this page could not be loaded.', 0, cause);
		}
	};
	loaders.push(start);
	return function Lazy() {
		useEffect(() => void start(), []);
		const Component = loaded.value;
		if (Component !== null) return <Component />;
		return error.value === null ? <Loading /> : <ErrorState error={error.value} onRetry={start} />;
	};
}

/** Fetches every view that is not there yet, one after the other. */
export async function loadAllViews(): Promise<void> {
	for (const load of loaders) await load();
}
