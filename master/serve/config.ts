/** The command line of `pingpool serve`, validated. */

import { checkEnvironment } from '../../shared/environment.ts';
import type { DashboardAddress } from '../dashboard/address.ts';
import { dashboardDefault, parseAddress } from '../dashboard/address.ts';
import { parseDashboardToken } from '../dashboard/token.ts';
import { fileOption, newCommand, parseArguments } from '../options.ts';

export interface ServeConfig {
	readonly db: string;
	readonly address: DashboardAddress;
	/** what it asks for; `undefined`: nothing on loopback, a token of its own elsewhere */
	readonly token: string | undefined;
}

const help = `
Examples:
  pingpool serve                                      the runs of hosts.db on http://127.0.0.1:8787
  pingpool serve --db lan.db --listen 9000            another database, on another port
  pingpool serve --listen 0.0.0.0:8787                open to other machines, with the token of the printed link

The database is only read; a run may be under way meanwhile, and is shown as far as it is. A port that is taken is moved
on from. Beyond this machine a token is needed: PINGPOOL_DASHBOARD_TOKEN, or one that each start makes and has in its
link. PINGPOOL_DB can stand for --db. Ctrl-C ends it.

Exit codes: 0 ended by Ctrl-C or SIGTERM; 1 the database can not be read; 2 wrong usage, or an address that can not be had.
`;

/**
 * @param argv arguments behind `pingpool serve`
 * @param version of pingpool, for --version
 * @throws ConfigExit after help, version or what is wrong was printed
 * @throws PingpoolError `usage` for variables that are no settings
 */
export function parseServeConfig(argv: readonly string[], version: string): ServeConfig {
	const command = newCommand({
		name: 'pingpool serve',
		description: 'Shows the runs of a database in a browser.',
		version,
	}).allowExcessArguments(false);
	command
		.addOption(fileOption('--db <file>', 'database').default('hosts.db'))
		.option(
			'--listen <address>',
			`port, or host:port (default: ${dashboardDefault.host}:${dashboardDefault.port})`,
			parseAddress,
		)
		.addHelpText('after', help);
	parseArguments(command, argv);
	checkEnvironment(process.env);
	const { db, listen = dashboardDefault } = command.opts<{ db: string; listen?: DashboardAddress }>();
	return { db, address: listen, token: parseDashboardToken(process.env.PINGPOOL_DASHBOARD_TOKEN) };
}
