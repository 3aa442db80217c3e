/** `pingpool master`: arguments, wiring, signals, exit codes. The only place that chooses concrete parts. */
import { randomInt } from 'node:crypto';
import { noLongerNeeded } from '../shared/abort.ts';
import { systemClock } from '../shared/clock.ts';
import type { LiveWorker } from '../shared/dashboard-api.ts';
import { messageOf, PingpoolError } from '../shared/errors.ts';
import { createRandom } from '../shared/random.ts';
import type { Target } from '../shared/target.ts';
import { probeOf } from '../shared/target.ts';
import type { Closer } from './closers.ts';
import { closeAll } from './closers.ts';
import type { MasterConfig } from './config.ts';
import { parseMasterConfig } from './config.ts';
import type { RunDashboard } from './dashboard/run-dashboard.ts';
import type { DispatchObserver } from './dispatch/observer.ts';
import type { EmbeddedWorker } from './embedded-worker.ts';
import type { OnRunEvent } from './events.ts';
import type { FollowFleet } from './fleet-changes.ts';
import type { OpenLog } from './log/open.ts';
import { openLog } from './log/open.ts';
import type { RunLog } from './log/run-log.ts';
import type { MonitoredConfig } from './monitor/run-monitor.ts';
import { RunMonitor } from './monitor/run-monitor.ts';
import { ConfigExit } from './options.ts';
import { exitCodeOfRun, reportEnd } from './run-end.ts';
import { RunJournal } from './run-journal.ts';
import type { Signals } from './signals.ts';
import { onSignals } from './signals.ts';
import type { TargetList } from './targets/target-list.ts';
import { untilItThrows } from './until-it-throws.ts';
import { version } from './version.ts';
import { exitCodeOf, printError } from './view/error.ts';
import type { WorkersWatch } from './workers-watch.ts';
import { limitYoungGeneration } from './young-generation.ts';

/** The embedded worker has said that it listens, and there is nobody else to ask: on a machine that is crowded, its
 * first answer takes as long as its start may. */
const embeddedAnswerMsMax = 60_000;

/**
 * Runs the master.
 *
 * @param argv arguments behind `pingpool master`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
	let config: MasterConfig;
	try {
		config = parseMasterConfig(argv, version);
	} catch (error) {
		if (error instanceof ConfigExit) return error.exitCode;
		if (!(error instanceof PingpoolError)) throw error;
		printError(error);
		return exitCodeOf(error);
	}
	const monitor = isWatched(config)
		? new RunMonitor({
				clock: systemClock,
				startedAtMs: systemClock.wallMs(),
				config: monitoredConfig(config),
			})
		: undefined;
	const watched = untilItThrows((event) => open.log.event(event));
	const open = await openLog({
		stream: process.stderr,
		format: config.logFormat,
		level: config.logLevel,
		quiet: config.quiet,
		environment: process.env,
		clock: systemClock,
		workers: config.view === 'workers' ? () => workersOf(monitor, watched) : undefined,
	});
	// A second Ctrl-C ends this process where it is: what shows progress must not stay on the terminal.
	const cleanUp = (): void => open.progress.stop();
	process.on('exit', cleanUp);
	try {
		return await runLogged({ config, open, monitor, watched });
	} catch (error) {
		if (error instanceof PingpoolError) {
			open.log.error(error);
			return exitCodeOf(error);
		}
		if (config.logFormat === 'text') throw error;
		open.log.fault(error);
		return 1;
	} finally {
		await open.close();
		process.off('exit', cleanUp);
	}
}

async function runLogged(begun: BegunRun): Promise<number> {
	const signals = onSignals();
	const closers: Closer[] = [signals.release, () => begun.open.progress.stop()];
	try {
		const exitCode = await runWith({ ...begun, signals, closers });
		await closeAll(closers);
		return exitCode;
	} catch (error) {
		// What can not be closed now (a disk that is full) is a consequence of the error, or is it.
		await closeAll(closers).catch(() => undefined);
		// An interruption explains whatever failed, but not that what arrived could not be kept.
		if (signals.signal.aborted && !isDatabaseError(error)) return signals.exitCode();
		throw error;
	}
}

function isDatabaseError(error: unknown): boolean {
	return error instanceof PingpoolError && error.code === 'database';
}

interface BegunRun {
	readonly config: MasterConfig;
	readonly open: OpenLog;
	/** `undefined` when nobody would look at it */
	readonly monitor: RunMonitor | undefined;
	/** does what tells the monitor */
	readonly watched: (work: () => void) => void;
}

interface RunParts extends BegunRun {
	readonly signals: Signals;
	/** takes what has to be closed at the end */
	readonly closers: Closer[];
}

