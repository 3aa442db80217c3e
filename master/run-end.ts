/** What a master says and returns when its run has ended. */
import { escapeUnsafe, jsonText } from '../shared/display.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { MasterConfig } from './config.ts';
import type { RunLog } from './log/run-log.ts';
import type { RunOutcome } from './run.ts';
import { exitCodeOf } from './view/error.ts';
import { jsonSummary, summaryLines } from './view/summary.ts';

/**
 * Says how the run ended: the summary on standard output, what went wrong in the log.
 *
 * @throws a fault of ours that ended it
 */
export function reportEnd(outcome: RunOutcome, config: MasterConfig, log: RunLog): void {
	// Beside a log in JSON, which may end in the same file, the summary is JSON, too.
	if (config.json || (config.logFormat === 'json' && !config.quiet))
		process.stdout.write(`${jsonText(jsonSummary(outcome, config.db))}\n`);
	else if (!config.quiet)
		process.stdout.write(`${summaryLines(outcome, config.db).map(escapeUnsafe).join('\n')}\n`);
	const { error, state } = outcome;
	if (error instanceof PingpoolError) log.error(error);
	else if (error !== undefined) throw error;
	// Neither books that do not balance nor another list are gone on with.
	const isHopeless = error instanceof PingpoolError && ['internal', 'invalid-input'].includes(error.code);
	log.ended(outcome, config.db, state !== 'finished' && !isHopeless);
}

/** @param signalCode of the signal that interrupted it, if one did */
export function exitCodeOfRun(
	{ state, counts, error }: RunOutcome,
	config: MasterConfig,
	signalCode: number,
): number {
	if (state === 'interrupted') return signalCode;
	if (error instanceof PingpoolError) return exitCodeOf(error);
	if (state === 'failed' || counts.error > 0) return 1;
	return config.failOnDown && counts.down > 0 ? 3 : 0;
}
