/** A worker at an address that stays the same, whatever becomes of its processes: killed, stopped, started anew. */
import type { StartedWorker } from '../../e2e/command-line.ts';
import type { ReservedPort } from '../../reserved-port.ts';
import { reservePort } from '../../reserved-port.ts';

/** Starts a worker at a port. */
export type StartWorker = (port: number) => Promise<StartedWorker>;

export class Seat implements AsyncDisposable {
	readonly url: string;
	readonly #start: StartWorker;
	/** nobody else gets it between two lives */
	readonly #place: ReservedPort;
	#worker: StartedWorker;

	/** Starts the first life. */
	static async take(start: StartWorker): Promise<Seat> {
		const place = reservePort();
		try {
			return new Seat(start, place, await start(place.port));
		} catch (error) {
			place[Symbol.dispose]();
			throw error;
		}
	}

	private constructor(start: StartWorker, place: ReservedPort, worker: StartedWorker) {
		this.#start = start;
		this.#place = place;
		this.#worker = worker;
		this.url = worker.url;
	}

	/** A line for every request that the present life has had. */
	requests(): string {
		return this.#worker.running.errors();
	}

	/** Resolves when the present life has said this. */
	says(pattern: RegExp): Promise<RegExpExecArray> {
		return this.#worker.running.says(pattern);
	}

	/** Resolves when the present life is over, however it ends. */
	get ended(): Promise<unknown> {
		return this.#worker.running.exited;
	}

	/** SIGKILL, without a word. Resolves when nothing of it is left. */
	async kill(): Promise<void> {
		await this.#worker.running[Symbol.asyncDispose]();
	}

	/** The next life. The one before has ended. */
	async start(): Promise<void> {
		this.#worker = await this.#start(this.#place.port);
	}

	/** SIGSTOP: connections are still taken, by its system. */
	stop(): void {
		process.kill(-this.#worker.running.child.pid!, 'SIGSTOP');
	}

	/** SIGCONT. */
	continue(): void {
		process.kill(-this.#worker.running.child.pid!, 'SIGCONT');
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.kill();
		this.#place[Symbol.dispose]();
	}
}
