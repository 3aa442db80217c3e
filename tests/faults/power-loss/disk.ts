/**
 * A disk that may lose what was not synced. It follows the operations of a trace and can be asked at any point
 * what would be there if the power went now: everything that was synced, and of the rest whatever somebody
 * decides for each operation by itself: kept, lost, or (a write) torn into sectors of which any may be kept.
 *
 * This is more than a real disk does, and on purpose (the model of "All File Systems Are Not Created Equal",
 * OSDI 2014): operations are kept in any combination, names apart from contents, and space that was never
 * written may hold anything. What SQLite relies on besides is kept: a write does not damage bytes beside it
 * (its "powersafe overwrite"), and a name is changed whole or not at all.
 */
import type { Random } from '../../../shared/random.ts';
import type { OfFile } from './content.ts';
import { Content } from './content.ts';
import type { Operation } from './trace.ts';

export type Fate = 'kept' | 'lost' | 'torn';

/** What becomes of an operation that was not synced: the `place`th of `count`, the oldest being 0. */
export type Decide = (place: number, count: number) => Fate;

export interface ImageOptions {
	readonly decide: Decide;
	/** for sectors, and for what stands where nothing was written */
	readonly random: Random;
	/** what a file has where it grew and nothing was kept */
	readonly holes: 'zeros' | 'garbage';
}

type Change = Extract<Operation, { type: 'create' | 'write' | 'truncate' | 'unlink' }>;
type OfName = Extract<Change, { type: 'create' | 'unlink' }>;

/** Contents by name. */
export type Image = ReadonlyMap<string, Buffer>;

export class Disk {
	/** what is on the disk for sure */
	readonly #contents = new Map<number, Content>();
	readonly #names = new Map<string, number>();
	/** what may be, in the order in which it happened */
	#unsynced: Change[] = [];

	get unsynced(): number {
		return this.#unsynced.length;
	}

	apply(operation: Operation): void {
		switch (operation.type) {
			case 'create':
			case 'unlink':
			case 'write':
			case 'truncate':
				this.#unsynced.push(operation);
				return;
			case 'sync':
				this.#settle((change) => isOfFile(change) && change.file === operation.file);
				return;
			case 'sync-folder':
				this.#settle((change) => !isOfFile(change));
		}
	}

	image({ decide, random, holes }: ImageOptions): Image {
		const contents = new Map<number, Content>();
		const names = new Map(this.#names);
		const count = this.#unsynced.length;
		for (const [place, change] of this.#unsynced.entries()) {
			const fate = decide(place, count);
			if (fate === 'lost') continue;
			// Only a write has parts.
			if (fate === 'torn' && change.type !== 'write' && random.below(2) === 0) continue;
			if (!isOfFile(change)) {
				rename(names, change);
				continue;
			}
			// Copied when it is to be changed: a database that was synced long ago is large.
			let content = contents.get(change.file);
			if (content === undefined) {
				content = new Content(this.#contents.get(change.file));
				contents.set(change.file, content);
			}
			content.apply(change, {
				fill: holes === 'zeros' ? undefined : () => random.below(256),
				isKept: fate === 'torn' ? () => random.below(2) === 0 : undefined,
			});
		}
		const bytesOf = (file: number) =>
			(contents.get(file) ?? this.#contents.get(file))?.bytes ?? Buffer.alloc(0);
		return new Map(Array.from(names, ([name, file]) => [name, bytesOf(file)]));
	}

	#settle(isSettled: (change: Change) => boolean): void {
		const rest: Change[] = [];
		for (const change of this.#unsynced) {
			if (!isSettled(change)) rest.push(change);
			else if (isOfFile(change)) {
				const content = this.#contents.get(change.file) ?? new Content();
				this.#contents.set(change.file, content);
				content.apply(change);
			} else rename(this.#names, change);
		}
		this.#unsynced = rest;
	}
}

function isOfFile(change: Change): change is OfFile {
	return change.type === 'write' || change.type === 'truncate';
}

function rename(names: Map<string, number>, change: OfName): void {
	if (change.type === 'create') names.set(change.name, change.file);
	else names.delete(change.name);
}
