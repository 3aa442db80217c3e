/**
 * Whether this machine itself dropped what a probe sent, because its firewall's table of connections (conntrack)
 * was full. Linux tells nobody: a connect whose first packet was dropped on the way out waits for an answer like
 * any other, and would call a host down that nothing was ever sent to. It only counts such drops, for the whole
 * machine (or namespace); so while the count grows, silence says nothing about a host.
 */
import { readFileSync } from 'node:fs';
import type { Clock } from '../../shared/clock.ts';

/** A line of names and then one of hexadecimal numbers for each processor; absent without conntrack. */
const statisticsPath = '/proc/thread-self/net/stat/nf_conntrack';

/** How old the count at the start of a connect may be. An older one can only make the verdict more careful. */
const startAgeMsMax = 50;
/** And at its end: the drop was counted right after the start. */
const endAgeMsMax = 10;

export interface ConnectionTableOptions {
	readonly clock: Pick<Clock, 'monotonicMs'>;
	/** the kernel's statistics as text; throws where there are none. Default: Linux's */
	readonly read?: () => string;
}

export class ConnectionTable {
	readonly #clock: Pick<Clock, 'monotonicMs'>;
	readonly #read: () => string;
	#drops = 0;
	#readAtMs = Number.NEGATIVE_INFINITY;

	constructor({ clock, read = () => readFileSync(statisticsPath, 'latin1') }: ConnectionTableOptions) {
		this.#clock = clock;
		this.#read = read;
	}

	/** To be called before a connect. @returns tells at its end whether it may have been among those dropped */
	watch(): () => boolean {
		const before = this.#count(startAgeMsMax);
		const startedAtMs = this.#clock.monotonicMs();
		return () => {
			const elapsedMs = this.#clock.monotonicMs() - startedAtMs;
			return this.#count(Math.min(endAgeMsMax, elapsedMs / 2)) !== before;
		};
	}

	#count(ageMsMax: number): number {
		const nowMs = this.#clock.monotonicMs();
		if (nowMs - this.#readAtMs <= ageMsMax) return this.#drops;
		this.#readAtMs = nowMs;
		try {
			this.#drops = dropsIn(this.#read());
		} catch {
			// No such table here, or no descriptor to look with: the last count stands.
		}
		return this.#drops;
	}
}

function dropsIn(statistics: string): number {
	const [names = '', ...processors] = statistics.trimEnd().split('\n');
	const column = names.trim().split(/\s+/).indexOf('drop');
	if (column < 0) return 0;
	return processors.reduce((sum, line) => sum + Number.parseInt(line.trim().split(/\s+/)[column]!, 16), 0);
}
