/** Whether a run goes on, and ends when and as it should: invariants 9, 11 and 14. */
import { PingpoolError } from '../../../shared/errors.ts';
import type { Fault, WorkerTraits } from '../swarm.ts';
import type { World } from '../world/world.ts';
import type { Life } from './life.ts';
import { mustHold } from './violation.ts';

/** The longest rest of a worker or pause of a host, and with some ticks. */
const restMsMax = 30_000;
const pauseMsMax = restMsMax + 1_000;

/** The longest pause between checks while nobody is well; a process that is stopped for less than a second does not
 * know it. */
const lonelyMsMax = 1_000 + 1_100;
/** Time that goes by is noticed by ticks, one more or less whenever they begin. */
const tickMs = 50;

interface Elapsed {
	readonly activeMs: number;
	/** how often the process was stopped */
	readonly holds: number;
}

/** Called whenever the rules wait. */
export function checkProgress({ swarm, time }: World, life: Life, activeMs: number): void {
	const { master } = life;
	const { rules, store } = master;
	let [anyChecking, anyUsable, anyLeft, anyGone] = [false, false, false, false];
	for (const lane of rules.lanes.values()) {
		if (lane.isLeaving) continue;
		anyChecking ||= lane.health.checking;
		// One that is busy will come to us.
		anyUsable ||= lane.usable || lane.health.isBusy;
		anyLeft ||= lane.health.state !== 'out';
		anyGone ||= lane.health.state === 'resting' && lane.health.lastFailure?.kind !== 'busy';
	}
	// Half a window waits while another one is read; and all that is under way may come back.
	life.inFlightMax = Math.max(life.inFlightMax, rules.inFlight);
	const pendingMax = 1.5 * swarm.pendingHostsMax + swarm.windowHosts + life.inFlightMax;
	mustHold(rules.pendingHosts <= pendingMax, 9, () => `${rules.pendingHosts} hosts wait`);
	mustHold(
		store.buffered <= swarm.bufferRows + pendingMax + life.inFlightMax,
		9,
		() => `${store.buffered} rows are buffered`,
	);
	mustHold(rules.wakeAtMs >= time.nowMs, 14, 'the rules are not asked in time');

	const isBusy = life.flights.size > 0 || anyChecking || master.isStopping || !store.hasRoom;
	const isReading = !master.ledger.complete && rules.pendingHosts === 0;
	if (isBusy || isReading || !anyLeft) life.attemptMs = activeMs;
	mustHold(
		activeMs - life.attemptMs <= pauseMsMax,
		11,
		() => `no worker is tried for ${activeMs - life.attemptMs} ms`,
	);

	// With nobody well, somebody who did not ask for time is tried soon.
	if (anyUsable || anyChecking || !anyGone) life.lonelyMs = undefined;
	else life.lonelyMs ??= activeMs;
	const lonelyMs = activeMs - (life.lonelyMs ?? activeMs);
	mustHold(lonelyMs <= lonelyMsMax, 11, () => `nobody is well, and nobody is tried for ${lonelyMs} ms`);

	if (anyUsable || life.flights.size > 0 || master.isStopping) life.noneUsableMs = undefined;
	else life.noneUsableMs ??= activeMs;
	const waitedMs = activeMs - (life.noneUsableMs ?? activeMs);
	mustHold(waitedMs <= swarm.workerTimeoutMs + 1_000, 14, () => `there is no worker for ${waitedMs} ms`);
}

/** A run ends when all is done, when somebody wants it, or when there is nobody left to ask. */
export function checkEnd({ swarm }: World, { master, usefulMs }: Life, { activeMs, holds }: Elapsed): void {
	const { rules, ledger, isStopping } = master;
	const { failure } = rules;
	if (failure === undefined) {
		mustHold(
			isStopping || ledger.complete,
			2,
			() => `the run ends, and ${ledger.total - ledger.count} hosts have no row`,
		);
		return;
	}
	if (!(failure instanceof PingpoolError)) {
		mustHold(swarm.faults.has('disk-fails'), 14, () => `the run fails: ${String(failure)}`);
		return;
	}
	mustHold(failure.code === 'no-worker', 14, () => `the run fails: ${failure.message}`);
	const staying = [...rules.lanes.values()].filter(({ isLeaving }) => !isLeaving);
	const mayJoin = swarm.faults.has('leave') && staying.length === 0;
	if (!mayJoin && staying.every(({ health }) => health.state === 'out')) return;
	const waitedMs = activeMs - usefulMs;
	mustHold(
		waitedMs >= swarm.workerTimeoutMs - tickMs * (1 + holds),
		11,
		() => `the run is given up ${waitedMs} ms after the last answer`,
	);
}

/** Faults after which hosts may have to go out one by one, each with a worker to itself. */
const suspiciousFaults: readonly Fault[] = [
	'poisonous',
	'unacceptable',
	'cut',
	'rejected',
	'server-error',
	'crash',
	'freeze',
	'leave',
];

/**
 * How long a run may go on when there are no faults any more, in ms: twice the longest rest, some times the longest
 * that a request of before may be waited for, and the work, by the worst of the workers; beside that the deaths of
 * workers for hosts that kill them, and the wait for those that never come.
 */
export function liveMsMax({ swarm }: World): number {
	const { settings, hosts, workers, ratePerSecond, workerTimeoutMs, faults, chunkHosts, concurrency } = swarm;
	const { count, attempts, timeoutMs, intervalMs } = settings;
	const spanMs = count > 1 ? (count - 1) * intervalMs + timeoutMs : attempts * timeoutMs;
	const perHost = Math.max(count, attempts);
	const slowest = Math.min(...workers.map(({ speed }) => speed));
	const sendMs = (1_000 * hosts * perHost) / Math.min(slowest, ratePerSecond || slowest);
	const delayMs = Math.max(...workers.map((worker) => 2 * (worker.delayMs + worker.jitterMs)));
	const isOneByOne =
		suspiciousFaults.some((fault) => faults.has(fault)) || workers.some(({ vice }) => vice !== undefined);
	const atATime = isOneByOne ? 1 : Math.min(...workers.map((worker) => hostsAtATime(worker, perHost)));
	const chunk = Math.min(chunkHosts ?? hosts, swarm.windowHosts);
	const requests = Math.ceil(hosts / Math.min(atATime, chunk * (concurrency ?? 2)));
	const workMs = sendMs + requests * (spanMs + delayMs + 1_000);
	const poisonMs = (swarm.poisonous + swarm.unacceptable) * 3 * restMsMax;
	return 2 * restMsMax + 4 * (10_000 + 2 * spanMs + sendMs) + workMs + poisonMs + workerTimeoutMs + 10_000;
}

/** Hosts that a worker takes at a time, at least. */
function hostsAtATime(worker: WorkerTraits, perHost: number): number {
	const { hostsPerRequestMax, probesPerRequestMax, hostsInFlightMax, hostsPassedMax, bodyBytesMax } = worker;
	// A restarted one may take half as many.
	const least = Math.min(hostsPerRequestMax, hostsInFlightMax / 2, hostsPassedMax, (bodyBytesMax - 512) / 20);
	return Math.max(1, Math.floor(Math.min(least, (probesPerRequestMax ?? least * perHost) / perHost)));
}
