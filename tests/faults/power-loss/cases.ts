/** The images that a trace is searched for: at which points the power goes, and what is lost there. */
import { createHash } from 'node:crypto';
import type { Random } from '../../../shared/random.ts';
import { shuffledOrder } from '../../../shared/random.ts';
import type { Promised } from './check.ts';
import type { Image, ImageOptions } from './disk.ts';
import { Disk } from './disk.ts';
import type { Script } from './script.ts';
import type { Operation } from './trace.ts';

export interface Search {
	readonly script: Script;
	/** whether what was said to be committed is promised; otherwise only what was so when the database was closed */
	readonly commitsLast: boolean;
	/** the most points that are looked at */
	readonly pointsMax: number;
	/** seeded choices of what is lost, at every point, beside all and nothing */
	readonly choices: number;
	readonly random: Random;
}

export interface Case {
	readonly name: string;
	readonly image: Image;
	readonly promised: Promised;
}

/** Every image once for each promise. */
export function* casesOf(operations: readonly Operation[], search: Search): Generator<Case> {
	const disk = new Disk();
	const promises = new Promises(search);
	const points = pointsOf(operations, search);
	const seen = new Set<string>();
	for (const [at, operation] of operations.entries()) {
		disk.apply(operation);
		if (operation.type === 'say') promises.hear(operation.text);
		if (!points.has(at)) continue;
		const promised = promises.now();
		for (const { name, ...options } of lossesAt(disk.unsynced, search)) {
			const image = disk.image(options);
			const key = keyOf(image, promised);
			if (seen.has(key)) continue;
			seen.add(key);
			yield { name: `${name} after operation ${at} (${operation.type})`, image, promised };
		}
	}
}

/**
 * Operations after which the power goes: first of all those before a sync, where most is unsynced, and those at
 * which something was promised; then any others.
 */
function pointsOf(operations: readonly Operation[], { pointsMax, random }: Search): Set<number> {
	const isFirst = (at: number): boolean => {
		const next = operations[at + 1]?.type;
		return next === 'sync' || next === 'sync-folder' || operations[at]!.type === 'say';
	};
	const order = [...shuffledOrder(operations.length, random)];
	return new Set([...order.filter(isFirst), ...order.filter((at) => !isFirst(at))].slice(0, pointsMax));
}

interface Loss extends ImageOptions {
	readonly name: string;
}

function* lossesAt(unsynced: number, { choices, random }: Search): Generator<Loss> {
	yield { name: 'everything lost', decide: () => 'lost', random, holes: 'zeros' };
	if (unsynced === 0) return;
	yield { name: 'nothing lost', decide: () => 'kept', random, holes: 'zeros' };
	for (let choice = 0; choice < choices; choice += 1) {
		const holes = random.below(2) === 0 ? 'zeros' : 'garbage';
		yield { ...chosenLoss(unsynced, random), random, holes };
	}
}

function chosenLoss(unsynced: number, random: Random): Pick<Loss, 'name' | 'decide'> {
	const oldest = random.below(unsynced);
	const share = random.next();
	switch (random.below(5)) {
		case 0:
			return { name: `${oldest} kept`, decide: (place) => (place < oldest ? 'kept' : 'lost') };
		case 1:
			return {
				name: `${oldest} kept and one torn`,
				decide: (place) => (place < oldest ? 'kept' : place === oldest ? 'torn' : 'lost'),
			};
		case 2:
			return { name: 'one lost', decide: (place) => (place === oldest ? 'lost' : 'kept') };
		case 3:
			return { name: 'some lost', decide: () => (random.next() < share ? 'kept' : 'lost') };
		default:
			return {
				name: 'some torn',
				decide: () => (random.next() < share ? 'kept' : random.below(2) === 0 ? 'torn' : 'lost'),
			};
	}
}

/** What the process has been told so far, by what it says of it. */
class Promises {
	readonly #rowsAfter: readonly number[];
	readonly #commitsLast: boolean;
	#committed = 0;
	#closed = 0;
	#finished = false;

	constructor({ script, commitsLast }: Search) {
		this.#rowsAfter = script.rowsAfter;
		this.#commitsLast = commitsLast;
	}

	hear(text: string): void {
		const [what, rows] = text.split(' ');
		if (what === 'committed') this.#committed = Number(rows);
		else if (what === 'closed') this.#closed = Number(rows);
		else if (what === 'finished') this.#finished = true;
	}

	now(): Promised {
		const allClosed = this.#closed === this.#rowsAfter.at(-1);
		return {
			rowsMin: this.#commitsLast ? this.#committed : this.#closed,
			// One more may be on its way.
			rowsMax: this.#rowsAfter.find((rows) => rows > this.#committed) ?? this.#committed,
			finished: this.#commitsLast ? this.#finished : allClosed,
		};
	}
}

function keyOf(image: Image, promised: Promised): string {
	const hash = createHash('sha1').update(JSON.stringify(promised));
	for (const [name, content] of [...image].sort(([a], [b]) => (a < b ? -1 : 1))) {
		hash.update(`\0${name}\0${content.length}\0`).update(content);
	}
	return hash.digest('base64');
}
