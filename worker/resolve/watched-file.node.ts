/**
 * A small system file, parsed, and parsed again when it changes. Looked at when somebody asks, at most once a
 * second: no watcher, no timer, nothing to close.
 *
 * Read at once (not through the thread pool): a look is one system call, and the pool may be full of lookups
 * that wait for what stands in this very file.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../../shared/clock.ts';

const lookMsMin = 1_000;

export interface WatchedFileOptions<Value> {
	readonly path: string;
	/** takes the text; '' when there is no such file, or it can not be read */
	readonly parse: (text: string) => Value;
	readonly clock: Clock;
}

export class WatchedFile<Value> {
	readonly #options: WatchedFileOptions<Value>;
	#value: Value;
	#fingerprint: string | undefined;
	#lookedMs: number;

	constructor(options: WatchedFileOptions<Value>) {
		this.#options = options;
		this.#value = options.parse('');
		this.#lookedMs = Number.NEGATIVE_INFINITY;
	}

	/** The same object as long as the file is the same. */
	value(): Value {
		const nowMs = this.#options.clock.monotonicMs();
		if (nowMs - this.#lookedMs >= lookMsMin) {
			this.#lookedMs = nowMs;
			this.#look();
		}
		return this.#value;
	}

	#look(): void {
		const { path, parse } = this.#options;
		try {
			const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
			const fingerprint = `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
			if (fingerprint === this.#fingerprint) return;
			this.#value = parse(readFileSync(path, 'utf8'));
			this.#fingerprint = fingerprint;
		} catch (error) {
			// Gone is a change too. Anything else (no descriptor left, say) passes: what was read stays.
			if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || this.#fingerprint === undefined) return;
			this.#fingerprint = undefined;
			this.#value = parse('');
		}
	}
}
