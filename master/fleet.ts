/** The workers of a run: met at its start, and those that could not be reached then, to be asked again. */
import type { Clock } from '../shared/clock.ts';
import { connectionsPerWorkerMax } from '../shared/limits.ts';
import type { Capabilities } from '../shared/protocol.ts';
import { WorkerFailure } from './dispatch/worker-link.ts';
import type { OnRunEvent } from './events.ts';
import type { WorkerTransport } from './transport/worker-transport.ts';
import { WorkerClient } from './worker-client.ts';

export interface FleetMember {
	/** how messages and the database name it */
	readonly name: string;
	readonly url: string;
	readonly token: string | undefined;
	readonly weight: number;
	/** Default: that of WorkerClient */
	readonly transport?: WorkerTransport;
}

export interface FleetWorker {
	readonly link: WorkerClient;
	readonly weight: number;
	/** what it can do, or why that is not known */
	readonly met: Capabilities | WorkerFailure;
}

export interface MeetOptions {
	readonly onEvent: OnRunEvent;
	/** how long to wait for a first one, where none can be reached */
	readonly waitMsMax: number;
	/** how long each may take to answer. Default: that of WorkerClient */
	readonly answerMsMax?: number | undefined;
	readonly clock: Clock;
	readonly signal: AbortSignal;
}

/** Between two rounds, while there is none. */
const roundMs = 500;

export function workerClient({ name, url, token, transport }: FleetMember): WorkerClient {
	const connections = connectionsPerWorkerMax;
	return new WorkerClient({ name, url, token, connections, ...(transport && { transport }) });
}

/**
 * Asks every worker what it can do, all at a time; when none can be reached, again until one can.
 *
 * @returns those that answered and those that may do so later, in the order given; none when none answered.
 *   Those that are no use (not a worker, another version, a token that is not accepted) are left out. Events name
 *   whoever did not answer, with the reason
 * @throws the signal's reason; all connections are closed then
 */
export async function meetWorkers(
	members: readonly FleetMember[],
	{ onEvent, waitMsMax, answerMsMax, clock, signal }: MeetOptions,
): Promise<FleetWorker[]> {
	const links = members.map((member) => ({ link: workerClient(member), weight: member.weight }));
	const close = (): Promise<unknown> => Promise.all(links.map(({ link }) => link.close()));
	const untilMs = clock.monotonicMs() + waitMsMax;
	const said = new Set<string>();
	try {
		for (let round = 0; ; round += 1) {
			const workers = await Promise.all(
				links.map(async ({ link, weight }) => ({ link, weight, met: await meet(link, signal, answerMsMax) })),
			);
			for (const { link, met } of workers) {
				if (!(met instanceof WorkerFailure) || said.has(`${link.name} ${met.message}`)) continue;
				said.add(`${link.name} ${met.message}`);
				onEvent({ type: 'worker-unreachable', worker: link.name, message: met.message });
			}
			const known = workers.filter(({ met }) => !(met instanceof WorkerFailure));
			const later = workers.filter(({ met }) => met instanceof WorkerFailure && mayComeLater(met));
			const leftMs = untilMs - clock.monotonicMs();
			if (known.length === 0 && later.length > 0 && leftMs > 0) {
				if (round === 0) onEvent({ type: 'waiting-for-workers', forMs: waitMsMax });
				await clock.sleep(Math.min(roundMs, leftMs), signal);
				continue;
			}
			for (const { link, met } of known) {
				const { probes, icmp } = met as Capabilities;
				onEvent({ type: 'worker-joined', worker: link.name, probes, icmp });
			}
			onEvent({ type: 'workers-met', met: known.length, asked: members.length });
			const used =
				known.length === 0 ? [] : workers.filter((one) => known.includes(one) || later.includes(one));
			const kept = new Set(used.map(({ link }) => link));
			await Promise.all(links.map(({ link }) => (kept.has(link) ? undefined : link.close())));
			return used;
		}
	} catch (error) {
		await close();
		throw error;
	}
}

async function meet(
	link: WorkerClient,
	signal: AbortSignal,
	answerMsMax: number | undefined,
): Promise<Capabilities | WorkerFailure> {
	try {
		return await link.capabilities(signal, answerMsMax);
	} catch (error) {
		if (error instanceof WorkerFailure) return error;
		throw error;
	}
}

/** Whether a worker that could not be used may be of use later without anybody doing something about it. */
function mayComeLater({ kind }: WorkerFailure): boolean {
	return kind !== 'refused' && kind !== 'invalid';
}
