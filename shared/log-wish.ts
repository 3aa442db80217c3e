/**
 * Whether somebody wants a log in JSON, found out before a command line is understood: what is wrong with it is said
 * in that form, too, as whoever reads the log reads nothing else.
 *
 * @param argv arguments behind the command; they win over the environment, and the last one over those before it
 */
export function wantsJsonLog(
	argv: readonly string[],
	environment: Readonly<Record<string, string | undefined>>,
): boolean {
	const option = '--log-format';
	let wanted = environment.PINGPOOL_LOG_FORMAT?.trim();
	for (const [place, argument] of argv.entries()) {
		if (argument === option) wanted = argv[place + 1];
		else if (argument.startsWith(`${option}=`)) wanted = argument.slice(option.length + 1);
	}
	return wanted === 'json';
}
