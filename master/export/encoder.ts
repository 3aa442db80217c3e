/** What turns rows into what an export writes. */
import type { ExportRow } from './read-rows.ts';

/** Text or bytes; an empty text where there is nothing to write yet. */
export type Encoded = string | Uint8Array;

export interface RowEncoder {
	/** what comes before the first row */
	start(): Encoded;
	/** Some rows, in their order. May keep them until there are enough to be written together. */
	rows(page: readonly ExportRow[]): Encoded;
	/** what was kept, and what comes behind the last row */
	end(): Encoded;
}
