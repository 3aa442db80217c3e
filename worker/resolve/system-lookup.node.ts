/**
 * The system's own lookup (getaddrinfo), which alone knows every way of this machine to resolve a name.
 *
 * It runs in libuv's pool, four threads by default, and can not be stopped: a silent server holds a thread for
 * ten seconds and more. So only so many run at a time that two threads stay free, the others wait their turn,
 * and a place is given back when its thread is, not when its caller lost patience.
 */
import { lookup } from 'node:dns/promises';
import type { Clock } from '../../shared/clock.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import type { IpAddress } from '../../shared/ip.ts';
import { parseIp } from '../../shared/ip.ts';
import type { Reason } from '../../shared/outcome.ts';
import { Turnstile } from '../turnstile.ts';
import { overdue, within } from '../within.ts';
import type { DnsAnswer } from './dns-answer.ts';
import { addressesMax } from './dns-answer.ts';

export type SystemLookup = (name: string, signal: AbortSignal, owner: object) => Promise<DnsAnswer>;

/** @returns a lookup that rejects only with the signal's reason */
export function createSystemLookup(clock: Clock, timeoutMs: number): SystemLookup {
	const turnstile = new Turnstile({ placesMax: Math.max(1, poolThreads() - 2) });
	return async (name, signal, owner) => {
		await turnstile.enter(signal, owner);
		const asking = answerOf(name).finally(() => turnstile.leave());
		const answer = await within(asking, timeoutMs, clock, signal);
		return answer === overdue ? { reason: 'dns-timeout' } : answer;
	};
}

/** Threads of libuv's pool (docs.libuv.org, threadpool). */
function poolThreads(): number {
	const asked = Number(process.env.UV_THREADPOOL_SIZE);
	return Number.isInteger(asked) && asked > 0 ? Math.min(asked, 1_024) : 4;
}

async function answerOf(name: string): Promise<DnsAnswer> {
	try {
		const addresses: IpAddress[] = [];
		for (const { address: text } of (await lookup(name, { all: true, order: 'verbatim' })).slice(
			0,
			addressesMax,
		)) {
			const address = parseIp(text);
			if (address !== undefined) addresses.push(address);
		}
		return addresses.length > 0 ? { addresses } : { reason: 'dns-not-found' };
	} catch (error) {
		return { reason: reasonOf(systemErrorCode(error)) };
	}
}

function reasonOf(code: string | undefined): Reason {
	if (code === 'ENOTFOUND') return 'dns-not-found';
	if (code === 'EMFILE' || code === 'ENFILE') return 'no-descriptors';
	if (code === 'ENOMEM' || code === 'EAI_MEMORY') return 'no-buffers';
	return 'dns-failed';
}
