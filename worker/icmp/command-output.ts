/**
 * What the ping commands of iputils, busybox, macOS and Windows say about one echo request. The texts of the
 * first three are read in English (they run with LC_ALL=C); Windows follows the user's language whatever the
 * environment says, so there only what no language changes is relied on for `up`.
 */
import type { IpAddress } from '../../shared/ip.ts';
import { formatIp, parseIp } from '../../shared/ip.ts';
import type { Reason } from '../../shared/outcome.ts';

export type PingPlatform = 'unix' | 'windows';

export type PingVerdict =
	| { readonly status: 'up'; readonly rttMs: number; readonly reason?: undefined }
	| { readonly status: 'down'; readonly reason: Reason }
	/** nothing left this machine */
	| { readonly status: 'error' | 'denied'; readonly reason: Reason };

type Phrase = readonly [RegExp, Reason];

/** This machine's own trouble, of which the host knows nothing. */
const errorPhrases: readonly Phrase[] = [
	[
		/socket: (operation not permitted|permission denied)|are you root|lacking privilege|socktype/i,
		'no-permission',
	],
	[/(sendmsg|sendto): operation not permitted/i, 'blocked-locally'],
	[/no buffer space/i, 'no-buffers'],
	[
		/(network is unreachable|no route to host|invalid argument|address family not supported|cannot assign requested address|can't assign requested address|name or service not known|unknown host|general failure|transmit failed)/i,
		'no-route',
	],
];

/** What a router, or the host itself, said. */
const downPhrases: readonly Phrase[] = [
	[
		/(net|network|destination net) (unreachable|unknown)|unreachable: no route|beyond scope/i,
		'net-unreachable',
	],
	[/prohibited|packet filtered|ingress\/egress|reject route/i, 'admin-prohibited'],
	[/port unreachable/i, 'port-unreachable'],
	[/protocol unreachable/i, 'protocol-unreachable'],
	[/host (unreachable|unknown)|address unreachable/i, 'host-unreachable'],
	[/time to live exceeded|ttl expired|hop limit|time exceeded/i, 'ttl-exceeded'],
];

/**
 * @param text what the command wrote to its output and to its error output
 * @param address the address that was asked
 */
export function parsePingOutput(platform: PingPlatform, text: string, address: IpAddress): PingVerdict {
	for (const line of text.split(/\r?\n/)) {
		const rttMs = platform === 'unix' ? unixReply(line, address) : windowsReply(line, address);
		if (rttMs !== undefined) return { status: 'up', rttMs };
	}
	if (/broadcast/i.test(text)) return { status: 'denied', reason: 'broadcast' };
	// What a router reported first: iputils repeats it in other words for its own errors.
	for (const line of text.split(/\r?\n/)) {
		if (!/^(from|reply from|\d+ bytes from) /i.test(line)) continue;
		for (const [pattern, reason] of downPhrases) if (pattern.test(line)) return { status: 'down', reason };
	}
	for (const [pattern, reason] of errorPhrases) if (pattern.test(text)) return { status: 'error', reason };
	// Without its closing statistics it was ended before it could say that anything left.
	return hasSent(platform, text)
		? { status: 'down', reason: 'timeout' }
		: { status: 'error', reason: 'internal' };
}

/** `1 packets transmitted, 0 received`; on Windows `Sent = 1, Received = 0` in any language. */
function hasSent(platform: PingPlatform, text: string): boolean {
	return platform === 'unix' ? /\b1 packets? transmitted/.test(text) : /=\s*1\b[^=\n]*=\s*0\b/.test(text);
}

/** `64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.045 ms`; busybox says `seq=0`. */
function unixReply(line: string, address: IpAddress): number | undefined {
	const reply =
		/^\d+ bytes from (\S+?)[:,]? (?:icmp_)?seq=\d+ (?:ttl|hlim)=\d+ time[=<](\d{1,9}(?:\.\d{1,9})?) ms(.*)$/s.exec(
			line,
		);
	// Whatever follows the time is a complaint: DIFFERENT ADDRESS, truncated, BAD CHECKSUM; a duplicate is none.
	if (reply === null || !['', '(DUP!)'].includes(reply[3]!.trim())) return undefined;
	return isSame(reply[1]!, address) ? Number(reply[2]) : undefined;
}

/** `Antwort von 10.0.0.1: Bytes=32 Zeit<1ms TTL=64`; over IPv6 without bytes and TTL. */
function windowsReply(line: string, address: IpAddress): number | undefined {
	const time = /[=<]\s*(\d{1,9})\s?ms/i.exec(line);
	if (time === null || (address.family === 4 && !/\bTTL=\d+/i.test(line))) return undefined;
	const from = line.split(/\s+/).find((word) => isSame(word.replace(/:$/, ''), address));
	return from === undefined ? undefined : Number(time[1]);
}

function isSame(text: string, address: IpAddress): boolean {
	const parsed = parseIp(text.replace(/%.*$/, ''));
	return parsed !== undefined && formatIp(parsed) === formatIp(address);
}