async function runWith({ config, open, monitor, watched, signals, closers }: RunParts): Promise<number> {
	limitYoungGeneration();
	const { log, progress } = open;
	const journal = new RunJournal(systemClock);
	const onEvent: OnRunEvent = (event) => {
		log.event(event);
		watched(() => monitor?.event(event));
		journal.event(event);
	};
	const dashboard = monitor && (await openDashboard(config, monitor, onEvent));
	closers.push(async () => {
		// It has an end of its own, unless something else ended it.
		watched(() => monitor?.end(signals.signal.aborted ? 'interrupted' : 'failed'));
		await dashboard?.close();
	});
	const workersFile = await openFleet(config, onEvent);
	const members = [...(workersFile?.members ?? [])];
	const embedded =
		config.workers === undefined ? await embeddedWorker(config, signals.signal, closers) : undefined;
	if (config.hosts === '-' && process.stdin.isTTY === true) {
		const message = 'reading hosts from the terminal, one per line; Ctrl-D ends the list';
		onEvent({ type: 'notice', message });
	}
	// Told when something is no longer wanted: the first failure ends what else was begun.
	const stop = new AbortController();
	const wanted = AbortSignal.any([signals.signal, stop.signal]);
	// Nobody else can have the database from here on; into it, nothing is written before a worker has answered.
	const { holdThreadStore } = await import('./store/thread-store.ts');
	const holding = holdThreadStore({
		path: config.db,
		durability: config.durability,
		onNotice: (message) => onEvent({ type: 'notice', message }),
	});
	closers.push(async () => (await holding.catch(() => undefined))?.close());
	const reading = readList(config, wanted);
	closers.push(async () => {
		stop.abort(noLongerNeeded);
		await (await reading.catch(() => undefined))?.close();
	});
	const [held, list] = await Promise.all([holding, reading]);
	const { total, invalid, duplicates, excluded } = list;
	onEvent({ type: 'list-read', total, invalid, duplicates, excluded });
	if (list.denied.size > 0) onEvent({ type: 'denied-by-default', counts: list.denied });
	const { decideRun, wantedRun } = await import('./resume.ts');
	const decision = decideRun(held.lastRun, wantedRun(config, list), config);
	if (decision.kind === 'refuse') throw decision.error;

	// Loaded here, while an embedded worker still starts.
	const [{ meetWorkers }, { executeRun }] = await Promise.all([import('./fleet.ts'), import('./run.ts')]);
	const meet = async () => {
		if (embedded !== undefined) {
			const { embeddedMember } = await import('./fleet-changes.ts');
			members.push(embeddedMember(await embedded.ready));
		}
		const workers = await meetWorkers(members, {
			onEvent,
			waitMsMax: embedded === undefined ? config.startWaitMs : 0,
			answerMsMax: embedded === undefined ? undefined : embeddedAnswerMsMax,
			clock: systemClock,
			signal: wanted,
		});
		if (workers.length === 0) throw noWorker(config);
		return workers;
	};
	// Killed between its last row and its end, a run wants nobody: whether a worker can be reached does not matter.
	const nothingOpen = decision.kind === 'continue' && decision.run.done === total;
	const meeting = nothingOpen ? Promise.resolve([]) : meet();
	closers.push(async () => {
		stop.abort(noLongerNeeded);
		const met = await meeting.catch(() => []);
		await Promise.all(met.map(({ link }) => link.close()));
	});
	const workers = await Promise.race([meeting, held.lost]);
	const store = await held.open();
	journal.writeTo(store);
	const outcome = await executeRun({
		config,
		list,
		store,
		workers,
		followFleet: nothingOpen ? undefined : await fleetFollower(workersFile, embedded),
		clock: systemClock,
		random: createRandom(randomInt(2 ** 32)),
		onEvent,
		monitor,
		observers: await requestObservers(log),
		interrupted: signals.signal,
		watch: (read) => {
			progress.start(read);
			dashboard?.begin();
		},
	});
	progress.stop();
	const why = outcome.error === undefined ? undefined : messageOf(outcome.error);
	watched(() => monitor?.end(outcome.state, why));
	// Awaited with all that is closed, and what fails of it is told then.
	dashboard?.close().catch(() => undefined);
	reportEnd(outcome, config, log);
	return exitCodeOfRun(outcome, config, signals.exitCode());
}

function workersOf(monitor: RunMonitor | undefined, watched: BegunRun['watched']): readonly LiveWorker[] {
	let workers: readonly LiveWorker[] = [];
	watched(() => {
		workers = monitor?.workers() ?? [];
	});
	return workers;
}

function isWatched({ dashboard, view }: MasterConfig): boolean {
	return dashboard !== undefined || view === 'workers';
}

