/** What a worker has to say beside requests, on stderr: a file that is wrong, or that it stops. */
import type { Clock } from '../shared/clock.ts';
import { escapeLines } from '../shared/display.ts';
import type { LogFormat, LogLevel } from './config.ts';
import { logLevels } from './config.ts';

export interface NoticeOptions {
	readonly logFormat: LogFormat;
	/** the least important level that is written */
	readonly logLevel: LogLevel;
}

/** Writes lines of it, with their line feeds: as people read them, or in the form of the log's other lines. */
export function noticeWriter(
	{ logFormat, logLevel }: NoticeOptions,
	clock: Pick<Clock, 'wallMs'>,
	write: (line: string) => void,
): (level: LogLevel, message: string) => void {
	return (level, message) => {
		if (logLevels.indexOf(level) > logLevels.indexOf(logLevel)) return;
		const msg = escapeLines(message);
		const time = new Date(clock.wallMs()).toISOString();
		write(logFormat === 'text' ? `pingpool: ${msg}\n` : `${JSON.stringify({ level, time, msg })}\n`);
	};
}
