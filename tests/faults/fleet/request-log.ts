/**
 * Preloaded into a master (`--import`): writes down every request that it sends, when its head goes out, as a line
 * `MS ORIGIN HOST,HOST,…` at the end of the file that REQUEST_LOG names. MS is the time of day, like `checked_at`.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { decodeRequest } from '../../../shared/columns.ts';
import { formatIpv4 } from '../../../shared/ip.ts';

const path = process.env.REQUEST_LOG;

interface Sent {
	readonly request: { readonly path: string; readonly origin: string | URL; readonly body: unknown };
}

if (path !== undefined && isMainThread) {
	// undici's own, not part of its types.
	subscribe('undici:client:sendHeaders', (message) => {
		const { request } = message as Sent;
		if (!request.path.endsWith('/ping')) return;
		const origin = String(request.origin).replace(/\/$/, '');
		appendFileSync(path, `${Date.now()} ${origin} ${hostsIn(request.body).join(',')}\n`);
	});
}

function hostsIn(body: unknown): string[] {
	const bytes = body as Uint8Array;
	// In columns, settings begin behind their length; a request in JSON begins with the object itself.
	if (bytes[0] === '{'.charCodeAt(0)) {
		return (JSON.parse(Buffer.from(bytes).toString()) as { hosts: string[] }).hosts;
	}
	return Array.from(decodeRequest(bytes).ipv4, formatIpv4);
}
