/** What a worker has to say beside requests, on stderr: a file that is wrong, or that it stops. */
import type { Clock } from '../shared/clock.ts';
import { escapeLines } from '../shared/display.ts';
import type { LogFormat } from './config.ts';

/** A line of it, with its line feed: as people read it, or in the form of the log's other lines. */
export function noticeLine(format: LogFormat, message: string, clock: Clock): string {
	if (format === 'text') return `pingpool: ${escapeLines(message)}\n`;
	const time = new Date(clock.wallMs()).toISOString();
	return `${JSON.stringify({ level: 'warn', time, msg: escapeLines(message) })}\n`;
}
