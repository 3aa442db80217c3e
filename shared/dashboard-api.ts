/**
 * What the dashboard's page is told by the master that serves it: types alone, for both sides.
 *
 * While a run goes on, `GET /api/live` is a stream of server-sent events: one `hello` with all there is to draw from
 * nothing, then `update` with what is new, at most ten a second, and `alive` where nothing is. Everything else is asked for: plain GETs that answer
 * with one JSON object each, from the database, whether a run goes on or not.
 *
 * Times called `…AtMs` are wall-clock, in ms since 1970; those called `atMs`, `startMs`, `endMs` count from the start of
 * the run's process. Texts from outside are as they are: whoever shows them makes them safe.
 */
import type { ByStatus } from './outcome.ts';
import type { ProbeName } from './target.ts';
import type { WorkerLoad } from './worker-load.ts';

/** `GET /api/about` */
export interface About {
	readonly version: string;
	/** `run`: the master of a run serves the page, and there is a live stream; `serve`: only the database is shown */
	readonly mode: 'run' | 'serve';
	/** path of the database, as its user gave it */
	readonly db: string;
	/** the run that this master carries out; `null` before it has a number, and in `serve` */
	readonly runId: number | null;
}

export type LiveState = 'starting' | 'running' | 'stopping' | 'finished' | 'failed' | 'interrupted';

/** Round-trip times as counts in buckets that grow evenly on a logarithmic scale (master/monitor/rtt-histogram.ts). */
export interface RttHistogram {
	/** lower edge of every bucket, in ms, ascending; an RTT at or above the last edge is in the last bucket, one below the
	 * first edge in the first */
	readonly edgesMs: readonly number[];
	/** of as many buckets as edges */
	readonly counts: readonly number[];
}

/** Of round-trip times, in ms, as exact as the buckets; `null` when there is none. */
export interface RttPercentiles {
	readonly p50: number;
	readonly p90: number;
	readonly p95: number;
	readonly p99: number;
	readonly max: number;
}

/** The run now. */
export interface LiveRun {
	readonly runId: number | null;
	readonly state: LiveState;
	readonly startedAtMs: number;
	readonly elapsedMs: number;
	readonly total: number;
	/** hosts that have a row, `doneBefore` included */
	readonly done: number;
	/** hosts that had one when the run was continued */
	readonly doneBefore: number;
	/** of `doneBefore`, hosts that `byStatus`, `byReason` and `rtt` leave out: the database has no counts of them */
	readonly uncounted: number;
	readonly byStatus: ByStatus;
	/** of the rows that have a reason */
	readonly byReason: Readonly<Record<string, number>>;
	/** hosts in requests under way */
	readonly inFlight: number;
	/** hosts that wait in the master to go out */
	readonly pending: number;
	/** hosts per second, of the last few seconds */
	readonly ratePerSecond: number;
	/** `null` when nothing says */
	readonly etaMs: number | null;
	/** requests so far; of them, such that ask hosts again, and such that took over from a late one */
	readonly requests: number;
	readonly retries: number;
	readonly hedges: number;
	/** requests that failed */
	readonly failures: number;
	readonly rtt: RttPercentiles | null;
	/** what the run was asked to do, for its heading */
	readonly hosts: string;
	readonly db: string;
	readonly probe: ProbeName;
	readonly timeoutMs: number;
	readonly count: number;
}

/**
 * - `healthy`: gets work
 * - `slowed`: gets less, or none for the moment: it is late, holds probes back for their prefixes, or is on trial
 * - `aside`: rests after a failure, until `asideUntilAtMs`
 * - `unmet`: has not answered yet
 * - `draining`: left the list of workers, and ends what it has
 * - `gone`: left, or is out of this run for good
 */
export const workerStates = ['healthy', 'slowed', 'aside', 'unmet', 'draining', 'gone'] as const;
export type WorkerState = (typeof workerStates)[number];

export interface WorkerFailureCount {
	readonly message: string;
	readonly count: number;
	readonly lastAtMs: number;
}

