/** How every command of a worker treats its command line. */
import { Command } from 'commander';
import { usageText } from '../shared/usage-text.ts';
import { version } from './version.ts';

/**
 * A command without options: it knows --help and --version, takes no arguments, and throws a CommanderError instead of
 * ending the process, after it has printed what is to be printed.
 *
 * @param name as users write it, such as `pingpool worker`
 */
export function newCommand(name: string): Command {
	return new Command(name)
		.version(version, '-V, --version', 'print the version')
		.helpOption('-h, --help', 'print this')
		.allowExcessArguments(false)
		.exitOverride()
		.configureHelp({ sortOptions: false })
		.configureOutput({ outputError: (text, write) => write(usageText(text, name)) });
}
