/** What the dispatcher needs of a worker; worker-client.ts speaks it over HTTP. */
import type { HostColumn } from '../../shared/host-column.ts';
import type { Capabilities, ProbeSettings } from '../../shared/protocol.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { ProbeName } from '../../shared/target.ts';
import type { WorkerLoad } from '../../shared/worker-load.ts';

export interface PingCall {
	/** what the request is named on the wire (requestIdPattern): no other one of anybody is named so */
	readonly request: string;
	readonly hosts: HostColumn;
	readonly probe: ProbeName;
	readonly settings: ProbeSettings;
	/** takes results as they arrive, checked: every position once, all values in range. The block's columns are used
	 * again once the call has returned */
	readonly onBlock: (block: ResultBlock) => void;
	/** every host has had its first probe; the longest of them waited this long in the worker */
	readonly onSent: (waitMs: number) => void;
	/** the worker itself lives and goes on: the head of its answer has come, a mark, or results. Not called for bytes
	 * that complete none of them: a slow drip is no sign of life. `isHolding`: it says that it holds probes back for
	 * their prefixes, so what is not answered meanwhile says nothing of it */
	readonly onAlive: (isHolding: boolean) => void;
	/** The answer comes from another life of the worker than the capabilities that were read last: called before any
	 * of its results, which count like all others. The caller should ask for capabilities again */
	readonly onRestarted: () => void;
	/** what the worker says of its load, checked */
	readonly onLoad: (load: WorkerLoad) => void;
	/** ends the call, which then rejects with the signal's reason as it is: a WorkerFailure, when the caller has given
	 * up on the worker */
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
 * - `local`: this machine could not send it, for want of descriptors, ports or memory: no fault of the worker's
 * - `broken`: it may have arrived; the connection or the answer was cut
 * - `silent`: it may have arrived; nothing, or not enough, was heard for too long
 * - `busy`: the worker asks to come back later
 * - `refused`: our token is not accepted
 * - `invalid`: what answers does not speak the protocol, or says what can not be
 * - `too-large`: the worker takes fewer hosts, or bytes, at a time
 * - `rejected`: the worker finds the request itself wrong
 * - `troubled`: it answers, with its own trouble
 */
export type WorkerFailureKind =
	| 'unreachable'
	| 'local'
	| 'broken'
	| 'silent'
	| 'busy'
	| 'refused'
	| 'invalid'
	| 'too-large'
	| 'rejected'
	| 'troubled';

/** Of which the hosts may have been probed, unless it is known better. */
const probedKinds: readonly WorkerFailureKind[] = ['broken', 'silent', 'invalid', 'troubled'];

export interface WorkerFailureOptions {
	readonly cause?: unknown;
	readonly retryAfterMs?: number | undefined;
	readonly probed?: boolean;
}

export class WorkerFailure extends Error {
	override readonly name = 'WorkerFailure';
	readonly kind: WorkerFailureKind;
	/** with `busy`: how long the worker asked for, in ms */
	readonly retryAfterMs: number | undefined;
	/** hosts of the request may have been probed, and may have done the worker harm */
	readonly probed: boolean;

	constructor(
		kind: WorkerFailureKind,
		message: string,
		{ cause, retryAfterMs, probed = probedKinds.includes(kind) }: WorkerFailureOptions = {},
	) {
		super(message, cause === undefined ? undefined : { cause });
		this.kind = kind;
		this.retryAfterMs = retryAfterMs;
		this.probed = probed;
	}
}
