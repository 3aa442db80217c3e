/** The workers of a run: met once at its start, closed at its end. */
import { connectionsPerWorkerMax } from '../shared/limits.ts';
import type { Capabilities } from '../shared/protocol.ts';
import { WorkerFailure } from './dispatch/worker-link.ts';
import type { OnRunEvent } from './events.ts';
import { WorkerClient } from './worker-client.ts';

export interface FleetMember {
	/** how messages and the database name it */
	readonly name: string;
	readonly url: string;
	readonly token: string | undefined;
	readonly weight: number;
}

export interface MetWorker {
	readonly client: WorkerClient;
	readonly capabilities: Capabilities;
	readonly weight: number;
}

/**
 * Asks every worker what it can do, all at a time.
 *
 * @returns those that answered, in the order given; the others are named by events, with the reason
 * @throws the signal's reason; all connections are closed then
 */
export async function meetWorkers(
	members: readonly FleetMember[],
	onEvent: OnRunEvent,
	signal: AbortSignal,
): Promise<MetWorker[]> {
	const met = await Promise.allSettled(
		members.map(async ({ name, url, token, weight }) => {
			const client = new WorkerClient({ name, url, token, connections: connectionsPerWorkerMax });
			try {
				const capabilities = await client.capabilities(signal);
				const { probes, icmp } = capabilities;
				onEvent({ type: 'worker-joined', worker: name, probes, icmp });
				return { client, capabilities, weight };
			} catch (error) {
				await client.close();
				if (!(error instanceof WorkerFailure)) throw error;
				onEvent({ type: 'worker-unreachable', worker: name, message: error.message });
				return undefined;
			}
		}),
	);
	const workers = met.flatMap((one) =>
		one.status === 'fulfilled' && one.value !== undefined ? [one.value] : [],
	);
	const failure = met.find((one) => one.status === 'rejected');
	if (failure !== undefined) {
		await Promise.all(workers.map(({ client }) => client.close()));
		throw failure.reason;
	}
	onEvent({ type: 'workers-met', met: workers.length, asked: members.length });
	return workers;
}
