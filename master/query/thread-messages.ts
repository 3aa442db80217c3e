/** What travels between whoever asks and the thread that reads the database. Questions are numbered, and answered in
 * whatever order they are done. */
import type { PackedError } from '../store/thread-messages.ts';
import type { ComparisonPart, ResultFilter } from './queries.ts';

export interface ThreadOptions {
	/** file of the database, which may come to be later */
	readonly path: string;
}

export type Question =
	| { readonly method: 'runs' }
	| { readonly method: 'run'; readonly id: number }
	| { readonly method: 'events'; readonly id: number }
	| { readonly method: 'results'; readonly id: number; readonly filter: ResultFilter }
	| { readonly method: 'history'; readonly host: string }
	| { readonly method: 'map'; readonly id: number; readonly prefix: string | undefined }
	| {
			readonly method: 'compare';
			readonly before: number;
			readonly after: number;
			readonly part: ComparisonPart;
	  };

export type ToThread =
	| { readonly type: 'ask'; readonly number: number; readonly question: Question }
	/** nobody waits for the answer any more */
	| { readonly type: 'drop'; readonly number: number }
	| { readonly type: 'close' };

export type FromThread =
	| { readonly type: 'answer'; readonly number: number; readonly value: unknown }
	| { readonly type: 'failed'; readonly number: number; readonly error: PackedError };
