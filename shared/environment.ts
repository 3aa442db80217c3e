/**
 * The names of all settings in the environment. A master and a worker may share one environment, so each knows
 * the other's names as well: what neither knows is a typing error, which would otherwise change nothing and say
 * nothing.
 */

import { quote } from './display.ts';
import { PingpoolError } from './errors.ts';
import { suggest } from './suggest.ts';

const prefix = 'PINGPOOL_';

const names: readonly string[] = [
	// a master's options
	'HOSTS',
	'EXCLUDE',
	'SKIP_INVALID',
	'DB',
	'DURABILITY',
	'FRESH',
	'WORKERS',
	'PROBE',
	'COUNT',
	'ATTEMPTS',
	'TIMEOUT',
	'INTERVAL',
	'REFUSED_IS_UP',
	'CHUNK',
	'CONCURRENCY',
	'WORKER_TIMEOUT',
	'JSON',
	'FAIL_ON_DOWN',
	'DASHBOARD',
	'DASHBOARD_TOKEN',
	'VIEW',
	'TLS_CA',
	'ALLOW_PLAIN_HTTP',
	// a worker's options
	'HOST',
	'TOKEN_FILE',
	'NO_AUTH',
	'ALLOW',
	'DENY',
	'ALLOW_FILE',
	'DENY_FILE',
	'OPT_OUT_FILE',
	'PORTS',
	'PREFIX_RATE',
	'PREFIX_RATE_FOR',
	'CALLER_RATE',
	'TLS_SELF_SIGNED',
	'TLS_CLIENT_CA',
	'ICMP',
	'CONTACT',
	'BATCH',
	'PROBES',
	'MAX_HOSTS_IN_FLIGHT',
	// both have them: the port to probe and the port to listen on, the fleet's rate and a worker's own, the
	// certificate of a client and of a server
	'PORT',
	'RATE',
	'TOKEN',
	'TLS_CERT',
	'TLS_KEY',
	'QUIET',
	'LOG_FORMAT',
	'LOG_LEVEL',
	// set by a master for its embedded worker
	'EMBEDDED',
].map((name) => prefix + name);

/**
 * Refuses variables of ours that mean nothing.
 *
 * @param environment names and values, of which only the names are looked at
 * @throws PingpoolError `usage` that names the first of them, and what was probably meant
 */
export function checkEnvironment(environment: Readonly<Record<string, unknown>>): void {
	const unknown = Object.keys(environment).find((name) => name.startsWith(prefix) && !names.includes(name));
	if (unknown === undefined) return;
	// Compared without what all of them have in common, which would make everything look close.
	const meant = suggest(
		unknown.slice(prefix.length),
		names.map((name) => name.slice(prefix.length)),
	);
	throw new PingpoolError('usage', `the environment has ${quote(unknown)}, which is no setting of pingpool`, {
		hint: meant === undefined ? 'pingpool --help names them all' : `did you mean ${prefix}${meant}?`,
	});
}
