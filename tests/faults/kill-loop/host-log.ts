/**
 * What the fake hosts of one database saw, and when masters were started, as lines of text for verify.ts:
 *
 *   start MS               a master is started, at this time (ms UTC); all before it are dead, and nothing that
 *                          they asked is on its way any more
 *   ask HOST               a worker was told to probe the host
 *   gave HOST STATUS US    what the worker answered: the round-trip time in µs, or - when the host is down
 *   had HOST               between two masters, the host was found with a committed answer (said once)
 */
import { writeFileSync } from 'node:fs';

export class HostLog {
	readonly #lines: string[] = [];
	#begin = (): void => undefined;

	/** @returns a promise that resolves when the new master has a host asked */
	started(nowMs: number): Promise<void> {
		this.#lines.push(`start ${nowMs}`);
		return new Promise((resolve) => {
			this.#begin = resolve;
		});
	}

	asked(host: string): void {
		this.#lines.push(`ask ${host}`);
		this.#begin();
	}

	gave(host: string, status: string, rttUs: number | undefined): void {
		this.#lines.push(`gave ${host} ${status} ${rttUs ?? '-'}`);
	}

	had(host: string): void {
		this.#lines.push(`had ${host}`);
	}

	write(path: string): void {
		writeFileSync(path, `${this.#lines.join('\n')}\n`);
	}
}
