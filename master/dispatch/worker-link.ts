/** What the dispatcher needs of a worker; worker-client.ts speaks it over HTTP. */
import type { HostColumn } from '../../shared/host-column.ts';
import type { Capabilities, ProbeSettings } from '../../shared/protocol.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { ProbeName } from '../../shared/target.ts';

export interface PingCall {
	readonly hosts: HostColumn;
	readonly probe: ProbeName;
	readonly settings: ProbeSettings;
	/** takes results as they arrive, checked: every position once, all values in range. The block's columns are used
	 * again once the call has returned */
	readonly onBlock: (block: ResultBlock) => void;
	/** every host has had its first probe; the longest of them waited this long in the worker */
	readonly onSent: (waitMs: number) => void;
	/** the worker itself lives and goes on: the head of its answer has come, a mark, or results. Not called for bytes
	 * that complete none of them: a slow drip is no sign of life */
	readonly onAlive: () => void;
	/** The answer comes from another life of the worker than the capabilities that were read last: called before any
	 * of its results, which count like all others. The caller should ask for capabilities again */
	readonly onRestarted: () => void;
	/** without news of hosts for this long, the call fails; signs of life alone are none */
	readonly silenceMsMax: number;
	readonly signal: AbortSignal;
}

export interface WorkerLink {
	/** how messages and the database name it */
	readonly name: string;
	/** @throws WorkerFailure */
	capabilities(signal: AbortSignal): Promise<Capabilities>;
	/** Resolves when every host has been reported. @throws WorkerFailure; what was reported before it counts */
	ping(call: PingCall): Promise<void>;
	close(): Promise<void>;
}

/**
 * - `unreachable`: the request never arrived
 * - `broken`: it may have arrived; the answer was cut, or did not come in time
 * - `busy`: the worker asks to come back later
 * - `refused`: our token is not accepted
 * - `invalid`: what answers does not speak the protocol, or says what can not be
 * - `rejected`: the worker finds the request itself wrong
 */
export type WorkerFailureKind = 'unreachable' | 'broken' | 'busy' | 'refused' | 'invalid' | 'rejected';

export class WorkerFailure extends Error {
	override readonly name = 'WorkerFailure';
	readonly kind: WorkerFailureKind;
	/** with `busy`: how long the worker asked for, in ms */
	readonly retryAfterMs: number | undefined;

	constructor(
		kind: WorkerFailureKind,
		message: string,
		{ cause, retryAfterMs }: { cause?: unknown; retryAfterMs?: number } = {},
	) {
		super(message, cause === undefined ? undefined : { cause });
		this.kind = kind;
		this.retryAfterMs = retryAfterMs;
	}
}
