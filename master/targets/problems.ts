/** The lines of a list that are no targets: the first ten in words, and how many there are. */

import { PingpoolError } from '../../shared/errors.ts';
import { formatCount } from '../../shared/format.ts';

const shownMax = 10;

export class Problems {
	count = 0;
	readonly shown: string[] = [];
	readonly #name: string;

	/** @param name what messages call the list */
	constructor(name: string) {
		this.#name = name;
	}

	add(line: number, problem: string): void {
		this.count += 1;
		if (this.shown.length < shownMax) this.shown.push(`${this.#name}:${line}: ${problem}`);
	}

	/** @param hint how to mend it */
	error(hint: string): PingpoolError {
		const lines = this.count === 1 ? 'line is' : 'lines are';
		const count = `${formatCount(this.count)} ${lines} no target in ${this.#name}`;
		const more = this.count > shownMax ? ` (the first ${shownMax} are shown)` : '';
		return new PingpoolError('invalid-input', `${this.shown.join('\n')}\n${count}${more}`, {
			hint,
			details: { count: this.count },
		});
	}
}
