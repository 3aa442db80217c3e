/**
 * The one error class that pingpool throws on purpose. Whoever catches it may show `message` and `hint` to a
 * user as they are; anything else that is caught is a fault of ours.
 */
import { escapeUnsafe } from './display.ts';

export type ErrorCode =
	/** what a user gave: arguments, environment, files */
	| 'usage'
	| 'invalid-input'
	/** what came over the wire to a worker */
	| 'bad-request'
	| 'unauthorized'
	| 'forbidden'
	| 'misdirected'
	| 'not-found'
	| 'method-not-allowed'
	| 'too-large'
	| 'unsupported-media-type'
	| 'busy'
	| 'internal'
	/** what a master met */
	| 'worker-unreachable'
	| 'worker-refused'
	| 'worker-invalid'
	| 'no-worker'
	| 'database'
	/** what a worker met at its start */
	| 'listen';

export interface ErrorOptions {
	readonly cause?: unknown;
	/** one sentence that says how to mend it */
	readonly hint?: string;
	/** machine-readable facts, sent to clients: paths, limits, what was expected */
	readonly details?: Readonly<Record<string, unknown>>;
}

export class PingpoolError extends Error {
	override readonly name = 'PingpoolError';
	readonly code: ErrorCode;
	readonly hint: string | undefined;
	readonly details: Readonly<Record<string, unknown>> | undefined;

	constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.code = code;
		this.hint = options.hint;
		this.details = options.details;
	}
}

/** The `code` of a system or library error (`ECONNREFUSED`, `UND_ERR_…`), following `cause` where the outer
 * error has none; `undefined` when there is none. */
export function systemErrorCode(error: unknown): string | undefined {
	let current = error;
	for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth += 1) {
		if ('code' in current && typeof current.code === 'string') return current.code;
		current = 'cause' in current ? current.cause : undefined;
	}
	return undefined;
}

/** What an unknown thrown value says of itself, in one line that is safe to print: systems and libraries quote paths
 * and bytes as they are. */
export function messageOf(error: unknown): string {
	return escapeUnsafe(error instanceof Error ? error.message : String(error));
}
