/** The pipeline of one run: list → chunks → workers → store. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import type { Status } from '../shared/outcome.ts';
import type { Random } from '../shared/random.ts';
import { accountingError } from './accounting.ts';
import type { MasterConfig } from './config.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import type { DispatchObserver } from './dispatch/observer.ts';
import type { Lane } from './dispatch/rules/lane.ts';
import { Ledger } from './dispatch/rules/ledger.ts';
import { TargetFeed } from './dispatch/target-feed.ts';
import type { OnRunEvent } from './events.ts';
import type { FleetWorker } from './fleet.ts';
import type { FollowFleet } from './fleet-changes.ts';
import type { RunMonitor } from './monitor/run-monitor.ts';
import { openRun, wantedRun } from './resume.ts';
import { RunTally } from './run-tally.ts';
import type { RunCounts, RunEnd, Store } from './store/store.ts';
import { Tally } from './tally.ts';
import type { TargetList } from './targets/target-list.ts';
import { untilItThrows } from './until-it-throws.ts';
import { endSaid } from './view/said.ts';

/** How long what is under way may take to end after an interruption. */
const drainMsMax = 10_000;

/** How long an answer may wait to be committed. */
const flushMs = 1_000;

/** What is known while a run goes on. */
export interface RunProgress {
	readonly total: number;
	/** hosts that have a row */
	readonly done: number;
	readonly byStatus: Readonly<Record<Status, number>>;
	readonly inFlight: number;
}

/** What became of one worker in a run. */
export interface WorkerSummary {
	readonly name: string;
	/** rows that it answered */
	readonly byStatus: Readonly<Record<Status, number>>;
	/** requests and checks that failed */
	readonly failures: number;
	/** why it gets no more work, when it was set aside at the end of the run */
	readonly setAside: string | undefined;
}

export interface RunOutcome {
	readonly runId: number;
	readonly state: 'finished' | 'failed' | 'interrupted';
	readonly total: number;
	/** hosts that had a row when the run was continued; 0 for a new run */
	readonly doneBefore: number;
	/** counted by the database */
	readonly counts: RunCounts;
	/** hosts per reason, of those that are not up */
	readonly byReason: ReadonlyMap<string, number>;
	/** of `doneBefore`, hosts that `byReason` leaves out: the database has no counts of them */
	readonly uncounted: number;
	readonly workers: readonly WorkerSummary[];
	readonly seconds: number;
	/** why, when `failed` */
	readonly error: unknown;
}

export interface RunDeps {
	readonly config: MasterConfig;
	readonly list: TargetList;
	readonly store: Store;
	readonly workers: readonly FleetWorker[];
	/** lets workers join and leave until the run has ended; `undefined` when they stay as they are */
	readonly followFleet: FollowFleet | undefined;
	readonly clock: Clock;
	readonly random: Random;
	readonly onEvent: OnRunEvent;
	/** told of requests and rows; whoever made it tells it of events and of the end. Default: none */
	readonly monitor?: RunMonitor | undefined;
	/** who else is told of requests. Default: nobody */
	readonly observers?: readonly DispatchObserver[];
	/** aborted by SIGINT or SIGTERM */
	readonly interrupted: AbortSignal;
	/** gives the view its numbers, at once, before the first row */
	readonly watch: (progress: () => RunProgress) => void;
}

