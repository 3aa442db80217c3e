/**
 * Everything that a master says while a run goes on passes through here: what is important enough is handed to a
 * voice, as text for people or as JSON for programs.
 */
import type { PingpoolError } from '../../shared/errors.ts';
import type { OnRunEvent, RunEvent } from '../events.ts';
import type { RunOutcome } from '../run.ts';
import type { LogLevel } from '../view/names.ts';
import { logLevels } from '../view/names.ts';
import { errorEntry, eventEntry, faultEntry, runEndEntry, withoutToken } from './entries.ts';
import type { LogEntry, LogVoice } from './log-entry.ts';

export interface RunLogOptions {
	readonly voice: LogVoice;
	/** the least important level that is said */
	readonly level: LogLevel;
	/** say errors only, and what is wrong although the run goes on */
	readonly quiet: boolean;
	/** whether nobody reads it but who sits at the terminal: only there a token is shown */
	readonly showTokens: boolean;
}

/** What quiet does not keep back, where something is wrong. */
const importantEvents: ReadonlySet<RunEvent['type']> = new Set([
	'worker-unreachable',
	'workers-met',
	'waiting-for-workers',
	'workers-file-problem',
]);

export class RunLog {
	readonly #voice: LogVoice;
	readonly #rank: number;
	readonly #quiet: boolean;
	readonly #showTokens: boolean;
	#runId: number | null = null;

	constructor({ voice, level, quiet, showTokens }: RunLogOptions) {
		this.#voice = voice;
		this.#rank = logLevels.indexOf(level);
		this.#quiet = quiet;
		this.#showTokens = showTokens;
	}

	/** Whether anybody hears what has this level, and is not important in another way. */
	hears(level: LogLevel): boolean {
		return !this.#quiet && this.#isLoud(level);
	}

	/** Takes what the run says. Bound: may be handed on as it is. */
	readonly event: OnRunEvent = (event) => {
		if (event.type === 'run-started' || event.type === 'run-continued') this.#runId = event.runId;
		const entry = eventEntry(this.#showTokens ? event : withoutToken(event));
		if (importantEvents.has(event.type) && entry.level !== 'info') this.#say(entry);
		else this.entry(entry);
	};

	/** Takes what else there is to say, and quiet keeps back. Bound. */
	readonly entry = (entry: LogEntry): void => {
		if (!this.#quiet) this.#say(entry);
	};

	/** Takes what ended the program. */
	error(error: PingpoolError): void {
		this.#say(errorEntry(error));
	}

	/** Takes what ended the program, and is a fault of ours. */
	fault(error: unknown): void {
		this.#say(faultEntry(error));
	}

	/**
	 * Takes what became of the run.
	 *
	 * @param db path of the database, as its user gave it
	 * @param resumable whether the same command goes on with it
	 */
	ended(outcome: RunOutcome, db: string, resumable: boolean): void {
		const entry = runEndEntry(outcome, db, resumable);
		// How to go on belongs to the error that was said.
		if (entry.level === 'error') this.#say(entry);
		else this.entry(entry);
	}

	#isLoud(level: LogLevel): boolean {
		return logLevels.indexOf(level) <= this.#rank;
	}

	#say(entry: LogEntry): void {
		if (!this.#isLoud(entry.level)) return;
		this.#voice.say({ ...entry, fields: { runId: this.#runId, ...entry.fields } });
	}
}
