/**
 * The log for programs: pino's lines, an object each. Texts from outside are made safe as they are for a terminal, so
 * that whoever takes them out of the JSON again may show them.
 */
import { pino } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { escapeLines } from '../../shared/display.ts';
import type { LogVoice } from './log-entry.ts';

/** How deep the fields of an entry may be nested; ours are a list or a table of numbers at most. */
const depthMax = 4;

export interface JsonVoiceOptions {
	/** takes a line with its line feed */
	readonly write: (line: string) => void;
	readonly clock: Pick<Clock, 'wallMs'>;
}

export function createJsonVoice({ write, clock }: JsonVoiceOptions): LogVoice {
	const logger = pino(
		{
			base: null,
			// What is important enough is chosen before.
			level: 'debug',
			timestamp: () => `,"time":"${new Date(clock.wallMs()).toISOString()}"`,
			formatters: { level: (level) => ({ level }) },
		},
		{ write },
	);
	return {
		say({ level, event, msg, fields = {} }) {
			logger[level]({ event, ...(safe(fields) as object) }, escapeLines(msg));
		},
	};
}

/** The same value with safe texts, for JSON. */
function safe(value: unknown, depth = 0): unknown {
	if (typeof value === 'string') return escapeLines(value);
	if (typeof value !== 'object' || value === null) return value;
	if (depth >= depthMax) return '…';
	if (Array.isArray(value)) return value.map((each) => safe(each, depth + 1));
	const entries = value instanceof Map ? [...value] : Object.entries(value);
	return Object.fromEntries(
		entries.map(([name, each]) => [escapeLines(String(name)), safe(each, depth + 1)]),
	);
}