/** Runs to the end, to a failure, or to an interruption; the database has whatever arrived in each case. */
export async function executeRun(deps: RunDeps): Promise<RunOutcome> {
	const { config, list, store, workers, followFleet, clock, random, onEvent, monitor, interrupted } = deps;
	const { settings } = config;
	const startedMs = clock.monotonicMs();
	const watched = untilItThrows(onEvent);
	const wanted = wantedRun(config, list);
	const opened = await openRun({ store, wanted, fresh: config.fresh, clock, onEvent });
	const { runId, done, doneBefore, countsBefore } = opened;
	const ledger = new Ledger(list.total, done);

	const ended = new AbortController();
	const batches = list.batches(ended.signal, (page) => ledger.hasPage(page));
	const feed = new TargetFeed({ batches, random });
	const dispatcher = new Dispatcher({
		feed,
		ledger,
		settings,
		chunkHosts: config.chunkHosts,
		concurrency: config.concurrency,
		ratePerSecond: config.ratePerSecond ?? 0,
		workerTimeoutMs: config.workerTimeoutMs,
		workersMayJoin: followFleet !== undefined,
		onRows: (rows) => {
			watched(() => monitor?.rows(rows));
			tally.add(rows);
			return store.append({ ...rows, runId, checkedAtMs: clock.wallMs() });
		},
		onEvent,
		observers: [...(monitor === undefined ? [] : [monitor.observer]), ...(deps.observers ?? [])],
		requestsName: randomBytes(6).toString('hex'),
		clock,
		random,
	});
	const tally = new Tally();
	const all = new RunTally(tally, { rows: doneBefore, counts: countsBefore });
	for (const worker of workers) dispatcher.addWorker(worker);
	deps.watch(() => ({
		total: list.total,
		done: all.done,
		byStatus: all.byStatus(),
		inFlight: dispatcher.inFlight,
	}));
	watched(() => monitor?.begin({ runId, total: list.total, dispatcher, tally: all }));

	const onInterrupted = (): void => {
		onEvent({ type: 'stopping', inFlight: dispatcher.inFlight });
		dispatcher.stop(AbortSignal.timeout(drainMsMax));
	};
	interrupted.addEventListener('abort', onInterrupted, { once: true });
	if (interrupted.aborted) onInterrupted();
	const flushing = flushNowAndThen(store, clock, ended.signal).catch((caught) => dispatcher.fail(caught));
	const following = followFleet?.({ dispatcher, onEvent, clock, signal: ended.signal }).catch((caught) =>
		dispatcher.fail(caught),
	);
	let error: unknown;
	try {
		await dispatcher.run();
	} catch (caught) {
		error = caught;
	} finally {
		interrupted.removeEventListener('abort', onInterrupted);
		ended.abort();
		await Promise.all([flushing, following]);
		await feed.close();
	}
	// What the store could not keep of the last rows is told here, with its cause.
	await store.flush().catch((caught) => {
		error ??= caught;
	});

	// Interrupted after the last answer is finished all the same.
	const complete = error === undefined && all.done === list.total;
	let state: RunOutcome['state'] = 'failed';
	if (complete) state = 'finished';
	else if (error === undefined && interrupted.aborted) state = 'interrupted';
	// Without the database nothing is known for sure: no counts are told that it may not have.
	const end = (): RunEnd => {
		const atMs = clock.wallMs();
		const why = error === undefined ? undefined : messageOf(error);
		return { state, finishedAtMs: atMs, said: { atMs, ...endSaid(runId, state, why) } };
	};
	const counts = await store.finishRun(runId, end()).catch((caught) => {
		throw error ?? caught;
	});
	if (error === undefined) {
		const books = { accepted: list.total, doneBefore, arrived: tally.done, stored: counts };
		error = accountingError({ ...books, complete: state !== 'interrupted' });
		if (error !== undefined) {
			state = 'failed';
			await store.finishRun(runId, end());
		}
	}
	return {
		runId,
		state,
		total: list.total,
		doneBefore,
		counts,
		byReason: all.byReason(),
		uncounted: all.uncounted,
		workers: [...dispatcher.lanes.values()].map((lane) => summaryOf(lane, tally)),
		seconds: (clock.monotonicMs() - startedMs) / 1000,
		error,
	};
}

/** Sees to it that a slow run, too, loses no more than this when the machine dies. */
async function flushNowAndThen(store: Store, clock: Clock, signal: AbortSignal): Promise<void> {
	for (;;) {
		await clock.sleep(flushMs, signal).catch(() => undefined);
		if (signal.aborted) return;
		await store.flush();
	}
}

function summaryOf({ name, failures, usable, isLeaving, health }: Lane, tally: Tally): WorkerSummary {
	return {
		name,
		byStatus: tally.byStatusOf(name),
		failures,
		setAside: usable || isLeaving ? undefined : health.lastFailure?.message,
	};
}
