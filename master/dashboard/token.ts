/** The token of a dashboard that others than this machine can reach. */
import { randomBytes } from 'node:crypto';
import { PingpoolError } from '../../shared/errors.ts';

export interface DashboardToken {
	readonly text: string;
	/** made by us for this start; otherwise the user gave it */
	readonly isOurs: boolean;
}

/** Fewer could be tried one by one. */
const charactersMin = 16;

/**
 * What `PINGPOOL_DASHBOARD_TOKEN` has: letters and digits that stand in a link as they are.
 *
 * @throws PingpoolError `usage`, without the token in it
 */
export function parseDashboardToken(text = ''): string | undefined {
	const token = text.trim();
	if (token === '') return undefined;
	if (/^[\w.~-]+$/.test(token) && token.length >= charactersMin) return token;
	throw new PingpoolError(
		'usage',
		`PINGPOOL_DASHBOARD_TOKEN is expected to have ${charactersMin} characters at least, of A-Z a-z 0-9 . _ ~ -`,
		{ hint: 'leave it out, and each start makes one of its own' },
	);
}

/** @returns `undefined` where none is needed: on loopback, unless the user gave one */
export function dashboardToken(given: string | undefined, isLocal: boolean): DashboardToken | undefined {
	if (given !== undefined) return { text: given, isOurs: false };
	return isLocal ? undefined : { text: randomBytes(32).toString('base64url'), isOurs: true };
}
