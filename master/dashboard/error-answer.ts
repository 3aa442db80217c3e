/** Errors as answers: JSON to programs, a readable page to people. Neither has a stack or a path in it that was not
 * meant to be shown. */
import type { ApiError } from '../../shared/dashboard-api.ts';
import { escapeLines } from '../../shared/display.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { asciiJson } from './ascii-json.ts';

const statusOf: Partial<Record<ErrorCode, number>> = {
	'bad-request': 400,
	unauthorized: 401,
	forbidden: 403,
	'not-found': 404,
	'method-not-allowed': 405,
	misdirected: 421,
	busy: 503,
	database: 503,
	usage: 503,
};

const retryAfterSeconds = 1;

/** What an error page looks like: the page itself, whose files it can not count on, is not there. */
export const errorStylePath = '/error.css';
const errorStyle = `:root { color-scheme: light dark; background: Canvas; color: CanvasText; }
body { margin: 0 auto; padding: 3rem 1.25rem; max-width: 40rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.25rem; }
p, pre { overflow-wrap: anywhere; white-space: pre-wrap; }
a { color: LinkText; }
`;

/** What an error page is shown by. It says nothing, and so is for everybody. */
export function errorStyleAnswer(): Response {
	return new Response(errorStyle, { headers: { 'content-type': 'text/css; charset=utf-8' } });
}

/** @param fault takes an error that should not have been thrown */
export function errorAnswer(error: unknown, fault: (error: unknown) => void): Response {
	const { status, known } = judge(error, fault);
	const body: ApiError = { error: { code: known.code, message: known.message } };
	const headers = headersOf(known);
	headers.set('content-type', 'application/json');
	return new Response(asciiJson(body), { status, headers });
}

/** The same for somebody who opened a page. */
export function errorPage(error: unknown, fault: (error: unknown) => void): Response {
	const { status, known } = judge(error, fault);
	const { message, hint } = known;
	const html = [
		'<!doctype html>',
		'<html lang="en"><head><meta charset="utf-8">',
		'<meta name="viewport" content="width=device-width, initial-scale=1">',
		'<meta name="color-scheme" content="light dark"><title>pingpool</title>',
		`<link rel="stylesheet" href="${errorStylePath}"></head>`,
		`<body><main><h1>pingpool</h1><p>${htmlText(message)}</p>`,
		hint === undefined ? '' : `<pre>${htmlText(hint)}</pre>`,
		known.code === 'not-found' ? '<p><a href="/">To the dashboard</a></p>' : '',
		'</main></body></html>',
	];
	const headers = headersOf(known);
	headers.set('content-type', 'text/html; charset=utf-8');
	return new Response(`${html.filter((line) => line !== '').join('\n')}\n`, { status, headers });
}

function judge(error: unknown, fault: (error: unknown) => void): { status: number; known: PingpoolError } {
	const status = error instanceof PingpoolError ? statusOf[error.code] : undefined;
	if (status !== undefined && error instanceof PingpoolError) return { status, known: error };
	fault(error);
	return { status: 500, known: new PingpoolError('internal', 'the dashboard met a fault of its own') };
}

function headersOf({ code, details }: PingpoolError): Headers {
	const headers = new Headers({ 'cache-control': 'no-store' });
	if (code === 'unauthorized') headers.set('www-authenticate', 'Bearer realm="pingpool"');
	if (code === 'busy') headers.set('retry-after', String(retryAfterSeconds));
	if (typeof details?.allow === 'string') headers.set('allow', details.allow);
	return headers;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function htmlText(text: string): string {
	return escapeLines(text).replace(/[&<>"]/g, (character) => entities[character]!);
}
