/**
 * A name's addresses by DNS alone.
 *
 * The first server is asked; when it has not answered after a while the next one is asked beside it (the same
 * one again when there is no other), because a packet may be lost and an answer may be slow, and only time
 * tells which. The first conclusive answer wins. A server that says it can not help makes room for the next at
 * once. The search list is walked as resolv.conf says.
 */
import { noLongerNeeded, onAbort } from '../../shared/abort.ts';
import type { Clock } from '../../shared/clock.ts';
import type { DnsAnswer } from './dns-answer.ts';
import { isConclusive } from './dns-answer.ts';
import { askServer } from './dns-server.node.ts';
import type { ResolvConf } from './system-config.ts';
import { namesToAsk } from './system-config.ts';

export interface DnsLookupOptions {
	readonly config: ResolvConf;
	/** for the whole name */
	readonly timeoutMs: number;
	readonly clock: Clock;
	/** ends the lookup: it then comes to whatever is known */
	readonly signal: AbortSignal;
}

/** Shares of the timeout: a lost packet is noticed after the first, a family that lags is waited for at most the
 * second. */
const retryShare = 0.3;
const patienceShare = 0.1;

/** Never rejects. */
export async function lookupDns(name: string, options: DnsLookupOptions): Promise<DnsAnswer> {
	let outcome: DnsAnswer = { reason: 'dns-not-found' };
	for (const full of namesToAsk(name, options.config)) {
		const answer = await askServers(full, options);
		if ('addresses' in answer) return answer;
		// What could not be asked might have existed; a later name may still be found.
		if (answer.reason !== 'dns-not-found') outcome = answer;
		if (answer.reason === 'dns-timeout' || options.signal.aborted) break;
	}
	return outcome;
}

async function askServers(name: string, options: DnsLookupOptions): Promise<DnsAnswer> {
	const done = new AbortController();
	const forget = onAbort(options.signal, () => done.abort(noLongerNeeded));
	try {
		return await firstConclusive(name, options, done.signal);
	} finally {
		forget();
		done.abort(noLongerNeeded);
	}
}

function firstConclusive(
	name: string,
	{ config: { servers }, timeoutMs, clock }: DnsLookupOptions,
	signal: AbortSignal,
): Promise<DnsAnswer> {
	const questionsMax = Math.max(2, servers.length);
	return new Promise((resolve) => {
		let asked = 0;
		let open = 0;
		const ask = (): void => {
			if (asked === questionsMax || signal.aborted) return;
			const server = servers[asked % servers.length]!;
			asked += 1;
			open += 1;
			const patienceMs = timeoutMs * patienceShare;
			askServer({ name, server, timeoutMs, patienceMs, clock, signal }).then((answer) => {
				open -= 1;
				if (isConclusive(answer) || signal.aborted) resolve(answer);
				else if (asked < servers.length) ask();
				else if (open === 0) resolve(answer);
			});
			clock.sleep(timeoutMs * retryShare, signal).then(ask, () => undefined);
		};
		ask();
	});
}
