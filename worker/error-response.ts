/** Errors as answers. What is no PingpoolError is a fault of ours, of which a caller learns nothing. */
import { jsonText } from '../shared/display.ts';
import type { ErrorCode } from '../shared/errors.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { ErrorBody } from '../shared/protocol.ts';

const statusOf: Partial<Record<ErrorCode, number>> = {
	'bad-request': 400,
	unauthorized: 401,
	'not-found': 404,
	'method-not-allowed': 405,
	'too-large': 413,
	'unsupported-media-type': 415,
	busy: 429,
	usage: 503,
};

const retryAfterSeconds = 1;

/** On every answer: what is JSON is never taken for a page, and nobody between keeps it. */
export const safeHeaders = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' } as const;

/** @param fault takes an error that should not have been thrown */
export function errorResponse(error: unknown, fault: (error: unknown) => void): Response {
	const known = error instanceof PingpoolError ? statusOf[error.code] : undefined;
	if (known === undefined) fault(error);
	const { code, message, details } =
		known !== undefined && error instanceof PingpoolError
			? error
			: new PingpoolError('internal', 'the worker met a fault of its own');
	const body: ErrorBody = { error: { code, message, ...(details && { details }) } };
	const headers = new Headers(safeHeaders);
	if (code === 'unauthorized') headers.set('www-authenticate', 'Bearer realm="pingpool"');
	if (code === 'busy') headers.set('retry-after', String(retryAfterSeconds));
	if (typeof details?.allow === 'string') headers.set('allow', details.allow);
	headers.set('content-type', 'application/json');
	return new Response(jsonText(body), { status: known ?? 500, headers });
}
