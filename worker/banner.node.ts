/** What a worker says of itself when it starts, and the line for workers.txt. */
import { networkInterfaces } from 'node:os';
import { likelyAddress } from '../shared/likely-address.ts';
import type { Capabilities } from '../shared/protocol.ts';
import type { Credentials } from './credentials.node.ts';
import type { EchoUnavailable } from './icmp/open.node.ts';

export interface BannerOptions {
	readonly capabilities: Capabilities;
	readonly icmpUnavailable: EchoUnavailable | undefined;
	/** as the server says it; `::` and `0.0.0.0` for every interface */
	readonly address: string;
	readonly port: number;
	readonly credentials: Pick<Credentials, 'token' | 'tokenFile' | 'tls'>;
	/** whether the output is a terminal: only there a token is shown */
	readonly showToken: boolean;
}

const icmpWords = {
	datagram: 'datagram socket',
	raw: 'raw socket',
	command: 'ping command',
} as const;

/** For people. */
export function bannerLines(options: BannerOptions): string[] {
	const { capabilities, icmpUnavailable, credentials } = options;
	const { token, tls } = credentials;
	const { probes, icmp, ratePerSecondMax, hostsPerRequestMax } = capabilities;
	const lines = [headline(options)];
	lines.push(`  icmp  ${icmp === null ? 'not offered' : icmpWords[icmp]}`);
	if (icmpUnavailable !== undefined) {
		lines.push(`        ${icmpUnavailable.unavailable}`);
		lines.push(`        ${icmpUnavailable.hint}`);
	}
	for (const name of ['tcp', 'http'] as const) {
		lines.push(`  ${name.padEnd(4)}  ${probes.includes(name) ? 'yes' : 'not offered'}`);
	}
	const rate = ratePerSecondMax === 0 ? 'no ceiling' : `${count(ratePerSecondMax)} probes/s`;
	lines.push(`  rate  ${rate}, ${count(hostsPerRequestMax)} hosts per request`);
	if (tls !== undefined) {
		const asked = tls.asksForCertificate ? ', and masters show one of theirs' : '';
		lines.push(`  tls   certificate ${tls.fingerprint}${asked}`);
	}
	lines.push('Line for workers.txt:', `  ${urlFor(options)}${pinPart(options)}${tokenPart(options)}`);
	if (token === undefined) lines.push('Without a token, everybody on this machine may use it.');
	return lines;
}

/** For programs: the same as the fields of a line of the log. */
export function bannerFields(options: BannerOptions) {
	const { capabilities, icmpUnavailable, credentials } = options;
	const { version, probes, icmp, ratePerSecondMax, hostsPerRequestMax } = capabilities;
	const url = urlFor(options);
	return {
		version,
		url,
		probes,
		icmp,
		...(icmpUnavailable && { icmpUnavailable: icmpUnavailable.unavailable, hint: icmpUnavailable.hint }),
		ratePerSecondMax,
		hostsPerRequestMax,
		...(credentials.tls && { fingerprint: credentials.tls.fingerprint }),
		workersLine: `${url}${pinPart(options)}${tokenPart(options)}`,
		msg: headline(options),
	};
}

function headline({ capabilities: { version }, address, port, credentials }: BannerOptions): string {
	const where = isEverywhere(address)
		? `port ${port} of every interface`
		: urlOf(schemeOf(credentials), address, port);
	return `pingpool worker ${version} listens on ${where}`;
}

/** How a master reaches it, as far as this machine can know. */
function urlFor({ address, port, credentials }: BannerOptions): string {
	const reached = isEverywhere(address) ? likelyAddress(networkInterfaces()) : address;
	return urlOf(schemeOf(credentials), reached, port);
}

function isEverywhere(address: string): boolean {
	return address === '::' || address === '0.0.0.0';
}

function schemeOf({ tls }: BannerOptions['credentials']): string {
	return tls === undefined ? 'http' : 'https';
}

/** An authority vouches for a certificate that is not self-signed. */
function pinPart({ credentials: { tls } }: BannerOptions): string {
	return tls?.isSelfSigned ? ` pin=${tls.fingerprint}` : '';
}

function tokenPart({ credentials: { token, tokenFile }, showToken }: BannerOptions): string {
	if (token === undefined) return '';
	if (showToken) return ` token=${token}`;
	return tokenFile === undefined ? ' token=<the one in PINGPOOL_TOKEN>' : ` token-file=${tokenFile}`;
}

/** `10,000` */
function count(value: number): string {
	return value.toLocaleString('en-US');
}

function urlOf(scheme: string, address: string, port: number): string {
	return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
