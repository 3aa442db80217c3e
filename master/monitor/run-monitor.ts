/**
 * A run as numbers, for the dashboard and for metrics: what goes on now, and enough of what went before to draw it.
 * It is told of requests, of blocks of rows and of what the run says; it counts, and forgets: its memory does not grow
 * with the run. It has no timer: what time alone changes is noticed with the next thing that happens, or when somebody
 * looks. Nor does it know its readers: they say how far they have seen, as a version (run-time.ts).
 */
import type { Clock } from '../../shared/clock.ts';
import type {
	LiveHello,
	LiveRun,
	LiveState,
	LiveUpdate,
	LiveWorker,
	RttHistogram,
} from '../../shared/dashboard-api.ts';
import { noHosts, othersOf } from '../../shared/outcome.ts';
import type { ProbeName } from '../../shared/target.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { DispatchObserver } from '../dispatch/observer.ts';
import type { AnsweredRows } from '../dispatch/rules/rules-io.ts';
import type { RunEvent } from '../events.ts';
import type { RunTally } from '../run-tally.ts';
import type { Tally } from '../tally.ts';
import type { SaidText } from '../view/said.ts';
import { endSaid, saidOf } from '../view/said.ts';
import { EventLog } from './event-log.ts';
import { FleetMonitor } from './fleet-monitor.ts';
import { RateMeter, sampleMs } from './rate-meter.ts';
import { RttCounts } from './rtt-histogram.ts';
import { RunTime, Versions } from './run-time.ts';
import type { SeriesCounts } from './series.ts';
import { SliceSeries } from './series.ts';

/** How often readers get the whole histogram, at most. */
const histogramMs = 1_000;
/** How often readers are told of a run in which nothing happens: that time goes by, and what it does to workers. */
const idleMs = 1_000;

/** What the run was asked to do. */
export interface MonitoredConfig {
	readonly hosts: string;
	readonly db: string;
	readonly probe: ProbeName;
	readonly timeoutMs: number;
	readonly count: number;
}

export interface RunMonitorOptions {
	readonly clock: Pick<Clock, 'monotonicMs'>;
	/** wall-clock time of now, from which all times count */
	readonly startedAtMs: number;
	readonly config: MonitoredConfig;
}

/** What there is to look at from the first request on. */
export interface MonitoredRun {
	readonly runId: number;
	readonly total: number;
	readonly dispatcher: Pick<Dispatcher, 'inFlight' | 'pendingHosts' | 'lanes'>;
	readonly tally: RunTally;
}

export class RunMonitor {
	readonly #config: MonitoredConfig;
	readonly #time: RunTime;
	readonly #versions: Versions;
	readonly #fleet: FleetMonitor;
	#state: LiveState = 'starting';
	#run: MonitoredRun | undefined;
	/** hosts of the list, before the run has begun */
	#listed = 0;
	readonly #events = new EventLog();
	readonly #series = new SliceSeries();
	readonly #rate = new RateMeter();
	readonly #rtt = new RttCounts();
	/** of rows that were there before */
	#rttBefore = new RttCounts();
	/** of the histogram that readers have */
	#told = { total: 0, version: 0, atMs: Number.NEGATIVE_INFINITY };
	#sampledMs = Number.NEGATIVE_INFINITY;
	#tickedMs = Number.NEGATIVE_INFINITY;
	/** monotonic time at which a slice has ended, or a sample is to be taken */
	#dueMs = Number.NEGATIVE_INFINITY;

	constructor({ clock, startedAtMs, config }: RunMonitorOptions) {
		this.#config = config;
		this.#time = new RunTime(clock, startedAtMs);
		this.#versions = new Versions(startedAtMs);
		this.#fleet = new FleetMonitor(this.#time, this.#versions);
	}

	/** For the dispatcher. */
	get observer(): DispatchObserver {
		return this.#fleet;
	}

	/** The run says something. */
	event(event: RunEvent): void {
		if (event.type === 'list-read') this.#listed = event.total;
		else if (event.type === 'stopping') this.#state = 'stopping';
		const said = saidOf(event);
		if (said !== undefined) this.#say(said);
	}

