/** Who can reach a worker: which address it takes, and what that asks for. */
import { lookup as systemLookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { escapeUnsafe } from '../shared/display.ts';
import { messageOf, PingpoolError } from '../shared/errors.ts';
import { parseIp } from '../shared/ip.ts';
import { isGloballyReachable, isLoopback } from '../shared/special-purpose.ts';

type Lookup = (name: string) => Promise<{ readonly address: string }>;

/**
 * What a worker listens on: what was asked for. Without a token that must be a loopback address, and of a name it
 * is what the name leads to that counts: it is looked up here, once, so that what was checked is what is taken.
 *
 * @throws PingpoolError `usage` for a name that leads elsewhere, `listen` for one that leads nowhere
 */
export async function hostToListenOn(
	{ host, noAuth }: { readonly host: string | undefined; readonly noAuth: boolean },
	lookup: Lookup = systemLookup,
): Promise<string | undefined> {
	if (!noAuth || host === undefined) return host;
	const address = parseIp(host) === undefined ? await addressOf(host, lookup) : host;
	const parsed = parseIp(address);
	if (parsed !== undefined && isLoopback(parsed)) return address;
	throw new PingpoolError(
		'usage',
		`--no-auth is for a worker that only this machine can reach, and ${escapeUnsafe(host)} is ${escapeUnsafe(address)} here`,
		{ hint: 'give --host 127.0.0.1, or leave --no-auth out' },
	);
}

async function addressOf(name: string, lookup: Lookup): Promise<string> {
	try {
		return (await lookup(name)).address;
	} catch (error) {
		throw new PingpoolError('listen', `${escapeUnsafe(name)} has no address: ${messageOf(error)}`, {
			cause: error,
			hint: 'give --host 127.0.0.1',
		});
	}
}

/**
 * What a user should know of a worker that listens.
 *
 * @param address as the server says it; `::` and `0.0.0.0` for every interface
 * @param isEncrypted whether it serves HTTPS
 * @param own addresses of this machine. Default: those of its interfaces
 */
export function exposureWarnings(
	address: string,
	isEncrypted: boolean,
	own: () => readonly string[] = interfaceAddresses,
): string[] {
	if (isEncrypted) return [];
	const reachable = address === '::' || address === '0.0.0.0' ? own() : [address];
	const open = reachable.find((text) => {
		const parsed = parseIp(text);
		return parsed !== undefined && isGloballyReachable(parsed);
	});
	if (open === undefined) return [];
	return [
		`${open} is a public address, where a token that comes over plain HTTP can be read on its way: add --tls-self-signed, or listen on a private address with --host`,
	];
}

function interfaceAddresses(): string[] {
	return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}
