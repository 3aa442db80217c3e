/** Workers that join and leave while a run goes on, because their file has changed. */
import type { Clock } from '../shared/clock.ts';
import { escapeUnsafe } from '../shared/target.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
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
