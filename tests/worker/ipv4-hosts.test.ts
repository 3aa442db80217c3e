import { expect, it } from 'vitest';
import { createRandom } from '../../shared/random.ts';
import { Ipv4Gatherer } from '../../worker/ipv4-hosts.ts';

it('keeps every address once, with the first position that asked for it (seeded)', () => {
	const seed = Number(process.env.SEED ?? 1_234);
	const random = createRandom(seed);
	for (let round = 0; round < 200; round += 1) {
		const capacity = 1 + random.below(300);
		const among = [1, 16, 2 ** 12, 2 ** 32][random.below(4)]!;
		// Sequences, and addresses that differ only in their highest bits, crowd a poor table.
		const step = [1, 256, 2 ** 24][random.below(3)]!;
		const gatherer = new Ipv4Gatherer(capacity);
		const known = new Map<number, number>();
		for (let i = 0; i < capacity; i += 1) {
			const value = (random.below(among) * step) % 2 ** 32;
			const position = 3 * i;
			if (!known.has(value)) known.set(value, position);
			expect(gatherer.add(position, value), `seed ${seed}, round ${round}`).toBe(known.get(value));
		}
		const { index, ipv4 } = gatherer.hosts();
		expect(gatherer.length).toBe(known.size);
		expect([...ipv4], `seed ${seed}, round ${round}`).toEqual([...known.keys()]);
		expect([...index]).toEqual([...known.values()]);
	}
});
