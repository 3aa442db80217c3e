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

export function bannerLines(options: BannerOptions): string[] {
	const { capabilities, icmpUnavailable, address, port, credentials } = options;
	const { token, tls } = credentials;
	const scheme = tls === undefined ? 'http' : 'https';
	const { version, probes, icmp, ratePerSecondMax, hostsPerRequestMax } = capabilities;
	const everywhere = address === '::' || address === '0.0.0.0';
	const url = urlOf(scheme, everywhere ? likelyAddress(networkInterfaces()) : address, port);
	const where = everywhere ? `port ${port} of every interface` : urlOf(scheme, address, port);
	const lines = [`pingpool worker ${version} listens on ${where}`];
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
	// An authority vouches for any other certificate.
	const pin = tls?.isSelfSigned ? ` pin=${tls.fingerprint}` : '';
	lines.push('Line for workers.txt:', `  ${url}${pin}${tokenPart(options)}`);
	if (token === undefined) lines.push('Without a token, everybody on this machine may use it.');
	return lines;
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
