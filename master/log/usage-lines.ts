/** What is wrong with a command line, as a line of a log in JSON: there is no log yet. */
import type { Command } from 'commander';
import type { Clock } from '../../shared/clock.ts';
import { escapeLines } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { usageMessage } from '../../shared/usage-text.ts';
import { ConfigExit } from '../options.ts';
import { exitCodeOf } from '../view/error.ts';
import { errorEntry } from './entries.ts';

/**
 * @param parse reads the command line with `command`
 * @throws ConfigExit after what is wrong was written
 */
export function withUsageLines<Config>(
	command: Command,
	clock: Pick<Clock, 'wallMs'>,
	parse: () => Config,
): Config {
	command.configureOutput({
		outputError: (text, write) => {
			write(errorLine(new PingpoolError('usage', usageMessage(text, command.name())), clock));
		},
	});
	try {
		return parse();
	} catch (error) {
		if (!(error instanceof PingpoolError)) throw error;
		process.stderr.write(errorLine(error, clock));
		throw new ConfigExit(exitCodeOf(error));
	}
}

/** In the form of the log's other lines (json-voice.ts). */
function errorLine(error: PingpoolError, clock: Pick<Clock, 'wallMs'>): string {
	const { level, event, msg, fields = {} } = errorEntry(error);
	const time = new Date(clock.wallMs()).toISOString();
	const safe = Object.entries(fields).map(([name, value]) => [
		name,
		typeof value === 'string' ? escapeLines(value) : value,
	]);
	const line = { level, time, event, runId: null, ...Object.fromEntries(safe), msg: escapeLines(msg) };
	return `${JSON.stringify(line)}\n`;
}
