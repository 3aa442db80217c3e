/** What all questions to one database share. */
import type { Database } from 'better-sqlite3';
import type { Clock } from '../../shared/clock.ts';
import type { PrefixMap } from '../../shared/dashboard-api.ts';
import { comparisonsMax, mapsMax, sortedWindowsMax } from '../../shared/limits.ts';
import { addBlockFunction } from './address-block.ts';
import type { Differences } from './compare/differences.ts';
import { HostPlaces } from './host-places.ts';
import { Memo } from './memo.ts';
import { ResultRows } from './result-rows.ts';
import type { SortedWindow } from './sorted-rows.ts';
import { Summaries } from './summaries.ts';
import { DatabaseWords } from './words.ts';

export interface QueryContext {
	readonly db: Database;
	readonly words: DatabaseWords;
	readonly summaries: Summaries;
	readonly rows: ResultRows;
	readonly places: HostPlaces;
	readonly sorted: Memo<SortedWindow>;
	readonly maps: Memo<PrefixMap>;
	readonly differences: Memo<Differences>;
}

/** @param db to read, of ours; a function of ours is added to it */
export function queryContext(db: Database, clock: Pick<Clock, 'monotonicMs'>): QueryContext {
	addBlockFunction(db);
	const words = new DatabaseWords(db);
	return {
		db,
		words,
		summaries: new Summaries(db, words),
		rows: new ResultRows(db, words),
		places: new HostPlaces(),
		sorted: new Memo({ clock, words, max: sortedWindowsMax }),
		maps: new Memo({ clock, words, max: mapsMax }),
		differences: new Memo({ clock, words, max: comparisonsMax, onForget: (found) => found.forget() }),
	};
}
