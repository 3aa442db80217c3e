/** Turns every way in which a worker can fail, as HTTP and the system tell it, into a WorkerFailure. */
import { errors } from 'undici';
import { escapeUnsafe } from '../shared/display.ts';
import { systemErrorCode } from '../shared/errors.ts';
import { errorBodySchema } from '../shared/protocol.ts';
import { readStart } from './bounded-body.ts';
import { WorkerFailure } from './dispatch/worker-link.ts';
import { tlsProblem } from './transport/tls-failures.ts';

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

/**
 * What any status but 200 means. It comes before the worker sends a probe; a gateway's, after it gave up on the worker
 * behind it.
 *
 * @param token that the worker was sent, not to be repeated. Default: none
 */
export async function failureOfStatus(
	status: number,
	headers: Readonly<Record<string, string | string[] | undefined>>,
	body: AsyncIterable<Uint8Array>,
	tokenProblem: string,
	token?: string,
): Promise<WorkerFailure> {
	const said = saidIn(await readStart(body), token);
	const askedMs = retryAfterMs(headers);
	if (status === 401 || status === 403) {
		return new WorkerFailure('refused', `${tokenProblem} (HTTP ${status})`);
	}
	if (status === 408) {
		const message = `did not get all of the request in time (HTTP ${status})`;
		return new WorkerFailure('broken', message, { probed: false });
	}
	if (status === 413) {
		return new WorkerFailure('too-large', `takes no request of that size (HTTP ${status})${said}`);
	}
	if (status === 429 || (status === 503 && askedMs !== undefined)) {
		return new WorkerFailure('busy', `is busy (HTTP ${status})`, { retryAfterMs: askedMs ?? 1_000 });
	}
	if (status >= 500) {
		const probed = status === 502 || status === 504;
		return new WorkerFailure('broken', `failed with HTTP ${status}${said}`, { probed });
	}
	if (status >= 400 && status !== 404 && status !== 405) {
		return new WorkerFailure('rejected', `rejected the request with HTTP ${status}${said}`);
	}
	return new WorkerFailure('invalid', `is not a pingpool worker (HTTP ${status})`, { probed: false });
}

/** @param token that it was sent: what repeats a request would put it into logs, and into the database */
function saidIn(text: string, token?: string): string {
	try {
		const parsed = errorBodySchema.safeParse(JSON.parse(text));
		if (!parsed.success) return '';
		const { message } = parsed.data.error;
		return `: ${printable(token === undefined ? message : message.replaceAll(token, '<token>'))}`;
	} catch {
		return '';
	}
}

/** What a worker says, cut and made safe to print. */
export function printable(text: string): string {
	return escapeUnsafe(text.slice(0, 200));
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3), in ms, capped; `undefined` when there is none. A date is
 * counted from what the worker's own clock says, because ours may be hours off. */
function retryAfterMs(headers: Readonly<Record<string, string | string[] | undefined>>): number | undefined {
	const value = headers['retry-after'];
	if (typeof value !== 'string') return undefined;
	let ms = Number.NaN;
	if (/^[0-9]{1,9}$/.test(value)) ms = Number(value) * 1000;
	else if (value.endsWith(' GMT')) ms = Date.parse(value) - Date.parse(String(headers.date));
	return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), retryAfterMsMax);
}

/** Codes of errors that come before a byte of the request has left, and what they mean to who waits for it. */
const neverSent = new Map([
	['ECONNREFUSED', 'the connection was refused'],
	['EHOSTUNREACH', 'the network knows no way to it'],
	['ENETUNREACH', 'this machine has no route to it'],
	['ENETDOWN', 'the network of this machine is down'],
	['ENOTFOUND', 'its name has no address'],
	['EAI_AGAIN', 'its name could not be looked up'],
	['UND_ERR_CONNECT_TIMEOUT', 'no connection in time'],
	['ETIMEDOUT', 'no connection in time'],
]);

/** Codes of this machine's own shortages, and what is short. The request, if it began to leave, was cut. */
const shortages = new Map([
	['EMFILE', 'out of file descriptors'],
	['ENFILE', 'out of file descriptors'],
	['EADDRNOTAVAIL', 'out of ports or addresses to connect from'],
	['ENOBUFS', 'out of memory for the network'],
	['ENOMEM', 'out of memory'],
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
	if (error instanceof errors.HeadersOverflowError) {
		return new WorkerFailure('invalid', 'sent a longer head than a pingpool worker would', { cause: error });
	}
	const code = codeOf(error);
	if (code === undefined) return error;
	const shortage = shortages.get(code);
	if (shortage !== undefined) {
		const message = `can not be asked: this machine is ${shortage} (${code})`;
		return new WorkerFailure('local', message, { cause: error, probed: headArrived });
	}
	const syscall = (error as { syscall?: unknown }).syscall;
	// A connection that was there can end with the codes of one that never was.
	const mayHaveLeft = headArrived || syscall === 'read' || syscall === 'write';
	const meaning = mayHaveLeft ? undefined : notConnected(code, error);
	if (meaning !== undefined) {
		return new WorkerFailure('unreachable', `can not be reached: ${meaning} (${code})`, { cause: error });
	}
	return new WorkerFailure('broken', `broke off the connection (${code})`, { cause: error });
}

/** Why there was no connection, or `undefined` when there was one. */
function notConnected(code: string, error: unknown): string | undefined {
	if (/CERT|TLS|SSL|VERIFY|EPROTO/.test(code)) return tlsProblem(error);
	return neverSent.get(code);
}

/** Of several addresses of a name, one that refused us says more than one that this machine has no way to. */
function codeOf(error: unknown): string | undefined {
	if (!(error instanceof AggregateError)) return systemErrorCode(error);
	const codes = error.errors.map(systemErrorCode).filter((code) => code !== undefined);
	return codes.find((code) => !shortages.has(code)) ?? codes[0];
}
