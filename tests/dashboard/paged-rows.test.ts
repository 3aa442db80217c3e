import { describe, expect, it } from 'vitest';
import { PagedRows, type RowsPage } from '../../dashboard/parts/paged-rows.ts';

/** A list of numbers in pages, as a master would answer; each question waits until it is let go. */
class Master {
	readonly asked: (string | null)[] = [];
	readonly #total: number;
	readonly #limit: number;
	readonly #waiting: (() => void)[] = [];
	failNext = false;

	constructor(total: number, limit: number) {
		this.#total = total;
		this.#limit = limit;
	}

	readonly load = (after: string | null, signal: AbortSignal): Promise<RowsPage<number>> => {
		this.asked.push(after);
		const first = after === null ? 0 : Number(after);
		const end = Math.min(this.#total, first + this.#limit);
		const rows = Array.from({ length: end - first }, (_, i) => first + i);
		const isFailing = this.failNext;
		this.failNext = false;
		return new Promise((resolve, reject) => {
			signal.addEventListener('abort', () => reject(signal.reason));
			this.#waiting.push(() => {
				if (isFailing) reject(new Error('no answer'));
				else resolve({ rows, next: end < this.#total ? String(end) : null, matching: this.#total });
			});
		});
	};

	/** Answers what is asked until nothing more is. */
	async settle(): Promise<void> {
		for (let turn = 0; turn < 100; turn += 1) {
			const answer = this.#waiting.shift();
			if (answer === undefined) return;
			answer();
			await new Promise(setImmediate);
		}
		throw new Error('asks for ever');
	}
}

function rowsOf(master: Master, heldMax?: number) {
	let changes = 0;
	const rows = new PagedRows<number>({
		load: master.load,
		onChange: () => {
			changes += 1;
		},
		...(heldMax === undefined ? {} : { heldMax }),
	});
	return { rows, changes: () => changes };
}

describe('rows in pages', () => {
	it('are asked for as far as they are looked at', async () => {
		const master = new Master(1_000, 100);
		const { rows, changes } = rowsOf(master);
		rows.want(0, 20);
		expect(rows.isLoading).toBe(true);
		await master.settle();
		expect(master.asked).toEqual([null]);
		expect(rows.known).toBe(100);
		expect(rows.matching).toBe(1_000);
		expect(rows.isEnd).toBe(false);
		expect(rows.row(99)).toBe(99);
		expect(rows.row(100)).toBeUndefined();
		rows.want(250, 270);
		await master.settle();
		expect(master.asked).toEqual([null, '100', '200']);
		expect(rows.row(270)).toBe(270);
		expect(changes()).toBe(6);
	});

	it('end where there is no next page, and then are all that there are', async () => {
		const master = new Master(150, 100);
		const { rows } = rowsOf(master);
		rows.want(0, 500);
		await master.settle();
		expect(master.asked).toEqual([null, '100']);
		expect(rows.isEnd).toBe(true);
		expect(rows.known).toBe(150);
		expect(rows.matching).toBe(150);
		rows.want(140, 150);
		expect(master.asked).toHaveLength(2);
	});

	it('may be none', async () => {
		const master = new Master(0, 100);
		const { rows } = rowsOf(master);
		rows.want(0, 20);
		await master.settle();
		expect(rows.isEnd).toBe(true);
		expect(rows.matching).toBe(0);
	});

	it('far away are let go, and asked for again when they are looked at again', async () => {
		const master = new Master(2_000, 100);
		const { rows } = rowsOf(master, 3);
		rows.want(1_000, 1_050);
		await master.settle();
		const held = () =>
			Array.from({ length: rows.known }, (_, i) => rows.row(i)).filter((r) => r !== undefined);
		expect(held().length).toBeLessThanOrEqual(300);
		expect(rows.row(1_020)).toBe(1_020);
		const before = master.asked.length;
		rows.want(150, 170);
		expect(rows.row(160)).toBeUndefined();
		await master.settle();
		expect(master.asked.slice(before)).toEqual(['100']);
		expect(rows.row(160)).toBe(160);
		expect(held().length).toBeLessThanOrEqual(300);
	});

	it('are held for as long as they are looked at, many as they may be', async () => {
		const master = new Master(2_000, 100);
		const { rows } = rowsOf(master, 3);
		rows.want(0, 1_050);
		await master.settle();
		expect(master.asked).toHaveLength(11);
		expect(rows.row(0)).toBe(0);
		expect(rows.row(1_050)).toBe(1_050);
	});

	it('that could not be had are asked for again only when that is said', async () => {
		const master = new Master(1_000, 100);
		const { rows } = rowsOf(master);
		master.failNext = true;
		rows.want(0, 20);
		await master.settle();
		expect(rows.error).toMatchObject({ message: 'no answer' });
		rows.want(0, 30);
		expect(master.asked).toHaveLength(1);
		rows.retry();
		await master.settle();
		expect(rows.error).toBeUndefined();
		expect(rows.row(0)).toBe(0);
	});

	it('that are no longer of interest change nothing any more', async () => {
		const master = new Master(1_000, 100);
		const { rows, changes } = rowsOf(master);
		rows.want(0, 20);
		const before = changes();
		rows.close();
		await master.settle();
		expect(changes()).toBe(before);
		expect(rows.row(0)).toBeUndefined();
	});
});
