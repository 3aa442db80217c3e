/** The list of targets, as the rest of the master sees it. */
import type { HostColumn } from '../../shared/host-column.ts';
import type { Reason } from '../../shared/outcome.ts';
import type { ProbeName, Target } from '../../shared/target.ts';

/** Where a list comes from: a file by path, or a stream (stdin), which is kept in a temporary file. */
export type ListInput =
	| { readonly path: string }
	| {
			readonly stream: NodeJS.ReadableStream;
			/** what messages call it, as `stdin` */
			readonly name: string;
	  };

export interface TargetListOptions {
	readonly input: ListInput;
	/** path of a list in the same syntax: what it names is not pinged */
	readonly excludePath?: string | undefined;
	/** probe of targets whose scheme does not say one */
	readonly probe: ProbeName;
	/** go on without lines that are no targets, and count them. Default: false, which makes them an error */
	readonly skipInvalid?: boolean;
	/**
	 * Why a target can not be pinged, as the end of a sentence (`needs a port, as in …`), or `undefined` when it
	 * can. Bare hosts are all judged alike: for them it is asked once, with the first.
	 */
	readonly check?: (target: Target) => string | undefined;
	/** keys the hashes by which duplicates are known; 4 words. Default: random */
	readonly hashKey?: Uint32Array;
	/** folder of temporary files. Default: the system's */
	readonly tempDir?: string;
	readonly signal: AbortSignal;
	/** called now and then while the list is read the first time; `bytesTotal` is undefined for streams */
	readonly onProgress?: (progress: { bytes: number; bytesTotal: number | undefined }) => void;
}

/** Consecutive targets of the list. */
export interface TargetBatch {
	/** position of the first in the list; the others follow without a gap. No batch is of two pages */
	readonly firstPosition: number;
	/** at least one */
	readonly hosts: HostColumn;
	/** per host: its probe, as a position in `probeNames` */
	readonly probes: Uint8Array;
}

export interface TargetList {
	/** targets to ping: distinct, valid, not excluded. Their positions are 0 to total - 1 */
	readonly total: number;
	/** `total` by probe */
	readonly perProbe: Readonly<Record<ProbeName, number>>;
	/** lines that are no targets; above 0 only with `skipInvalid` */
	readonly invalid: number;
	/** the first ten of them: `hosts.txt:17: "10.0.0.999" is not …` */
	readonly problems: readonly string[];
	/** targets that were in the list before */
	readonly duplicates: number;
	/** targets left out because of the exclude file */
	readonly excluded: number;
	/** of the targets that are written as addresses, those that workers deny unless told otherwise, by reason */
	readonly denied: ReadonlyMap<Reason, number>;
	/** the same for the same bytes, exclude file and probe (hexadecimal) */
	readonly fingerprint: string;
	/**
	 * The targets in list order, read as they are asked for. May be called again for another walk, one after the
	 * other. The same list gives every target the same position every time.
	 *
	 * @param isDone whether a page of positions (`pagePositions` of rules/ledger.ts) is to be left out; it is not
	 *   read then. Asked when the walk comes to it
	 * @throws PingpoolError `invalid-input` when the file has changed since it was opened
	 */
	batches(
		signal: AbortSignal,
		isDone?: (page: number) => boolean,
	): AsyncGenerator<TargetBatch, void, undefined>;
	/** Closes the file and removes the temporary one. A second call does nothing. */
	close(): Promise<void>;
}
