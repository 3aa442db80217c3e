/** What a log says, one thing at a time, and who says it. */
import type { LogLevel } from '../view/names.ts';

export interface LogEntry {
	readonly level: LogLevel;
	/** what it is about, for programs: RunEvent.type, or one of the log's own */
	readonly event: string;
	/** for people */
	readonly msg: string;
	/** what people are shown in its place, in several lines maybe; `null` for nothing. Default: `msg` */
	readonly text?: string | null;
	/** for programs. Texts in it are as they came from outside */
	readonly fields?: Readonly<Record<string, unknown>>;
}

/** Says it in one form. */
export interface LogVoice {
	/** Never throws, and never waits. */
	say(entry: LogEntry): void;
}
