/**
 * How long it took until hosts were answered for that a trouble had taken from a worker.
 *
 * A chunk (a request) is lost by a trouble of its worker when it was under way at its beginning, or was sent during it,
 * and when hosts of it that had no answer then got one only from another request, or from the same worker after the
 * trouble. It is lost at the later of its sending and the trouble's beginning, and recovered when the master has the
 * answer for the last of those hosts. Hosts that do not answer are left out: the timeouts that they need are not what
 * the master takes.
 */
import type { SentRequest } from '../fleet/sent-requests.ts';
import { requestsByHost } from '../fleet/sent-requests.ts';
import type { Trouble, TroubleKind } from './trouble.ts';

export interface Answer {
	readonly host: string;
	readonly status: string;
	/** the worker's URL */
	readonly worker: string;
	/** time of day, in ms, when the master had it */
	readonly atMs: number;
}

export interface LostChunk {
	readonly kind: TroubleKind;
	readonly worker: string;
	/** hosts that it lost */
	readonly hosts: number;
	/** time of day, in ms */
	readonly lostMs: number;
	/** until the last of them was sent to another worker; `undefined` when none was */
	readonly againMs: number | undefined;
	/** until the last of them was answered for */
	readonly recoveryMs: number;
}

export function lostChunks(
	requests: readonly SentRequest[],
	answers: readonly Answer[],
	troubles: readonly Trouble[],
): LostChunk[] {
	const answerOf = new Map(answers.map((answer) => [answer.host, answer]));
	const requestsOf = requestsByHost(requests);
	return troubles.flatMap((trouble) =>
		requests
			.filter(({ worker, atMs }) => worker === trouble.worker && atMs < trouble.toMs)
			.flatMap((request): LostChunk[] => {
				const lostMs = Math.max(request.atMs, trouble.fromMs);
				const lost = request.hosts.flatMap((host) => {
					const answer = answerOf.get(host);
					if (answer?.status !== 'up' || answer.atMs <= lostMs) return [];
					const again = requestsOf
						.get(host)!
						.find((other) => other.atMs > lostMs && other.worker !== request.worker);
					if (again === undefined && answer.atMs < trouble.toMs) return [];
					return [{ answeredMs: answer.atMs - lostMs, againMs: again && again.atMs - lostMs }];
				});
				if (lost.length === 0) return [];
				const again = lost.flatMap(({ againMs }) => againMs ?? []);
				return [
					{
						kind: trouble.kind,
						worker: request.worker,
						hosts: lost.length,
						lostMs,
						againMs: again.length === 0 ? undefined : Math.max(...again),
						recoveryMs: Math.max(...lost.map(({ answeredMs }) => answeredMs)),
					},
				];
			}),
	);
}
