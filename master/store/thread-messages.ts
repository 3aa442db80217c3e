/**
 * What travels between the master's thread and the store's. Calls are numbered and answered in order; rows stay
 * where they are, on shared memory (row-buffer.ts), until the call that writes them is answered.
 */
import type { ErrorCode } from '../../shared/errors.ts';
import { messageOf, PingpoolError } from '../../shared/errors.ts';
import type { LedgerPages } from '../dispatch/rules/ledger.ts';
import type { MasterIdentity } from './master-lock.ts';
import type { RowTexts } from './row-buffer.ts';
import type { Durability, KeptCounts, NewRun, RunCounts, RunEnd, RunRecord } from './store.ts';

export interface ThreadOptions {
	readonly path: string;
	readonly busyTimeoutMs: number | undefined;
	readonly lockWaitMs: number | undefined;
	readonly durability: Durability | undefined;
	readonly identity: MasterIdentity | undefined;
}

export type Call =
	/** the first call: opens what is held. Without it, `close` lets go */
	| { readonly method: 'open' }
	| { readonly method: 'lastRun' }
	| { readonly method: 'continueRun'; readonly runId: number }
	| { readonly method: 'countsOf'; readonly runId: number }
	| { readonly method: 'startRun'; readonly run: NewRun }
	| { readonly method: 'write'; readonly rows: WrittenRows }
	| { readonly method: 'finishRun'; readonly runId: number; readonly end: RunEnd }
	| { readonly method: 'close' };

export type ToThread = Call & { readonly id: number };

/** What calls give back. */
export type CallValue = number | RunCounts | KeptCounts | RunRecord | LedgerPages | undefined;

export type FromThread =
	/** no other master can have the database, and its newest run has been looked at */
	| { readonly type: 'held'; readonly lastRun: RunRecord | undefined }
	| { readonly type: 'notice'; readonly message: string }
	| { readonly type: 'done'; readonly id: number; readonly value: CallValue }
	/** without an id: it could not be had */
	| { readonly type: 'failed'; readonly id: number | undefined; readonly error: PackedError };

export interface WrittenRows {
	readonly runId: number;
	readonly memory: SharedArrayBuffer;
	readonly length: number;
	readonly texts: RowTexts;
	readonly workers: readonly string[];
}

/** An error as plain data: structured clone would lose its class and code. */
export interface PackedError {
	readonly code: ErrorCode | undefined;
	readonly message: string;
	readonly hint: string | undefined;
	readonly cause: string | undefined;
}

export function packError(error: unknown): PackedError {
	if (error instanceof PingpoolError) {
		const { code, message, hint, cause } = error;
		return { code, message, hint, cause: cause === undefined ? undefined : messageOf(cause) };
	}
	const stack = error instanceof Error ? error.stack : undefined;
	return {
		code: undefined,
		message: messageOf(error),
		hint: undefined,
		cause: stack,
	};
}

export function unpackError({ code, message, hint, cause }: PackedError): Error {
	if (code === undefined) return new Error(message, { cause });
	return new PingpoolError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}
