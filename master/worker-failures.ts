/** Turns every way in which a worker can fail, as HTTP and the system tell it, into a WorkerFailure. */
import { errors } from 'undici';
import { messageOf, systemErrorCode } from '../shared/errors.ts';
import { errorBodySchema } from '../shared/protocol.ts';
import { escapeUnsafe } from '../shared/target.ts';
import { readStart } from './bounded-body.ts';
import { WorkerFailure } from './dispatch/worker-link.ts';

const retryAfterMsMax = 30_000;

export function invalid(message: string): WorkerFailure {
	return new WorkerFailure('invalid', message);
}

export function parseJson(text: string, where: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new WorkerFailure('invalid', `is not a pingpool worker (${where} is no JSON)`, { cause: error });
	}
}

export async function failureOfStatus(
	status: number,
	headers: Record<string, string | string[] | undefined>,
	body: AsyncIterable<Uint8Array>,
	tokenProblem: string,
): Promise<WorkerFailure> {
	const said = saidIn(await readStart(body));
	switch (status) {
		case 401:
		case 403:
			return new WorkerFailure('refused', `${tokenProblem} (HTTP ${status})`);
		case 429:
			return new WorkerFailure('busy', `is busy (HTTP ${status})`, {
				retryAfterMs: retryAfterMs(String(headers['retry-after'] ?? '')),
			});
		case 404:
		case 405:
			return invalid(`is not a pingpool worker (HTTP ${status})`);
		default:
			if (status >= 500) return new WorkerFailure('broken', `failed with HTTP ${status}${said}`);
			if (status >= 400)
				return new WorkerFailure('rejected', `rejected the request with HTTP ${status}${said}`);
			return invalid(`is not a pingpool worker (HTTP ${status})`);
	}
}

function saidIn(text: string): string {
	try {
		const parsed = errorBodySchema.safeParse(JSON.parse(text));
		return parsed.success ? `: ${printable(parsed.data.error.message)}` : '';
	} catch {
		return '';
	}
}

/** What a worker says, cut and made safe to print. */
export function printable(text: string): string {
	return escapeUnsafe(text.slice(0, 200));
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3), in ms, capped; one second when there is none. */
function retryAfterMs(value: string): number {
	const seconds = /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
	const ms = seconds === undefined ? Date.parse(value) - Date.now() : seconds * 1000;
	return Number.isNaN(ms) ? 1_000 : Math.min(Math.max(ms, 0), retryAfterMsMax);
}

/** Codes of errors that come before a byte of the request has left, and what they mean to who waits for it. */
const neverSent = new Map([
	['ECONNREFUSED', 'the connection was refused'],
	['EHOSTUNREACH', 'the network knows no way to it'],
	['ENETUNREACH', 'this machine has no route to it'],
	['ENETDOWN', 'the network of this machine is down'],
	['EADDRNOTAVAIL', 'this machine has no local address or port left for it'],
	['ENOTFOUND', 'its name has no address'],
	['EAI_AGAIN', 'its name could not be looked up'],
	['UND_ERR_CONNECT_TIMEOUT', 'no connection in time'],
	['EMFILE', 'this machine is out of file descriptors'],
	['ENFILE', 'this machine is out of file descriptors'],
]);

/** A fault of ours (of whoever takes the results, too) has no system code, and stays what it is. */
export function failureOf(error: unknown, headArrived: boolean): unknown {
	if (error instanceof WorkerFailure) return error;
	if (error instanceof errors.HTTPParserError) {
		// Behind a good head, what does not parse is a body that was cut.
		return headArrived
			? new WorkerFailure('broken', 'broke off its answer', { cause: error })
			: new WorkerFailure('invalid', 'is not a pingpool worker (it does not speak HTTP)', { cause: error });
	}
	const code = systemErrorCode(error);
	if (code === undefined) return error;
	const meaning = neverSent.get(code);
	if (meaning !== undefined) {
		return new WorkerFailure('unreachable', `can not be reached: ${meaning} (${code})`, { cause: error });
	}
	if (/CERT|TLS|SSL|VERIFY|EPROTO/.test(code)) {
		return new WorkerFailure('unreachable', `can not be reached: ${tlsProblem(error)} (${code})`, {
			cause: error,
		});
	}
	return new WorkerFailure('broken', `broke off the connection (${code})`, { cause: error });
}

function tlsProblem(error: unknown): string {
	// What OpenSSL says of itself goes on about its own source; its reason is a few words.
	const reason = (error as { reason?: unknown }).reason;
	if (reason === 'wrong version number') return 'it does not speak TLS; is it http:// instead of https://?';
	return `TLS: ${printable(typeof reason === 'string' ? reason : messageOf(error))}`;
}
