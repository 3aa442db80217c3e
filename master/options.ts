/** Options of the command lines of a master's programs. */
import { InvalidArgumentError, Option } from 'commander';

/** What both spellings of an option say: the flag, and its environment variable. */
export function option(flags: string, description: string): Option {
	const long = /--([a-z-]+)/.exec(flags)![1]!;
	return new Option(flags, description).env(`PINGPOOL_${long.replaceAll('-', '_').toUpperCase()}`);
}

/** Refuses what can be no file that was meant. @throws InvalidArgumentError */
export function parseFile(text: string): string {
	// commander takes whatever stands behind an option, the next option too.
	if (text.startsWith('--')) throw new InvalidArgumentError(`Expected a file; ./${text} would be one.`);
	if (text.trim() === '') throw new InvalidArgumentError('Expected a file.');
	return text;
}

/** An option that names a file. */
export function fileOption(flags: string, description: string): Option {
	return option(flags, description).argParser(parseFile);
}

/** What parsing a command line ended in, when not in something to do: help and version are no errors. */
export class ConfigExit extends Error {
	override readonly name = 'ConfigExit';
	readonly exitCode: number;
	constructor(exitCode: number) {
		super('');
		this.exitCode = exitCode;
	}
}
