/** What a program of the master says when it fails, and its exit code. */
import { escapeLines } from '../../shared/display.ts';
import type { PingpoolError } from '../../shared/errors.ts';

/** What went wrong, and how to mend it. */
export function errorLines({ message, hint }: PingpoolError): string {
	return hint === undefined ? `pingpool: ${message}` : `pingpool: ${message}\n  ${hint}`;
}

/** Says it on standard error. */
export function printError(error: PingpoolError): void {
	process.stderr.write(`${escapeLines(errorLines(error))}\n`);
}

/** 2 for what the user can set right on the command line or in a file of his, 1 for everything else. */
export function exitCodeOf({ code }: PingpoolError): number {
	return code === 'usage' || code === 'invalid-input' ? 2 : 1;
}
