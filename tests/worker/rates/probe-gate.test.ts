import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../shared/random.ts';
import type { GateSetup } from '../../../worker/rates/probe-gate.ts';
import { ceilings, ProbeGate } from '../../../worker/rates/probe-gate.ts';

interface Setting {
	readonly prefixRate?: number;
	readonly callerRate?: number;
	readonly threads?: number;
}

/** Threads over the same ceilings, in a time that goes from one event to the next. */
class World {
	nowUs = 5e9;
	readonly gates: readonly ProbeGate[];
	readonly left: { readonly atMs: number; readonly prefix: number; readonly id: number }[] = [];
	readonly #events: { readonly atMs: number; readonly run: () => void }[] = [];

	constructor({ prefixRate = 100, callerRate, threads = 1 }: Setting) {
		const setup: GateSetup = {
			prefixes: { ratePerSecond: prefixRate, burstMs: 1_000, cells: new Int32Array(16) },
			callers:
				callerRate === undefined
					? undefined
					: { ratePerSecond: callerRate, burstMs: 100, cells: new Int32Array(4) },
			held: { waiting: new Int32Array(2), ever: new Float64Array(2) },
		};
		this.gates = Array.from({ length: threads }, () => new ProbeGate(setup, () => this.nowUs));
	}

	at(atMs: number, run: () => void): void {
		this.#events.push({ atMs, run });
	}

	/** A probe that tries to leave now, and comes back when it was told to, to the millisecond above. */
	probe(thread: number, id: number, prefix: number, caller = -1, turns = 0): void {
		const gate = this.gates[thread]!;
		const waitMs = gate.pass(prefix, caller, turns);
		const nowMs = this.nowUs / 1_000;
		if (waitMs === 0) {
			this.left.push({ atMs: nowMs, prefix, id });
			return;
		}
		const { heldBy } = gate;
		this.at(Math.ceil(nowMs + waitMs), () => {
			gate.release(heldBy, prefix, caller);
			this.probe(thread, id, prefix, caller, turns | heldBy);
		});
	}

	run(): void {
		for (let events = 0; this.#events.length > 0; events += 1) {
			if (events > 200_000) throw new Error('it does not end');
			let next = 0;
			for (const [i, { atMs }] of this.#events.entries()) if (atMs < this.#events[next]!.atMs) next = i;
			const [event] = this.#events.splice(next, 1);
			this.nowUs = Math.max(this.nowUs, event!.atMs * 1_000);
			event!.run();
		}
	}

	expectWithin(ratePerSecond: number, burst: number): void {
		for (const [from, { atMs }] of this.left.entries()) {
			for (let to = from; to < this.left.length; to += 1) {
				const allowed = burst + ((this.left[to]!.atMs - atMs) * ratePerSecond) / 1_000 + 1e-6;
				if (to - from + 1 > allowed + 1) expect.fail(`${to - from + 1} left where ${allowed} may`);
			}
		}
	}
}

describe('a gate', () => {
	test('lets a burst leave at once and the others in turn, as fast as the ceiling allows', () => {
		const world = new World({ prefixRate: 100 });
		const startMs = world.nowUs / 1_000;
		for (let id = 0; id < 1_000; id += 1) world.probe(0, id, 3);
		expect(world.left).toHaveLength(100);
		expect(world.gates[0]!.isHolding).toBe(true);
		// Who comes while others wait does not overtake them.
		world.at(startMs + 2_000, () => world.probe(0, 1_000, 3));
		world.run();
		expect(world.left.map(({ id }) => id)).toEqual(Array.from({ length: 1_001 }, (_, id) => id));
		world.expectWithin(100, 100);
		expect(world.left.at(-1)!.atMs - startMs).toBeLessThan(9_010 + 20);
		expect(world.gates[0]!.isHolding).toBe(false);
	});

	test('holds nobody who is under another ceiling, or under none', () => {
		const world = new World({ callerRate: 1_000 });
		for (let id = 0; id < 500; id += 1) world.probe(0, id, 1);
		expect(world.gates[0]!.pass(2, -1, 0)).toBe(0);
		expect(world.gates[0]!.pass(-1, 0, 0)).toBe(0);
		expect(world.gates[0]!.pass(-1, -1, 0)).toBe(0);
	});

	test('keeps the ceiling over threads that compete, and lets each of their probes leave in a while', () => {
		for (let seed = 1; seed <= 8; seed += 1) {
			const random = createRandom(seed);
			const threads = 1 + random.below(4);
			const prefixRate = [30, 256, 1_000][random.below(3)]!;
			const world = new World({ prefixRate, threads });
			const startMs = world.nowUs / 1_000;
			const probes = 400 + random.below(400);
			for (let id = 0; id < probes; id += 1) {
				world.at(startMs + random.below(500), () => world.probe(random.below(threads), id, 5));
			}
			world.run();
			expect(new Set(world.left.map(({ id }) => id)).size, `seed ${seed}`).toBe(probes);
			world.expectWithin(prefixRate, prefixRate);
			const seconds = (world.left.at(-1)!.atMs - startMs) / 1_000;
			expect(seconds, `seed ${seed}`).toBeLessThan(((probes - prefixRate) / prefixRate) * 1.3 + 1);
			expect(world.gates[0]!.isHolding).toBe(false);
		}
	});

	test('charges nobody for what another ceiling held: a caller at its ceiling takes nothing from a prefix', () => {
		const world = new World({ prefixRate: 100, callerRate: 50 });
		const startMs = world.nowUs / 1_000;
		for (let id = 0; id < 300; id += 1) world.probe(0, id, id % 3, 1);
		world.run();
		expect(world.left).toHaveLength(300);
		world.expectWithin(50, 5);
		expect((world.left.at(-1)!.atMs - startMs) / 1_000).toBeLessThan(295 / 50 + 0.1);
	});

	test('frees the turns of those that are needed no more', () => {
		const world = new World({ prefixRate: 10 });
		const [gate] = world.gates;
		for (let i = 0; i < 10; i += 1) expect(gate!.pass(1, -1, 0)).toBe(0);
		const waits = Array.from({ length: 50 }, () => gate!.pass(1, -1, 0));
		expect(gate!.heldBy).toBe(ceilings.prefix);
		expect(waits.at(-1)!).toBeGreaterThan(4_900);
		for (let i = 0; i < 50; i += 1) gate!.release(ceilings.prefix, 1, -1);
		expect(gate!.isHolding).toBe(false);
		expect(gate!.pass(1, -1, 0)).toBeLessThan(110);
	});
});
