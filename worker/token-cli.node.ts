/**
 * `pingpool token`: makes a worker's token, and replaces one without a moment in which nobody may use the worker.
 *
 * A file goes from one token to two (`--rotate`: the new one first, which masters are told, and the old one behind
 * it, which they still use), and back to one (`--retire`) when all of them know it. Workers follow their file.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CommanderError, Option } from 'commander';
import { escapeLines, escapeUnsafe } from '../shared/display.ts';
import { PingpoolError } from '../shared/errors.ts';
import { fromEnvironment, settings } from './config.ts';
import { newCommand } from './new-command.node.ts';
import {
	defaultTokenFile,
	makeTokenFile,
	newToken,
	readTokenFile,
	replaceTokens,
} from './token-file.node.ts';

const help = `
A token has 256 bits. In a file, it is for its owner alone to read.

Examples:
  pingpool token                          print a new one
  pingpool token --file worker.token      make a file with a new one, and print nothing of it
  pingpool token --rotate                 put a new one before the one that the worker of this user has
  pingpool token --retire                 take the old one out, when every master has the new one
  pingpool token --rotate --file worker.token

A worker reads its file again within two seconds. Both tokens are good between --rotate and --retire.

Exit codes: 0 done; 1 the file can not be read or written; 2 wrong usage, or a file that is not ready for it.
`;

interface Given {
	file?: string;
	rotate?: true;
	retire?: true;
}

/**
 * Runs the command.
 *
 * @param argv arguments behind `pingpool token`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
	try {
		const given = createCommand().parse(argv, { from: 'user' }).opts<Given>();
		process.stdout.write(`${run(given, process.env).map(escapeUnsafe).join('\n')}\n`);
		return 0;
	} catch (error) {
		if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
		if (!(error instanceof PingpoolError)) throw error;
		const hint = error.hint === undefined ? '' : `\n  ${error.hint}`;
		process.stderr.write(`pingpool: ${escapeLines(error.message + hint)}\n`);
		return error.code === 'usage' ? 2 : 1;
	}
}

function createCommand(): Command {
	return newCommand('pingpool token')
		.description("Makes a worker's token, or replaces it.")
		.addOption(
			new Option(
				'--file <path>',
				'file to make, or to change (with --rotate and --retire, by default the one of a worker of this user)',
			),
		)
		.addOption(new Option('--rotate', 'put a new token before the one in the file').conflicts('retire'))
		.addOption(new Option('--retire', 'take the old one of two tokens out of the file'))
		.addHelpText('after', help);
}

/** @returns what to say, in lines */
function run(
	{ file: named, rotate, retire }: Given,
	environment: Readonly<Record<string, string | undefined>>,
): string[] {
	if (named === undefined && rotate === undefined && retire === undefined) return [newToken()];
	const file = resolve(
		named ?? fromEnvironment(settings.tokenFile, environment) ?? defaultTokenFile(environment),
	);
	if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
		throw new PingpoolError('usage', `${file} is a folder; a file is expected`);
	}
	if (rotate) return rotateTokens(file);
	if (retire) return retireToken(file);
	if (makeTokenFile(file) === undefined) {
		throw new PingpoolError('usage', `${file} is there already`, { hint: '--rotate puts a new token in it' });
	}
	return [
		`${file} has a new token.`,
		`  worker:  pingpool worker --token-file ${file}`,
		`  masters: a copy of the file, and token-file=… in the worker's line of workers.txt`,
	];
}

function rotateTokens(file: string): string[] {
	const [current, old] = tokensIn(file);
	if (old !== undefined) {
		throw new PingpoolError(
			'usage',
			`${file} has two tokens already: another one would cut off who has the second`,
			{
				hint: 'when every master has the first one, end that rotation with --retire',
			},
		);
	}
	replaceTokens(file, [newToken(), current]);
	return [
		`${file} has a new token now, on its first line, and the old one on its second: both are good.`,
		'  A worker that runs reads them within two seconds.',
		'  Next, give the first line to every master (token-file=… or token=… in workers.txt, or PINGPOOL_TOKEN);',
		`  then take the old one out: pingpool token --retire --file ${file}`,
	];
}

function retireToken(file: string): string[] {
	const [current, old] = tokensIn(file);
	if (old === undefined) {
		throw new PingpoolError('usage', `${file} has one token, and no old one`, {
			hint: '--rotate begins to replace it',
		});
	}
	replaceTokens(file, [current]);
	return [`${file} has one token now. Who has the old one is refused within two seconds.`];
}

function tokensIn(file: string): readonly [string, string?] {
	const found = readTokenFile(file);
	if (found !== undefined) return found.tokens as readonly [string, string?];
	throw new PingpoolError('usage', `${file} does not exist`, {
		hint: '--file alone, without --rotate and --retire, makes a file; so does a worker at its first start',
	});
}
