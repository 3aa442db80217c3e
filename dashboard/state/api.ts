/** Questions to the master that serves the page: plain GETs that answer with one JSON object. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ApiError as ApiErrorBody } from '../../shared/dashboard-api.ts';
import { isPageVisible } from './visible.ts';

/** Why an answer is not there. `code` is the master's own, or `unreachable`, or `not-json`. */
export class ApiError extends Error {
	override readonly name = 'ApiError';
	readonly code: string;
	/** of HTTP; 0 when there was no answer */
	readonly status: number;

	constructor(code: string, message: string, status: number, cause?: unknown) {
		super(message, { cause });
		this.code = code;
		this.status = status;
	}
}

/** @throws ApiError; what `signal.reason` is when it was aborted */
export async function fetchJson<T>(url: string, signal?: AbortSignal): Promise<T> {
	let response: Response;
	try {
		response = await fetch(url, { headers: { accept: 'application/json' }, signal: signal ?? null });
	} catch (cause) {
		signal?.throwIfAborted();
		throw new ApiError(
			'unreachable',
			'The master that served this page does not answer. When its run has ended: pingpool serve shows its database.',
			0,
			cause,
		);
	}
	let body: unknown;
	try {
		body = await response.json();
	} catch (cause) {
		signal?.throwIfAborted();
		throw new ApiError('not-json', `Expected JSON, got status ${response.status}.`, response.status, cause);
	}
	if (!response.ok) {
		const { error } = body as Partial<ApiErrorBody>;
		throw new ApiError(
			error?.code ?? 'unknown',
			error?.message ?? `The answer's status is ${response.status}.`,
			response.status,
		);
	}
	return body as T;
}

export interface Query<T> {
	/** the newest answer; while the next one is awaited, that of before (`isStale`) */
	readonly data: T | undefined;
	/** of the newest question; the data of before stay */
	readonly error: ApiError | undefined;
	readonly isLoading: boolean;
	/** the data answer another url than the one asked for now */
	readonly isStale: boolean;
	reload(): void;
}

export interface QueryOptions<T> {
	/** asks again so long after each answer while the page is visible; 0 or absent for never */
	readonly refreshMs?: (data: T) => number;
}

interface Answer<T> {
	readonly url: string;
	readonly data: T;
}

/**
 * Asks for `url` whenever it changes; a question that is no longer of interest is aborted.
 * @param url `null` for none
 */
export function useQuery<T>(url: string | null, options: QueryOptions<T> = {}): Query<T> {
	const [answer, setAnswer] = useState<Answer<T>>();
	const [error, setError] = useState<ApiError>();
	const [isLoading, setLoading] = useState(url !== null);
	const [turn, setTurn] = useState(0);
	const reload = useCallback(() => setTurn((now) => now + 1), []);
	const refreshOf = useRef(options.refreshMs);
	refreshOf.current = options.refreshMs;
	const isVisible = isPageVisible.value;

	useEffect(() => {
		if (url === null) {
			setLoading(false);
			return;
		}
		const abort = new AbortController();
		setLoading(true);
		fetchJson<T>(url, abort.signal).then(
			(data) => {
				setAnswer({ url, data });
				setError(undefined);
				setLoading(false);
			},
			(cause: unknown) => {
				if (abort.signal.aborted) return;
				setError(cause instanceof ApiError ? cause : new ApiError('unknown', String(cause), 0, cause));
				setLoading(false);
			},
		);
		return () => abort.abort();
		// `turn` is how reload() asks again.
	}, [url, turn]);

	const isStale = answer !== undefined && answer.url !== url;
	useEffect(() => {
		if (answer === undefined || isStale || isLoading || !isVisible) return;
		const delayMs = refreshOf.current?.(answer.data) ?? 0;
		if (delayMs <= 0) return;
		const timer = setTimeout(reload, delayMs);
		return () => clearTimeout(timer);
	}, [answer, isStale, isLoading, isVisible, reload]);

	return { data: url === null ? undefined : answer?.data, error, isLoading, isStale, reload };
}
