/**
 * Names as this machine resolves them, thousands at a time.
 *
 * getaddrinfo alone would do the first, not the second: it has a handful of threads, and a hundred names whose
 * server is silent would keep every other name waiting. So the parts that are plain are done here: the hosts
 * file, `localhost`, and DNS with the search list. What is not plain on this machine (mDNS, LDAP and the like by
 * nsswitch.conf; everything on systems other than Linux) goes to getaddrinfo, a few at a time.
 */

import { hostname, networkInterfaces } from 'node:os';
import { noLongerNeeded } from '../../shared/abort.ts';
import type { Clock } from '../../shared/clock.ts';
import type { IpAddress } from '../../shared/ip.ts';
import { parseIp } from '../../shared/ip.ts';
import { dnsLookupsMax, dnsTimeoutMs } from '../../shared/limits.ts';
import { isLoopback } from '../../shared/special-purpose.ts';
import type { Resolution, Resolver } from '../resolver.ts';
import { Turnstile } from '../turnstile.ts';
import { overdue, within } from '../within.ts';
import type { LocalSources } from './address-choice.ts';
import { chooseAddress, sourcesOf } from './address-choice.ts';
import type { DnsAnswer } from './dns-answer.ts';
import { lookupDns } from './dns-lookup.node.ts';
import { parseHosts } from './hosts-file.ts';
import { InFlight } from './in-flight.ts';
import { needsSystemLookup, parseHostsServices, parseResolvConf } from './system-config.ts';
import { createSystemLookup } from './system-lookup.node.ts';
import { WatchedFile } from './watched-file.node.ts';

export interface SystemResolverOptions {
	readonly clock: Clock;
	/** for one name, from when it is asked for. Default: limits.ts */
	readonly timeoutMs?: number;
	readonly hostsPath?: string;
	readonly resolvConfPath?: string;
	readonly nsswitchPath?: string;
	/** DNS servers instead of those in resolv.conf, such as `127.0.0.1:5353` */
	readonly servers?: readonly string[];
	/** what this machine has for source addresses. Default: as its interfaces say */
	readonly sources?: () => LocalSources;
}

const sourcesMsMax = 1_000;

/** A lookup that found no descriptor left is tried again, for two seconds in all. */
const shortageRetriesMax = 20;
const shortageMs = 100;

/** @returns a resolver that reads the system's files as they change, and caches nothing */
export function createSystemResolver({
	clock,
	timeoutMs = dnsTimeoutMs,
	hostsPath = '/etc/hosts',
	resolvConfPath = '/etc/resolv.conf',
	nsswitchPath = '/etc/nsswitch.conf',
	servers,
	sources = createSourcesReader(clock),
}: SystemResolverOptions): Resolver {
	const ownName = hostname();
	const hosts = new WatchedFile({ path: hostsPath, parse: parseHosts, clock });
	const services = new WatchedFile({ path: nsswitchPath, parse: parseHostsServices, clock });
	const resolvConf = new WatchedFile({
		path: resolvConfPath,
		parse: (text) => parseResolvConf(text, ownName),
		clock,
	});
	const systemLookup = createSystemLookup(clock, timeoutMs);
	const turnstile = new Turnstile({ placesMax: dnsLookupsMax });
	const inFlight = new InFlight<DnsAnswer>();

	async function lookup(name: string, signal: AbortSignal, owner: object): Promise<DnsAnswer> {
		if (process.platform !== 'linux' || needsSystemLookup(name, services.value(), ownName)) {
			return systemLookup(name, signal, owner);
		}
		for (let shortages = 0; ; shortages += 1) {
			await turnstile.enter(signal, owner);
			const answer = await lookupInside(name, signal);
			const short = 'reason' in answer && answer.reason === 'no-descriptors';
			if (!short || shortages === shortageRetriesMax) return answer;
			// Others of our own give some back as they end.
			await clock.sleep(shortageMs, signal);
		}
	}

	/** The lookup of somebody who has a place; gives the place back. */
	async function lookupInside(name: string, signal: AbortSignal): Promise<DnsAnswer> {
		const ended = new AbortController();
		let short = false;
		try {
			const config = servers === undefined ? resolvConf.value() : { ...resolvConf.value(), servers };
			const asking = lookupDns(name, { config, timeoutMs, clock, signal: ended.signal });
			const answer = await within(asking, timeoutMs, clock, signal);
			if (answer === overdue) return { reason: 'dns-timeout' };
			short = 'reason' in answer && answer.reason === 'no-descriptors';
			return answer;
		} finally {
			ended.abort(noLongerNeeded);
			if (short) turnstile.leaveNarrowed();
			else turnstile.leave();
		}
	}

	/** What needs no asking: the hosts file, and `localhost` whatever that says (RFC 6761 section 6.3). */
	function knownHere(name: string): readonly IpAddress[] | undefined {
		const listed = hosts.value().get(name);
		if (name !== 'localhost' && !name.endsWith('.localhost')) return listed;
		const loopback = listed?.filter(isLoopback) ?? [];
		return loopback.length > 0 ? loopback : [parseIp('127.0.0.1')!];
	}

	async function resolve(name: string, signal: AbortSignal): Promise<Resolution> {
		signal.throwIfAborted();
		const known = knownHere(name.toLowerCase());
		const answer: DnsAnswer =
			known === undefined
				? await inFlight.join(name.toLowerCase(), signal, (own) => lookup(name.toLowerCase(), own, signal))
				: { addresses: known };
		if ('reason' in answer) return answer;
		const address = chooseAddress(answer.addresses, sources());
		return address === undefined ? { reason: 'dns-not-found' } : { address };
	}
	return { resolve };
}

/** Where nothing could be read so far. */
const unknownSources: LocalSources = {
	ipv4: true,
	globalIpv6: false,
	uniqueLocalIpv6: false,
	loopbackIpv6: false,
};

/** Reads the interfaces at most once a second: a batch asks ten thousand times. */
function createSourcesReader(clock: Clock): () => LocalSources {
	let sources = unknownSources;
	let readMs = Number.NEGATIVE_INFINITY;
	return () => {
		const nowMs = clock.monotonicMs();
		if (nowMs - readMs >= sourcesMsMax) {
			readMs = nowMs;
			sources = readSources() ?? sources;
		}
		return sources;
	};
}

/** @returns `undefined` when they can not be read: that takes a descriptor, of which none may be left */
function readSources(): LocalSources | undefined {
	try {
		const texts = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
		return sourcesOf(texts.flatMap(({ address }) => parseIp(address) ?? []));
	} catch {
		return undefined;
	}
}
