/** Rows of the table `answers` as they are read. Anybody may have written them: whatever a column holds, it is taken for
 * what it can be. */
import { isAddress } from '../../shared/columns.ts';

/** The columns of an `AnswerRow`, for a statement that reads them. */
export const answerColumns =
	'id, host, outcome, checked_at, rtt_us, address, rtt_min_us, rtt_max_us, jitter_us';

/** Only the key is sure to be what it should be. */
export type AnswerRow = [id: number, ...unknown[]];

/** A text, of whatever there is; `null` for none. */
export function textOf(value: unknown): string | null {
	if (typeof value === 'string') return value;
	return value === null || value === undefined ? null : String(value);
}

/** Microseconds as milliseconds; `null` for what is no number. */
export function msOf(us: unknown): number | null {
	return typeof us === 'number' ? us / 1_000 : null;
}

/** The packed facts of an answer, for `unpackOutcome`: none for what is no number. */
export function packedOf(outcome: unknown): number {
	return typeof outcome === 'number' ? outcome : 0;
}

/** Which address was asked. A host that is one itself is not kept twice. */
export function addressOf(host: string, address: unknown): string | null {
	return textOf(address) ?? (isAddress(host) ? host : null);
}
