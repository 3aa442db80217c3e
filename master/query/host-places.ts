/** Where hosts stand that were shown a short while ago: whoever asks for one's history then need not search for it. */
import type { ResultRow } from '../../shared/dashboard-api.ts';
import { placesMax } from '../../shared/limits.ts';

export interface HostPlace {
	readonly runId: number;
	readonly position: number;
}

export class HostPlaces {
	/** the one shown last at the end */
	readonly #places = new Map<string, HostPlace>();

	remember(rows: readonly Pick<ResultRow, 'host' | 'runId' | 'position'>[]): void {
		for (const { host, runId, position } of rows) {
			this.#places.delete(host);
			this.#places.set(host, { runId, position });
			if (this.#places.size > placesMax) this.#places.delete(this.#places.keys().next().value!);
		}
	}

	of(host: string): HostPlace | undefined {
		return this.#places.get(host);
	}
}