function monitoredConfig({
	hosts,
	db,
	probe,
	settings: { timeoutMs, count },
}: MasterConfig): MonitoredConfig {
	return { hosts, db, probe, timeoutMs, count };
}

/** @throws PingpoolError `usage` when the user chose an address that can not be had */
async function openDashboard(
	{ dashboard: address, dashboardToken, db }: MasterConfig,
	monitor: RunMonitor,
	onEvent: OnRunEvent,
): Promise<RunDashboard | undefined> {
	if (address === undefined) return undefined;
	const { RunDashboard } = await import('./dashboard/run-dashboard.ts');
	const dashboard = new RunDashboard({
		address,
		token: dashboardToken,
		about: () => ({ version, mode: 'run', db, runId: monitor.run().runId }),
		source: monitor,
		openMetrics: async () => (await import('./dashboard/metrics.ts')).createMetrics(monitor),
		openQueries: async () => (await import('./query/thread-queries.ts')).threadQueries({ path: db }),
		onEvent,
		clock: systemClock,
	});
	await dashboard.reserve();
	return dashboard;
}

/** Who is told of every request beside the monitor: the log, where it has lines of them. */
async function requestObservers(log: RunLog): Promise<readonly DispatchObserver[]> {
	if (!log.hears('debug')) return [];
	const { RequestLogger } = await import('./log/request-logger.ts');
	return [new RequestLogger(log.entry, systemClock)];
}

async function readList(config: MasterConfig, signal: AbortSignal): Promise<TargetList> {
	const { openTargetList } = await import('./targets/open.node.ts');
	return openTargetList({
		input: config.hosts === '-' ? { stream: process.stdin, name: 'stdin' } : { path: config.hosts },
		excludePath: config.exclude,
		probe: config.probe,
		skipInvalid: config.skipInvalid,
		check: (target) => portProblem(target, config),
		signal,
	});
}

function noWorker({ workers }: MasterConfig): PingpoolError {
	return new PingpoolError('no-worker', 'none of the workers can be used', {
		hint:
			workers === undefined
				? 'the embedded worker listens on 127.0.0.1: is the loopback interface up?'
				: 'is "npm run worker" running on them, are address, port and token right, does a firewall let 8786 through?',
	});
}

/** Who looks after the workers while the run goes on. */
async function fleetFollower(
	workersFile: WorkersWatch | undefined,
	embedded: StartedWorker | undefined,
): Promise<FollowFleet | undefined> {
	const { followWorkersFile, keepEmbeddedWorker } = await import('./fleet-changes.ts');
	if (embedded !== undefined) {
		const first = await embedded.ready;
		return (options) => keepEmbeddedWorker(first, embedded.start, options);
	}
	// A pipe can not be read again.
	return workersFile?.isFile ? (options) => followWorkersFile(workersFile, options) : undefined;
}

interface StartedWorker {
	readonly ready: Promise<EmbeddedWorker>;
	/** starts another one */
	readonly start: (signal: AbortSignal) => Promise<EmbeddedWorker>;
}

/** Starts the embedded worker while the list is read. */
async function embeddedWorker(
	{ ratePerSecond }: MasterConfig,
	interrupted: AbortSignal,
	closers: Closer[],
): Promise<StartedWorker> {
	const { startEmbeddedWorker } = await import('./embedded-worker.ts');
	const start = (signal: AbortSignal) => startEmbeddedWorker({ ratePerSecond, signal });
	const stop = new AbortController();
	const ready = start(AbortSignal.any([stop.signal, interrupted]));
	// Awaited later, unless the list is wrong.
	ready.catch(() => undefined);
	closers.push(async () => {
		stop.abort();
		await ready.then(
			(worker) => worker.close(),
			() => undefined,
		);
	});
	return { ready, start };
}

async function openFleet({ workers, token, tls, allowPlainHttp }: MasterConfig, onEvent: OnRunEvent) {
	if (workers === undefined) return undefined;
	const { openWorkersFile } = await import('./workers-watch.ts');
	const file = await openWorkersFile({ path: workers, token, tls, allowPlainHttp });
	const notices = [...file.openSecrets];
	if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
		notices.push(
			'NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing here: the certificates of workers are verified',
		);
	}
	for (const message of notices) onEvent({ type: 'notice', level: 'warning', message });
	return file;
}

/** Why a target can not be probed for want of a port, for the list's messages. */
function portProblem(target: Target, { probe, settings }: MasterConfig): string | undefined {
	const needsPort =
		probeOf(target, probe) === 'tcp' && target.port === undefined && settings.port === undefined;
	return needsPort ? 'has no port to connect to: write host:port, or give --port' : undefined;
}
