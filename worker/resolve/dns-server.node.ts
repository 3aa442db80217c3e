/**
 * One question for a name's addresses to one DNS server, both families side by side, through c-ares.
 *
 * Each question has a c-ares channel of its own (35 µs, measured). A shared one learns how fast its server
 * usually is and gives up on a slower answer after a second, where the system waits for five; it also sends
 * everything from one port, which makes forging answers easier.
 */
import { Resolver } from 'node:dns/promises';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { noLongerNeeded, onAbort } from '../../shared/abort.ts';
import type { Clock } from '../../shared/clock.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import type { IpAddress } from '../../shared/ip.ts';
import { parseIp } from '../../shared/ip.ts';
import type { Reason } from '../../shared/outcome.ts';
import type { DnsAnswer } from './dns-answer.ts';
import { addressesMax, combined } from './dns-answer.ts';

export interface DnsQuestion {
	readonly name: string;
	/** an address, with `:port` behind it where that is not 53 */
	readonly server: string;
	readonly timeoutMs: number;
	/** how long an answer of one family is kept for one of the other that may be preferred */
	readonly patienceMs: number;
	readonly clock: Clock;
	readonly signal: AbortSignal;
}

/** Never rejects; `dns-timeout` when aborted. */
export async function askServer(question: DnsQuestion): Promise<DnsAnswer> {
	const { name, server, timeoutMs, patienceMs, clock, signal } = question;
	if (signal.aborted) return { reason: 'dns-timeout' };
	// c-ares says ECONNREFUSED for any socket that it could not have, and only later, when others may be free.
	if (!hasDescriptor()) return { reason: 'no-descriptors' };
	const timeout = Math.max(1, Math.ceil(timeoutMs));
	// Unless it is told, c-ares waits for no answer longer than five seconds.
	const resolver = new Resolver({ timeout, maxTimeout: timeout, tries: 1 });
	try {
		resolver.setServers([server]);
	} catch {
		// A line of resolv.conf that c-ares can not read, such as an address with a zone of no interface.
		return { reason: 'dns-failed' };
	}
	const forget = onAbort(signal, () => resolver.cancel());
	const patience = new AbortController();
	try {
		const ipv4 = answerOf(resolver.resolve4(name));
		const ipv6 = answerOf(resolver.resolve6(name));
		const first = await Promise.race([ipv4, ipv6]);
		// Which one it was does not matter: a settled promise costs nothing to await again.
		const both = Promise.all([ipv4, ipv6]).then(([one, other]) => combined(one.answer, other.answer));
		if (first.noSuchName) return first.answer;
		if (!('addresses' in first.answer)) return await both;
		const early = clock.sleep(patienceMs, patience.signal).then(
			() => first.answer,
			() => first.answer,
		);
		return await Promise.race([both, early]);
	} finally {
		forget();
		patience.abort(noLongerNeeded);
		resolver.cancel();
	}
}

interface FamilyAnswer {
	readonly answer: DnsAnswer;
	/** NXDOMAIN: holds for the other family too */
	readonly noSuchName: boolean;
}

export async function answerOf(asked: Promise<string[]>): Promise<FamilyAnswer> {
	try {
		const addresses: IpAddress[] = [];
		for (const text of (await asked).slice(0, addressesMax)) {
			const address = parseIp(text);
			if (address !== undefined) addresses.push(address);
		}
		const answer = addresses.length > 0 ? { addresses } : { reason: 'dns-not-found' as const };
		return { answer, noSuchName: false };
	} catch (error) {
		const code = systemErrorCode(error);
		return { answer: { reason: reasonOf(code) }, noSuchName: code === 'ENOTFOUND' };
	}
}

/** @param code of c-ares (nodejs.org/api/dns.html, error codes) */
function reasonOf(code: string | undefined): Reason {
	if (code === 'ENOTFOUND' || code === 'ENODATA') return 'dns-not-found';
	if (code === 'ETIMEOUT' || code === 'ECANCELLED') return 'dns-timeout';
	if (code === 'ENOMEM') return 'no-buffers';
	return 'dns-failed';
}

function hasDescriptor(): boolean {
	try {
		closeSync(openSync(devNull, 'r'));
		return true;
	} catch {
		return false;
	}
}
