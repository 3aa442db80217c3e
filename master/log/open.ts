/** Opens the log of a run, and what shows how far it is, on standard error. */
import type { Clock } from '../../shared/clock.ts';
import type { LiveWorker } from '../../shared/dashboard-api.ts';
import { formatPlural } from '../../shared/format.ts';
import type { LineStream } from '../../shared/line-writer.ts';
import { LineWriter } from '../../shared/line-writer.ts';
import type { RunProgress } from '../run.ts';
import type { LogFormat, LogLevel } from '../view/names.ts';
import { logLevels } from '../view/names.ts';
import type { ProgressOutput } from '../view/progress.ts';
import { ProgressView } from '../view/progress.ts';
import { terminalTraits } from '../view/terminal.ts';
import { RunLog } from './run-log.ts';
import { createTextVoice } from './text-voice.ts';

/** How long who reads the log may take when the run has ended. */
const readMsMax = 1_000;

/** The part of process.stderr that is used. */
export interface LogStream extends LineStream {
	readonly isTTY?: boolean;
	readonly columns?: number | undefined;
	readonly rows?: number | undefined;
	on(event: 'drain' | 'error' | 'resize', listener: () => void): unknown;
	off(event: 'drain' | 'error' | 'resize', listener: () => void): unknown;
}

export interface OpenLogOptions {
	readonly stream: LogStream;
	readonly format: LogFormat;
	readonly level: LogLevel;
	readonly quiet: boolean;
	readonly environment: Readonly<Record<string, string | undefined>>;
	readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>;
	/** to be shown on a terminal; `undefined` for the progress of the run alone */
	readonly workers: (() => readonly LiveWorker[]) | undefined;
}

export interface OpenLog {
	readonly log: RunLog;
	/** how far the run is */
	readonly progress: { start(read: () => RunProgress): void; stop(): void };
	/** Waits a moment for who reads it. */
	close(): Promise<void>;
}

/** Opens it. What loads pino is loaded for JSON alone: a run starts sooner without it. */
export async function openLog(options: OpenLogOptions): Promise<OpenLog> {
	const { stream, format, clock } = options;
	const lines = new LineWriter({ stream, droppedLine: (dropped) => droppedLine(format, dropped, clock) });
	const { log, progress } = format === 'json' ? await openJson(options, lines) : openText(options, lines);
	return {
		log,
		progress,
		async close() {
			progress.stop();
			await lines.close(readMsMax);
		},
	};
}

async function openJson({ level, quiet, clock }: OpenLogOptions, lines: LineWriter) {
	const [{ createJsonVoice }, { JsonProgress }] = await Promise.all([
		import('./json-voice.ts'),
		import('./json-progress.ts'),
	]);
	const voice = createJsonVoice({ write: (line) => lines.write(line), clock });
	const log = new RunLog({ voice, level, quiet, showTokens: false });
	return { log, progress: new JsonProgress(log.entry, clock) };
}

function openText({ stream, level, quiet, environment, clock, workers }: OpenLogOptions, lines: LineWriter) {
	const terminal = terminalTraits(stream.isTTY === true, environment);
	const output: ProgressOutput = {
		write: (text) => lines.write(text),
		get columns() {
			return stream.columns;
		},
		get rows() {
			return stream.rows;
		},
		on: (event, listener) => stream.on(event, listener),
		off: (event, listener) => stream.off(event, listener),
	};
	// Lines of progress in a file are entries like others; on a terminal they pass.
	const isUnheard = quiet || (!terminal.isLive && logLevels.indexOf(level) < logLevels.indexOf('info'));
	const view = new ProgressView({ output, terminal, quiet: isUnheard, clock, workers });
	const voice = createTextVoice({ view, colour: terminal.hasColour });
	const showTokens = stream.isTTY === true;
	return { log: new RunLog({ voice, level, quiet, showTokens }), progress: view };
}

/** The line that says that lines are missing. */
function droppedLine(format: LogFormat, lines: number, clock: Pick<Clock, 'wallMs'>): string {
	const msg = `${formatPlural(lines, 'line')} of this log were dropped: nobody read them in time`;
	if (format === 'text') return `${msg}\n`;
	const time = new Date(clock.wallMs()).toISOString();
	return `${JSON.stringify({ level: 'warn', time, event: 'log-dropped', lines, msg })}\n`;
}