	/** Requests may be sent from now on. */
	begin(run: MonitoredRun): void {
		// Nothing was under way until now.
		this.#advance(this.#time.nowMs);
		this.#run = run;
		if (this.#state === 'starting') this.#state = 'running';
		this.#versions.next();
		this.#fleet.begin(run.dispatcher.lanes, run.tally.own);
		this.#rttBefore = RttCounts.from(run.tally.before.counts?.rtt) ?? new RttCounts();
		this.#sample(this.#time.nowMs);
	}

	/** Rows that count. To be called before they are counted (Tally). */
	rows({ block }: AnsweredRows): void {
		const { nowMs } = this.#time;
		if (nowMs >= this.#dueMs) this.#advance(nowMs);
		this.#rtt.addBlock(block);
		this.#versions.next();
	}

	/** The run is over: nothing changes any more. It may never have begun. */
	end(state: 'finished' | 'failed' | 'interrupted', why?: string): void {
		if (this.#time.hasEnded) return;
		const { nowMs, atMs } = this.#time;
		this.#advance(nowMs);
		this.#state = state;
		this.#say(endSaid(this.#run?.runId, state, why));
		this.#series.end(atMs, this.#counts(), this.#versions.next());
		this.#tellHistogram(nowMs);
		this.#time.end();
	}

	/** The run now. */
	run(): LiveRun {
		const { tally } = this.#run ?? {};
		return this.#runAs(tally, tally?.uncounted ?? 0, this.#rtt.plus(this.#rttBefore));
	}

	/** @param tally its rows by status and reason, without so many that are `uncounted` */
	#runAs(
		tally: Pick<Tally, 'byStatus' | 'byReason'> | undefined,
		uncounted: number,
		rtt: RttCounts,
	): LiveRun {
		const { nowMs, atMs, hasEnded, startedAtMs } = this.#time;
		const { dispatcher, runId = null, total = this.#listed } = this.#run ?? {};
		const { requests, retries, hedges, failures } = this.#fleet;
		const { before, own, done = 0 } = this.#run?.tally ?? {};
		const perSecond = this.#rate.perSecond(nowMs, own?.done ?? 0);
		return {
			...{ runId, state: this.#state, startedAtMs, elapsedMs: Math.round(atMs), total, done },
			...{ doneBefore: before?.rows ?? 0, uncounted },
			byStatus: tally?.byStatus() ?? noHosts,
			byReason: Object.fromEntries(tally?.byReason() ?? []),
			inFlight: hasEnded ? 0 : (dispatcher?.inFlight ?? 0),
			pending: hasEnded ? 0 : (dispatcher?.pendingHosts ?? 0),
			ratePerSecond: Math.round(perSecond),
			etaMs: hasEnded || perSecond <= 0 ? null : Math.round(((total - done) * 1_000) / perSecond),
			...{ requests, retries, hedges, failures },
			rtt: rtt.percentiles(),
			...this.#config,
		};
	}

	/** All workers that there have been, by their indexes. */
	workers(): LiveWorker[] {
		return this.#fleet.workers();
	}

	/** The run at this moment, without what led to it: that takes a hundred times as long. Of its rows, those alone are
	 * counted that this process has added: what is told of a process never goes back. */
	moment(): Pick<LiveHello, 'run' | 'workers' | 'rttHistogram'> {
		this.#advance(this.#time.nowMs);
		const { own, before } = this.#run?.tally ?? {};
		const run = this.#runAs(own, before?.rows ?? 0, this.#rtt);
		return { run, workers: this.workers(), rttHistogram: this.#rtt.histogram() };
	}

	/** Everything that is held, and the cursor behind it. */
	hello(): { readonly message: LiveHello; readonly cursor: number } {
		this.#advance(this.#time.nowMs);
		const message: LiveHello = {
			...{ run: this.run(), workers: this.workers(), rttHistogram: this.#histogram() },
			series: this.#series.all(),
			chunks: this.#fleet.chunks.all(),
			events: this.#events.all(),
		};
		return { message, cursor: this.#versions.now };
	}

	/**
	 * What is new behind a cursor that `hello` or this gave.
	 *
	 * @returns `undefined` where only a new `hello` helps: the cursor is another run's, or too old
	 */
	updateSince(cursor: number): { readonly message: LiveUpdate; readonly cursor: number } | undefined {
		this.#advance(this.#time.nowMs);
		if (!this.#versions.has(cursor)) return undefined;
		const requests = this.#fleet.chunks.since(cursor);
		if (requests === undefined) return undefined;
		const series = this.#series.since(cursor);
		const message: LiveUpdate = {
			run: this.run(),
			workers: this.workers(),
			...(series !== undefined && { series }),
			...(this.#told.version > cursor && { rttHistogram: this.#histogram() }),
			chunks: requests.chunks,
			chunksSkipped: requests.skipped,
			events: this.#events.since(cursor),
		};
		return { message, cursor: this.#versions.now };
	}

	#histogram(): RttHistogram {
		return this.#rtt.plus(this.#rttBefore).histogram();
	}

	/** Notes what time alone changes. */
	#advance(nowMs: number): void {
		const { hasEnded, startedMs } = this.#time;
		if (hasEnded) return;
		if (nowMs - startedMs >= this.#series.openUntilMs) {
			this.#series.advance(nowMs - startedMs, this.#counts(), this.#versions.next());
		}
		if (nowMs - this.#sampledMs >= sampleMs) this.#sample(nowMs);
		if (nowMs - this.#tickedMs >= idleMs) {
			this.#tickedMs = nowMs;
			this.#versions.next();
		}
		if (nowMs - this.#told.atMs >= histogramMs) this.#tellHistogram(nowMs);
		this.#dueMs = Math.min(startedMs + this.#series.openUntilMs, this.#sampledMs + sampleMs);
	}

	#sample(nowMs: number): void {
		if (this.#run === undefined) return;
		this.#sampledMs = nowMs;
		this.#rate.sample(nowMs, this.#run.tally.own.done);
		this.#fleet.sample();
	}

	#tellHistogram(nowMs: number): void {
		if (this.#rtt.total === this.#told.total) return;
		this.#told = { total: this.#rtt.total, version: this.#versions.next(), atMs: nowMs };
	}

	#counts(): SeriesCounts {
		const { tally, dispatcher } = this.#run ?? {};
		const byStatus = tally?.own.byStatus() ?? noHosts;
		const { up, down } = byStatus;
		return { up, down, other: othersOf(byStatus), inFlight: dispatcher?.inFlight ?? 0 };
	}

	#say(said: SaidText): void {
		this.#events.add({ atMs: Math.round(this.#time.atMs), ...said }, this.#versions.next());
	}
}
