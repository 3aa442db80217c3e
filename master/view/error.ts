/** What a program of the master says when it fails, and its exit code. */
import { escapeLines } from '../../shared/display.ts';
import type { PingpoolError } from '../../shared/errors.ts';

/** Says on standard error what went wrong, and how to mend it. */
export function printError({ message, hint }: PingpoolError): void {
	const lines = hint === undefined ? `pingpool: ${message}` : `pingpool: ${message}\n  ${hint}`;
	process.stderr.write(`${escapeLines(lines)}\n`);
}

/** 2 for what the user can set right on the command line or in a file of his, 1 for everything else. */
export function exitCodeOf({ code }: PingpoolError): number {
	return code === 'usage' || code === 'invalid-input' ? 2 : 1;
}
