/** Where a dashboard listens, as users write it: `8787`, `0.0.0.0:8787`, `[::1]:8787`, `name`. */
import { InvalidArgumentError } from 'commander';
import { parseIp } from '../../shared/ip.ts';

export interface DashboardAddress {
	/** an address without brackets, or a name */
	readonly host: string;
	/** 0 for any that is free */
	readonly port: number;
	/** whether the user chose it: then it is an error that it can not be had */
	readonly isChosen: boolean;
}

/** Loopback alone; the port that users of Dask's dashboard know. */
export const dashboardDefault: DashboardAddress = { host: '127.0.0.1', port: 8787, isChosen: false };

/** @throws InvalidArgumentError */
export function parseAddress(text: string): DashboardAddress {
	const word = text.trim();
	const chosen = { ...dashboardDefault, isChosen: true };
	// The one form in which colons part nothing.
	if (parseIp(word)?.family === 6) return { ...chosen, host: word.toLowerCase() };
	const [, bracketed, plain, behind, alone] =
		/^(?:(?:\[([\d:a-f.]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?|:(\d{1,5}))$/i.exec(
			/^\d{1,5}$/.test(word) ? `:${word}` : word,
		) ?? [];
	const host = bracketed ?? plain ?? (alone === undefined ? undefined : chosen.host);
	const port = Number(behind ?? alone ?? chosen.port);
	const isGood = bracketed === undefined ? isHost(host ?? '') : parseIp(bracketed)?.family === 6;
	if (host !== undefined && isGood && port <= 65_535) return { ...chosen, host: host.toLowerCase(), port };
	throw new InvalidArgumentError('Expected a port or host:port, like 8787, 127.0.0.1:8787 or [::1]:8787.');
}

/** A strict IPv4 address or a name: resolvers would make some address of `127.1` and `0x7f000001`. */
function isHost(text: string): boolean {
	if (parseIp(text) !== undefined) return true;
	const isName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*$/i;
	return isName.test(text) && /^(?!\d+$|0x)[^.]+$/i.test(text.split('.').at(-1)!);
}

/**
 * The same where the environment may also say yes or no.
 *
 * @returns `true` for the default address, `false` for none
 * @throws InvalidArgumentError
 */
export function parseDashboardAddress(text: string): DashboardAddress | boolean {
	const word = text.trim().toLowerCase();
	if (['0', 'false', 'no', 'off'].includes(word)) return false;
	if (['', '1', 'true', 'yes', 'on'].includes(word)) return true;
	return parseAddress(word);
}

/** @param said what the options ended up with; `undefined` when nothing was said */
export function dashboardOf(said: DashboardAddress | boolean | undefined): DashboardAddress | undefined {
	if (said === false) return undefined;
	return said === undefined || said === true ? dashboardDefault : said;
}
