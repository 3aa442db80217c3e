/**
 * What the dashboard asks of a database (shared/dashboard-api.ts has the types of the answers). A run may be under way
 * in it meanwhile: what is told then is true of some moment since the question, and of that moment all of it.
 *
 * Every question ends with the signal's reason soon after its signal is aborted. What is not in the database is
 * `undefined`; what can be no question (a prefix that is none, a cursor of something else) is a PingpoolError
 * `invalid-input`; a database that can not be read a PingpoolError `database`.
 */
import type {
	ChangeKind,
	Comparison,
	HostHistory,
	PrefixMap,
	ResultSort,
	ResultsPage,
	RunDetail,
	RunRow,
} from '../../shared/dashboard-api.ts';

/** What is left out, or empty, lets every row through. */
export interface ResultsFilter {
	readonly statuses?: readonly string[];
	readonly reasons?: readonly string[];
	/** names of workers, whole */
	readonly workers?: readonly string[];
	/** a block of addresses: `10.0.0.0/8`, `fd00::/8`, or one address */
	readonly prefix?: string;
	/** a part of the host's text, in whatever case */
	readonly q?: string;
	/** Default: position */
	readonly sort?: ResultSort;
	/** rows of the page, from 1 to `resultsPageMax`. Default: 200 */
	readonly limit?: number;
	/** `next` of the page before, asked with the same filter and sort */
	readonly after?: string;
}

export interface CompareOptions {
	/** changes of one kind alone. Default: all of them */
	readonly kind?: ChangeKind;
	/** `next` of the page before, asked with the same kind */
	readonly from?: string;
}

export interface Queries {
	/** the newest first */
	runs(signal: AbortSignal): Promise<readonly RunRow[]>;
	run(id: number, signal: AbortSignal): Promise<RunDetail | undefined>;
	results(id: number, filter: ResultsFilter, signal: AbortSignal): Promise<ResultsPage | undefined>;
	/** of a host that was never asked, without entries */
	history(host: string, signal: AbortSignal): Promise<HostHistory>;
	/** @param prefix IPv4, of 0, 8, 16 or 24 bits; `undefined` for the longest that has all IPv4 hosts of the run */
	map(id: number, prefix: string | undefined, signal: AbortSignal): Promise<PrefixMap | undefined>;
	/** `undefined` when one of the two runs is not there */
	compare(
		before: number,
		after: number,
		options: CompareOptions,
		signal: AbortSignal,
	): Promise<Comparison | undefined>;
	/** Ends the questions that are open. A second call does nothing. */
	close(): Promise<void>;
}
