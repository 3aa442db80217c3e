/** Where a dashboard listens, as users write it: `8787`, `0.0.0.0:8787`, `[::1]:8787`, `host`. */
import { InvalidArgumentError } from 'commander';

export interface DashboardAddress {
	readonly host: string;
	readonly port: number;
	/** whether the user chose it: then it is an error that it can not be had */
	readonly isChosen: boolean;
}

/** Loopback alone; the port that users of Dask's dashboard know. */
export const dashboardDefault: DashboardAddress = { host: '127.0.0.1', port: 8787, isChosen: false };

/** @throws InvalidArgumentError, and `false` for the words of the environment that mean no */
export function parseDashboardAddress(text: string): DashboardAddress | boolean {
	const word = text.trim().toLowerCase();
	if (['0', 'false', 'no', 'off'].includes(word)) return false;
	if (['', '1', 'true', 'yes', 'on'].includes(word)) return true;
	const match = /^(?:(\[[0-9a-f:.%]+\]|[^\s:[\]/]+)(?::([0-9]{1,5}))?|:?([0-9]{1,5}))$/i.exec(word);
	const portText = /^:?[0-9]+$/.test(word) ? word.replace(':', '') : match?.[2];
	const port = portText === undefined ? dashboardDefault.port : Number(portText);
	if (match === null || port > 65_535) {
		throw new InvalidArgumentError('Expected a port or host:port, like 8787 or 127.0.0.1:8787.');
	}
	const host = /^:?[0-9]+$/.test(word) ? dashboardDefault.host : match[1]!.replace(/^\[|\]$/g, '');
	return { host, port, isChosen: true };
}

/** @param said what the options ended up with; `undefined` when nothing was said */
export function dashboardOf(said: DashboardAddress | boolean | undefined): DashboardAddress | undefined {
	if (said === false) return undefined;
	return said === undefined || said === true ? dashboardDefault : said;
}
