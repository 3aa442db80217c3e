/** Workers that join and leave while a run goes on: their file has changed, or the embedded one has ended. */
import { onAbort } from '../shared/abort.ts';
import type { Clock } from '../shared/clock.ts';
import { escapeUnsafe } from '../shared/display.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { EmbeddedWorker } from './embedded-worker.ts';
import type { OnRunEvent } from './events.ts';
import type { FleetMember } from './fleet.ts';
import { workerClient } from './fleet.ts';
import type { WorkerClient } from './worker-client.ts';
import type { FleetChange, WorkersWatch } from './workers-watch.ts';

export interface FollowFleetOptions {
	readonly dispatcher: Dispatcher;
	readonly onEvent: OnRunEvent;
	readonly clock: Clock;
	/** ends it, when no request is under way any more */
	readonly signal: AbortSignal;
}

/** Lets workers join and leave a run until the signal aborts. */
export type FollowFleet = (options: FollowFleetOptions) => Promise<void>;

/** Keeps the workers of a dispatcher those of the file, until the signal aborts; then closes those that joined. */
export async function followWorkersFile(
	watch: WorkersWatch,
	{ dispatcher, onEvent, clock, signal }: FollowFleetOptions,
): Promise<void> {
	const file = escapeUnsafe(watch.path);
	const joined: WorkerClient[] = [];
	const join = (member: FleetMember): void => {
		const link = workerClient(member);
		joined.push(link);
		dispatcher.addWorker({ link, weight: member.weight, met: undefined });
	};
	const onChange = ({ added, changed, removed, isEmpty }: FleetChange): void => {
		// The new ones first: a worker that takes over from another one is there when that one goes.
		for (const member of added) join(member);
		for (const member of changed) {
			onEvent({ type: 'worker-changed', worker: member.name, file });
			dispatcher.removeWorker(member.name);
			join(member);
		}
		for (const worker of removed) {
			const inFlight = dispatcher.lanes.get(worker)?.inFlight ?? 0;
			onEvent({ type: 'worker-removed', worker, file, inFlight });
			dispatcher.removeWorker(worker);
		}
		if (isEmpty) onEvent({ type: 'workers-file-problem', message: `${file} has no worker in it` });
	};
	const onProblem = (problem: string): void => {
		onEvent({ type: 'workers-file-problem', message: `${problem}; the workers stay as they were` });
	};
	try {
		await watch.follow({ clock, onChange, onProblem, signal });
	} finally {
		await Promise.all(joined.map((link) => link.close()));
	}
}

/** Between the end of an embedded worker and the start of the next one: growing, because whatever ended it (memory, a
 * host that it can not bear) may end the next one as well. */
const restartMsMin = 200;
const restartMsMax = 10_000;
/** A worker that has lived for so long is no part of a row of failures. */
const provenMs = 30_000;

/** The embedded worker as a member of the fleet. */
export function embeddedMember({ url, token }: EmbeddedWorker): FleetMember {
	return { name: 'embedded', url, token, weight: 1 };
}

/**
 * Starts the embedded worker anew when it ends, until the signal aborts; then ends those that were started here.
 *
 * @param first the one that the dispatcher has, which stays its owner's
 * @param start starts another one; rejects with a PingpoolError when it can not, and is tried again
 */
export async function keepEmbeddedWorker(
	first: EmbeddedWorker,
	start: (signal: AbortSignal) => Promise<EmbeddedWorker>,
	{ dispatcher, onEvent, clock, signal }: FollowFleetOptions,
): Promise<void> {
	const over = Promise.withResolvers<void>();
	const forget = onAbort(signal, () => over.resolve());
	const started: EmbeddedWorker[] = [];
	const links: WorkerClient[] = [];
	let worker: EmbeddedWorker | undefined = first;
	let restartMs = restartMsMin;
	try {
		while (!signal.aborted) {
			const sinceMs = clock.monotonicMs();
			if (worker !== undefined) {
				await Promise.race([worker.exited, over.promise]);
				if (signal.aborted) break;
				onEvent({ type: 'embedded-worker-ended' });
				dispatcher.removeWorker('embedded');
			}
			if (clock.monotonicMs() - sinceMs >= provenMs) restartMs = restartMsMin;
			await clock.sleep(restartMs, signal).catch(() => undefined);
			restartMs = Math.min(restartMsMax, 2 * restartMs);
			if (signal.aborted) break;
			worker = await startOrNot(start, signal);
			if (worker === undefined) continue;
			started.push(worker);
			const link = workerClient(embeddedMember(worker));
			links.push(link);
			dispatcher.addWorker({ link, weight: 1, met: undefined });
		}
	} finally {
		forget();
		await Promise.all([...links, ...started].map((each) => each.close()));
	}
}

async function startOrNot(
	start: (signal: AbortSignal) => Promise<EmbeddedWorker>,
	signal: AbortSignal,
): Promise<EmbeddedWorker | undefined> {
	try {
		return await start(signal);
	} catch (error) {
		if (error instanceof PingpoolError) return undefined;
		throw error;
	}
}
