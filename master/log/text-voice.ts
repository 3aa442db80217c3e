/** The log for people: lines above the progress, in colour where there is one. */
import type { LogLevel } from '../view/names.ts';
import type { ProgressView } from '../view/progress.ts';
import type { LogVoice } from './log-entry.ts';

/** Select Graphic Rendition (ECMA-48): red, yellow, as it is, faint. */
const colours: Readonly<Record<LogLevel, string | undefined>> = {
	error: '\x1b[31m',
	warn: '\x1b[33m',
	info: undefined,
	debug: '\x1b[2m',
};

export interface TextVoiceOptions {
	readonly view: Pick<ProgressView, 'message'>;
	/** whether its output shows colours */
	readonly colour: boolean;
}

export function createTextVoice({ view, colour }: TextVoiceOptions): LogVoice {
	return {
		say({ level, msg, text = msg }) {
			if (text === null) return;
			const start = colour ? colours[level] : undefined;
			view.message(text, start === undefined ? undefined : (line) => `${start}${line}\x1b[0m`);
		},
	};
}
