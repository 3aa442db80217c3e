/**
 * What is asked of a database while it may be written: answers for the dashboard, one object each
 * (shared/dashboard-api.ts says which). Plain data in and out, and asynchronous, so that it may live in a thread: a
 * slow question holds up neither a run nor its server.
 */
import type {
	ChangeKind,
	Comparison,
	HostHistory,
	PrefixMap,
	ResultSort,
	ResultsPage,
	RunDetail,
	RunEvents,
	RunRow,
} from '../../shared/dashboard-api.ts';
import type { Status } from '../../shared/outcome.ts';

/** Which rows of a run are wanted. Lists that are empty, and what is `undefined`, let every row through. */
export interface ResultFilter {
	readonly statuses: readonly Status[];
	readonly reasons: readonly string[];
	/** names, as rows have them */
	readonly workers: readonly string[];
	/** a block of addresses, `10.0.0.0/8` or `fd00::/16`, with no bit behind its length */
	readonly prefix: string | undefined;
	/** a part of the host's text, in any case; not empty */
	readonly text: string | undefined;
	readonly sort: ResultSort;
	/** rows, at most; from 1 to `resultsPageMax` */
	readonly limit: number;
	/** `ResultsPage.next` of the page before, as it came from outside */
	readonly after: string | undefined;
}

/** Which part of a comparison is wanted. */
export interface ComparisonPart {
	/** changes of this kind alone */
	readonly kind: ChangeKind | undefined;
	/** changes, at most; from 1 to `resultsPageMax` */
	readonly limit: number;
	/** `Comparison.next` of the page before, as it came from outside */
	readonly from: string | undefined;
}

/**
 * Every method rejects with the reason of its signal soon after that was aborted, and with a PingpoolError otherwise:
 * `not-found` for a run that is not there, `bad-request` for an `after` or `from` that is none, `busy` when more is
 * asked than can wait or nothing more is answered, `database` for what the file is to blame for.
 */
export interface Queries {
	/** the newest first */
	runs(signal: AbortSignal): Promise<readonly RunRow[]>;
	run(id: number, signal: AbortSignal): Promise<RunDetail>;
	events(id: number, signal: AbortSignal): Promise<RunEvents>;
	results(id: number, filter: ResultFilter, signal: AbortSignal): Promise<ResultsPage>;
	/** @param host as the list had it; one that no run has gives a history without entries */
	history(host: string, signal: AbortSignal): Promise<HostHistory>;
	/** @param prefix IPv4, of 0, 8, 16 or 24 bits; `undefined` for the longest that has all IPv4 hosts of the run */
	map(id: number, prefix: string | undefined, signal: AbortSignal): Promise<PrefixMap>;
	compare(before: number, after: number, part: ComparisonPart, signal: AbortSignal): Promise<Comparison>;
	/** ends what is under way */
	close(): Promise<void>;
}
