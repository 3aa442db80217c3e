/** What a worker finds out about the hosts of a request, and when. */
import type { Reason, Status } from '../../../shared/outcome.ts';
import { reasonCode, statusCode } from '../../../shared/outcome.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import type { Exchange } from './exchange.ts';
import type { World } from './world.ts';

export interface Answers {
	/** of all hosts, in the order of the request */
	readonly block: ResultBlock;
	/** rows in the order in which they are known */
	readonly order: readonly number[];
	/** when each row is known */
	readonly endsMs: Float64Array;
	/** when the last host has had its first probe, and when the last one is known */
	readonly lastSentMs: number;
	readonly lastMs: number;
	/** when a host kills the worker */
	readonly poisonedAtMs: number | undefined;
}

interface Outcome {
	readonly status: Status;
	readonly reason: Reason | '';
	readonly sent: number;
	readonly received: number;
	readonly tookMs: number;
}

/**
 * @param startMs when the first probe leaves
 * @param stepMs between two of them
 */
export function answersOf(
	world: World,
	{ worker, positions }: Exchange,
	{ startMs, stepMs }: { startMs: number; stepMs: number },
): Answers {
	const { random, time, truths } = world;
	const { length } = positions;
	const [index, status, reason] = [new Uint16Array(length), new Uint8Array(length), new Uint8Array(length)];
	const [sent, received] = [new Uint8Array(length), new Uint8Array(length)];
	const [rttMs, endsMs] = [new Float64Array(length), new Float64Array(length)];
	const isTroubled = worker.troubledUntilMs > time.nowMs;
	const troubleShare = isTroubled ? 0.2 + 0.8 * random.next() : 0;
	let poisonedAtMs: number | undefined;
	let lastMs = startMs;
	for (let row = 0; row < length; row += 1) {
		const position = positions[row]!;
		const leftMs = startMs + (row + 1) * stepMs;
		if (truths.of(position) === 'poisonous') poisonedAtMs ??= leftMs + 1;
		const outcome =
			isTroubled && random.next() < troubleShare
				? trouble('no-buffers')
				: outcomeOf(world, worker.index, position);
		index[row] = row;
		status[row] = statusCode(outcome.status);
		reason[row] = reasonCode(outcome.reason);
		sent[row] = outcome.sent;
		received[row] = outcome.received;
		rttMs[row] = outcome.received > 0 ? truths.rttMsOf(position) : Number.NaN;
		endsMs[row] = leftMs + outcome.tookMs;
		lastMs = Math.max(lastMs, endsMs[row]!);
	}
	const order = Array.from(index).sort((one, other) => endsMs[one]! - endsMs[other]! || one - other);
	const block = { length, index, status, reason, address: undefined, sent, received, rttMs, rtt: undefined };
	return { block, order, endsMs, lastSentMs: startMs + length * stepMs, lastMs, poisonedAtMs };
}

function outcomeOf({ truths, swarm }: World, worker: number, position: number): Outcome {
	const { count, attempts, timeoutMs, intervalMs } = swarm.settings;
	const truth = truths.of(position);
	const untilLastMs = (count - 1) * intervalMs;
	if (truth === 'denied') return { status: 'denied', reason: 'deny-list', sent: 0, received: 0, tookMs: 0 };
	if (truths.isBlind(position, worker)) return trouble('no-route');
	if (truth === 'unresolved') {
		return { status: 'unresolved', reason: 'dns-not-found', sent: 0, received: 0, tookMs: 5 };
	}
	if (truth === 'down') {
		const sent = count > 1 ? count : attempts;
		const tookMs = count > 1 ? untilLastMs + timeoutMs : attempts * timeoutMs;
		return { status: 'down', reason: 'timeout', sent, received: 0, tookMs };
	}
	// Nobody lives to hear of it.
	const deadMs = truth === 'poisonous' ? 60_000 : 0;
	const tookMs = untilLastMs + truths.rttMsOf(position) + deadMs;
	return { status: 'up', reason: '', sent: count, received: count, tookMs };
}

function trouble(reason: Reason): Outcome {
	return { status: 'error', reason, sent: 0, received: 0, tookMs: 0 };
}
