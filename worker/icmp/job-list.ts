/** The jobs of the thread: by number, by id, and in turn for taking up their hosts. */
import type { EchoJob } from './echo-job.ts';

export class JobList {
	/** by number; a number is used again once its job has ended */
	readonly byNumber: (EchoJob | undefined)[] = [];
	readonly #numbers = new Map<number, number>();
	readonly #free: number[] = [];
	/** numbers of jobs with hosts that have not been taken up, and whose turn it is */
	readonly #starting: number[] = [];
	#turn = 0;

	get size(): number {
		return this.#numbers.size;
	}

	add(job: EchoJob): void {
		const number = this.#free.pop() ?? this.byNumber.length;
		this.byNumber[number] = job;
		this.#numbers.set(job.id, number);
		this.#starting.push(number);
	}

	numberOf(id: number): number | undefined {
		return this.#numbers.get(id);
	}

	remove(number: number): void {
		this.#numbers.delete(this.byNumber[number]!.id);
		this.byNumber[number] = undefined;
		this.#free.push(number);
		this.#started(number);
	}

	/** The next job, in turn, whose hosts are not all taken up; -1 when there is none. */
	nextStarting(): number {
		while (this.#starting.length > 0) {
			if (this.#turn >= this.#starting.length) this.#turn = 0;
			const number = this.#starting[this.#turn]!;
			const job = this.byNumber[number]!;
			if (job.cursor < job.hosts) {
				this.#turn += 1;
				return number;
			}
			this.#started(number);
		}
		return -1;
	}

	#started(number: number): void {
		const position = this.#starting.indexOf(number);
		if (position < 0) return;
		this.#starting.splice(position, 1);
		if (position < this.#turn) this.#turn -= 1;
	}
}
