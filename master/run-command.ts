/** What the commands around a run's database have in common: signals, errors, exit codes. */
import { PingpoolError } from '../shared/errors.ts';
import { ConfigExit } from './options.ts';
import type { Signals } from './signals.ts';
import { onSignals } from './signals.ts';
import { exitCodeOf, printError } from './view/error.ts';

/**
 * Does what a command is for, and prints what it fails in.
 *
 * @param work its command line included. Gives the exit code; fails in the signal's reason, ConfigExit or PingpoolError
 * @returns the exit code
 */
export async function runCommand(work: (signals: Signals) => Promise<number>): Promise<number> {
	const signals = onSignals();
	try {
		return await work(signals);
	} catch (error) {
		// An interruption explains whatever failed.
		if (signals.signal.aborted) return signals.exitCode();
		if (error instanceof ConfigExit) return error.exitCode;
		if (!(error instanceof PingpoolError)) throw error;
		printError(error);
		return exitCodeOf(error);
	} finally {
		signals.release();
	}
}