export interface LiveWorker {
	/** its place in the list of workers, which stays the same for the whole run */
	readonly index: number;
	readonly name: string;
	readonly state: WorkerState;
	/** why, in words; `null` when healthy */
	readonly why: string | null;
	readonly asideUntilAtMs: number | null;
	readonly runtime: 'node' | 'cloudflare' | null;
	readonly version: string | null;
	readonly probes: readonly ProbeName[];
	readonly icmp: string | null;
	/** requests, and hosts in them, under way */
	readonly requests: number;
	readonly inFlight: number;
	/** of these, hosts that it has not sent a probe to yet, how many there may be (the send window), and hosts of a whole
	 * chunk */
	readonly unsentHosts: number;
	readonly windowHosts: number;
	readonly chunkHosts: number;
	/** rows that it answered */
	readonly done: number;
	readonly byStatus: ByStatus;
	readonly ratePerSecond: number;
	/** of its requests, from the first byte out to the end of the answer, in ms; `null` before one has ended */
	readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
	/** requests and checks that failed */
	readonly failures: number;
	/** the commonest few */
	readonly failureReasons: readonly WorkerFailureCount[];
	readonly retries: number;
	readonly hedges: number;
	/** what it last said of itself; `null` when it says nothing */
	readonly load: WorkerLoad | null;
}

/** How a chunk came to be sent. */
export const chunkKinds = ['first', 'again', 'hedge'] as const;
export type ChunkKind = (typeof chunkKinds)[number];

/** What became of it: `late` has been taken over by a hedge and may still answer; `cancelled` was ended by us, because
 * nobody wanted to know any more (one that was ended because its worker was silent has `failed`). */
export const chunkEnds = ['open', 'ok', 'failed', 'late', 'cancelled'] as const;
export type ChunkEnd = (typeof chunkEnds)[number];

/** One request for hosts: a bar of the task stream. Sent anew, with the same id, whenever it has changed. */
export interface LiveChunk {
	/** number of the request within this process, from 1 */
	readonly id: number;
	/** what ties the lines about it in the logs of master and worker together */
	readonly request: string;
	/** LiveWorker.index */
	readonly worker: number;
	readonly probe: ProbeName;
	readonly kind: ChunkKind;
	readonly end: ChunkEnd;
	readonly startMs: number;
	/** when every host had had its first probe; `null` before, and where the worker does not say */
	readonly sentMs: number | null;
	/** `null` while it is open */
	readonly endMs: number | null;
	readonly hosts: number;
	/** hosts that it has answered, and of them those that are not up */
	readonly answered: number;
	readonly notUp: number;
	/** what went wrong; `null` when nothing did */
	readonly failure: string | null;
}

/** What happened in a slice of the run's time. */
export interface SeriesPoint {
	/** start of the slice */
	readonly atMs: number;
	readonly up: number;
	readonly down: number;
	readonly other: number;
	/** at the end of the slice */
	readonly inFlight: number;
}

/** The run over time, in slices of one length: when there are too many of them, pairs are made one. */
export interface Series {
	readonly sliceMs: number;
	readonly points: readonly SeriesPoint[];
}

export const eventLevels = ['info', 'warning', 'error'] as const;
export type EventLevel = (typeof eventLevels)[number];

/** What the run said. */
export interface LiveEvent {
	/** from 1, without gaps; the oldest are forgotten */
	readonly id: number;
	readonly atMs: number;
	readonly level: EventLevel;
	/** RunEvent.type */
	readonly type: string;
	readonly worker: string | null;
	readonly text: string;
}

/** SSE `hello`: everything that is held. */
export interface LiveHello {
	readonly run: LiveRun;
	readonly workers: readonly LiveWorker[];
	readonly series: Series;
	readonly rttHistogram: RttHistogram;
	readonly chunks: readonly LiveChunk[];
	readonly events: readonly LiveEvent[];
}

/** SSE `update`: what is new since the last message. */
export interface LiveUpdate {
	readonly run: LiveRun;
	/** all of them */
	readonly workers: readonly LiveWorker[];
	/** left out when no slice has ended. `from` is the place of the first of `points`: 0 when all of them are sent anew */
	readonly series?: Series & { readonly from: number };
	/** left out when it has not changed much */
	readonly rttHistogram?: RttHistogram;
	/** new ones, and those that have changed */
	readonly chunks: readonly LiveChunk[];
	/** chunks that were too many to be told of, since the last message */
	readonly chunksSkipped: number;
	readonly events: readonly LiveEvent[];
}

/** One run of the database. `GET /api/runs` answers `{ runs: RunRow[] }`, the newest first. */
export interface RunRow {
	readonly id: number;
	/** `running`, `finished`, `failed`, `interrupted`, `imported` */
	readonly state: string;
	readonly startedAtMs: number;
	readonly finishedAtMs: number | null;
	readonly total: number;
	/** `null` while it goes on */
	readonly byStatus: ByStatus | null;
	/** the same for the same list */
	readonly fingerprint: string;
	readonly options: Readonly<Record<string, string | number | boolean | null>>;
}

