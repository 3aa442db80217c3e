/** Options of the command lines of a master's programs. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { quote } from '../shared/display.ts';
import { PingpoolError } from '../shared/errors.ts';
import { usageText } from '../shared/usage-text.ts';

export interface CommandFacts {
	readonly name: string;
	readonly description: string;
	/** of pingpool */
	readonly version: string;
}

/** A command without options but those that all have. */
export function newCommand({ name, description, version }: CommandFacts): Command {
	return new Command(name)
		.description(description)
		.version(version, '-V, --version', 'print the version')
		.helpOption('-h, --help', 'print this')
		.exitOverride()
		.configureHelp({ sortOptions: false })
		.configureOutput({ outputError: (text, write) => write(usageText(text, name)) });
}

/**
 * @param argv arguments behind the command's name
 * @throws ConfigExit after help, version or what is wrong was printed
 */
export function parseArguments(command: Command, argv: readonly string[]): void {
	try {
		command.parse(argv, { from: 'user' });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		throw new ConfigExit(error.exitCode === 0 ? 0 : 2);
	}
}

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

/** The number of a run, from 1. @throws InvalidArgumentError */
export function parseRun(text: string): number {
	if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
	throw new InvalidArgumentError('Expected the number of a run.');
}

/** Where to write to: `undefined` for standard output, which is `-`. */
export function outputPath(given: string | undefined): string | undefined {
	return given === '-' ? undefined : given;
}

/** A parser for an option that is given several times, or with commas: some of the words that are known. */
export function someOf<Word extends string>(
	known: readonly Word[],
): (text: string, previous: readonly Word[] | undefined) => Word[] {
	return (text, previous = []) => {
		const words = text.split(',').map((word) => known.find((one) => one === word.trim()));
		if (words.includes(undefined)) throw new InvalidArgumentError(`Expected some of ${known.join(', ')}.`);
		return [...previous, ...(words as Word[])];
	};
}

/** An option that names a file. */
export function fileOption(flags: string, description: string): Option {
	return option(flags, description).argParser(parseFile);
}

/** Flags that the environment decides. To commander, a variable that is there at all means yes.
 * @throws PingpoolError `usage` for what is neither yes nor no */
export function environmentFlags(command: Command): Record<string, boolean> {
	const flags: Record<string, boolean> = {};
	for (const each of command.options) {
		const name = each.attributeName();
		if (!each.isBoolean() || command.getOptionValueSource(name) !== 'env') continue;
		const text = process.env[each.envVar!]!.trim().toLowerCase();
		if (['1', 'true', 'yes', 'on'].includes(text)) flags[name] = true;
		else if (['', '0', 'false', 'no', 'off'].includes(text)) flags[name] = false;
		else throw new PingpoolError('usage', `${each.envVar} is ${quote(text)}; 1 or 0 is expected`);
	}
	return flags;
}

/** What the user wrote to set an option, `--port` or `PINGPOOL_PORT`; `undefined` when it was not set. */
export function spelling(command: Command, name: string): string | undefined {
	const each = command.options.find((candidate) => candidate.attributeName() === name)!;
	switch (command.getOptionValueSource(name)) {
		case 'cli':
			return each.long!;
		case 'env':
			return each.envVar!;
		default:
			return undefined;
	}
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
