/**
 * One try over one socket, from its opening to its end: whatever comes first of a verdict, an error, the
 * deadline or the caller's leaving decides, and the socket is gone when the promise settles.
 *
 * When the process was held up for longer than the timeout, the timer fires before the events that arrived in
 * the meantime are read. So a timer that fires gives the event loop one turn to deliver them: a host that
 * answered is never down because the worker was busy. And of a host that would have been asked something in that
 * time (a request follows the connect) the answer can not be there yet: it has as long again as the timer was late.
 */
import type { Socket } from 'node:net';
import { onAbort } from '../../shared/abort.ts';
import type { Clock } from '../../shared/clock.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import type { IpAddress } from '../../shared/ip.ts';
import type { Attempt } from './attempt.ts';
import { failed, forbidden, shortage, trouble } from './attempt.ts';
import type { ConnectionTable } from './connection-table.node.ts';
import { localRouteTo } from './local-route.node.ts';
import { meaningOf } from './socket-errors.ts';

/** Timers are late by a few milliseconds all the time; by more, the process was held up. */
const lateMsMin = 20;

export interface ExchangeOptions {
	readonly address: IpAddress;
	readonly timeoutMs: number;
	readonly clock: Clock;
	/** of this machine */
	readonly table: ConnectionTable;
	readonly signal: AbortSignal;
	/** opens the socket and listens on it; `settle` takes the verdict, `elapsedMs` says the time since the start,
	 * at most the timeout */
	readonly open: (settle: (attempt: Attempt) => void, elapsedMs: () => number) => Socket;
	/** what an error of the socket means to this probe; `undefined` leaves it to socket-errors.ts */
	readonly verdictOf?: (code: string | undefined, elapsedMs: number) => Attempt | undefined;
}

/** Rejects only with the signal's reason. */
export async function exchange(options: ExchangeOptions): Promise<Attempt> {
	const outcome = await openAndWait(options);
	if ('attempt' in outcome) return outcome.attempt;
	const own = options.verdictOf?.(outcome.code, outcome.elapsedMs);
	if (own !== undefined) return own;
	const { attempt, withoutRoute } = meaningOf(outcome.code, options.address.family);
	if (withoutRoute === undefined) return attempt;
	const route = await localRouteTo(options.address);
	if (route === 'broadcast' && outcome.code === 'ENETUNREACH') return forbidden('broadcast');
	if (route === 'unknown' && attempt.status === 'down') return shortage('no-descriptors');
	return route === 'none' || route === 'broadcast' ? withoutRoute : attempt;
}

type Outcome =
	| { readonly attempt: Attempt }
	| { readonly code: string | undefined; readonly elapsedMs: number };

function openAndWait({ timeoutMs, clock, table, signal, open }: ExchangeOptions): Promise<Outcome> {
	return new Promise((resolve, reject) => {
		if (signal.aborted) {
			reject(signal.reason);
			return;
		}
		const mayHaveBeenDropped = table.watch();
		const startMs = clock.monotonicMs();
		const elapsedMs = (): number => Math.min(clock.monotonicMs() - startMs, timeoutMs);
		const end = (): void => {
			clearTimeout(timer);
			clearImmediate(lastTurn);
			forget();
			socket.destroy();
		};
		const settle = (outcome: Outcome): void => {
			end();
			resolve(outcome);
		};
		let lastTurn: NodeJS.Immediate | undefined;
		const give = (ms: number, isLast: boolean): NodeJS.Timeout => {
			const dueMs = clock.monotonicMs() + ms;
			return setTimeout(() => {
				const lateMs = clock.monotonicMs() - dueMs;
				lastTurn = setImmediate(() => {
					if (lateMs >= lateMsMin && !isLast) {
						timer = give(Math.min(lateMs, timeoutMs), true);
						return;
					}
					const neverLeft = socket.connecting && mayHaveBeenDropped();
					settle({ attempt: neverLeft ? trouble('no-buffers') : failed('timeout') });
				});
			}, ms);
		};
		let timer = give(timeoutMs, false);
		const socket = open((attempt) => settle({ attempt }), elapsedMs);
		// Stays after the end: a destroyed socket may still have an error to tell.
		socket.on('error', (error) => settle({ code: systemErrorCode(error), elapsedMs: elapsedMs() }));
		const forget = onAbort(signal, () => {
			end();
			reject(signal.reason);
		});
	});
}