/** `GET /api/runs/:id`: what its rows come to. */
export interface RunDetail {
	readonly run: RunRow;
	readonly done: number;
	readonly byStatus: ByStatus;
	readonly byReason: Readonly<Record<string, number>>;
	readonly byWorker: readonly { readonly worker: string; readonly byStatus: ByStatus }[];
	readonly rtt: RttPercentiles | null;
	readonly rttHistogram: RttHistogram;
	/** rows by the time at which they were answered; atMs counts from the run's start, inFlight is 0 */
	readonly series: Series;
}

/** `GET /api/runs/:id/events`: what it said, over all the processes that worked on it. */
export interface RunEvents {
	readonly run: RunRow;
	/** whether the database keeps what runs say: those of older versions do not, nor their runs later on */
	readonly areKept: boolean;
	/** the oldest first. `atMs` counts from the run's start, and is below 0 for what was said before; where the ids have a
	 * gap, events were left out */
	readonly events: readonly LiveEvent[];
	/** events that were too many to be kept: the first and the newest are */
	readonly leftOut: number;
}

export interface ResultRow {
	readonly runId: number;
	/** place in the list, from 0 */
	readonly position: number;
	readonly host: string;
	readonly status: string;
	readonly reason: string | null;
	readonly address: string | null;
	readonly rttMs: number | null;
	readonly sent: number;
	readonly received: number;
	readonly rttMinMs: number | null;
	readonly rttMaxMs: number | null;
	readonly jitterMs: number | null;
	readonly worker: string | null;
	readonly checkedAtMs: number;
}

export const resultSorts = ['position', 'rtt', '-rtt', 'checked', '-checked'] as const;
export type ResultSort = (typeof resultSorts)[number];

/**
 * `GET /api/runs/:id/results?status=down,error&reason=timeout&worker=…&prefix=10.0.0.0/8&q=text&sort=-rtt&limit=200&after=…`
 * Filters that are left out let everything through; `q` is a part of the host's text, `prefix` a block of addresses.
 */
export interface ResultsPage {
	readonly rows: readonly ResultRow[];
	/** for `after`: where the next page begins; `null` at the end */
	readonly next: string | null;
	/** rows that pass the filters; `null` where that would take reading all of them */
	readonly matching: number | null;
}

/** `GET /api/history?host=…`: what a host's answers were, the newest run first; at most 1,000. */
export interface HostHistory {
	readonly host: string;
	readonly entries: readonly (ResultRow & { readonly startedAtMs: number })[];
}

/** One square: a child of the prefix, eight bits longer (a /16 has 256 squares of /24, a /24 of single addresses). */
export interface MapSquare {
	/** from 0 to 255: the child's own eight bits */
	readonly index: number;
	readonly hosts: number;
	readonly up: number;
	readonly down: number;
	readonly other: number;
	/** mean of those that are up; `null` when none is */
	readonly rttMs: number | null;
}

/** `GET /api/runs/:id/map?prefix=10.1.0.0/16`; prefixes of 0, 8, 16 or 24 bits. Without one, of the longest that has
 * all IPv4 hosts of the run. */
export interface PrefixMap {
	readonly prefix: string;
	/** those that have hosts, by index */
	readonly squares: readonly MapSquare[];
	/** hosts of the run that are no IPv4 addresses */
	readonly elsewhere: number;
}

export const changeKinds = [
	'newly-down',
	'newly-up',
	'slower',
	'faster',
	'other',
	'added',
	'removed',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** A host that differs between two runs. `other`: its status or reason changed in another way. */
export interface Change {
	readonly kind: ChangeKind;
	readonly host: string;
	/** `null` where the host is not in the run */
	readonly before: ChangeSide | null;
	readonly after: ChangeSide | null;
}

export interface ChangeSide {
	readonly status: string;
	readonly reason: string | null;
	readonly rttMs: number | null;
	readonly worker: string | null;
}

/** `GET /api/compare?before=1&after=2`; with `kind=newly-down` its changes alone, with `from=…` the next page. */
export interface Comparison {
	readonly before: RunRow;
	readonly after: RunRow;
	readonly counts: Readonly<Record<ChangeKind | 'same', number>>;
	/** hosts with a row in one run that the other, unfinished one has none of yet: neither added nor removed */
	readonly missing: number;
	/** in the order of the newer run's list; at most `resultsPageMax` */
	readonly changes: readonly Change[];
	readonly next: string | null;
}

/** Every other answer than 200. */
export interface ApiError {
	readonly error: { readonly code: string; readonly message: string };
}
