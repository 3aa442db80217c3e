import { describe, expect, it } from 'vitest';
import { RunTally } from '../../master/run-tally.ts';
import { Tally } from '../../master/tally.ts';
import { hostColumn } from '../../shared/host-column.ts';
import { blockOf } from './dispatch/fake-link.ts';

function tallyOf(...blocks: ReturnType<typeof blockOf>[]): Tally {
	const tally = new Tally();
	for (const block of blocks) {
		tally.add({ worker: 'a', positions: new Uint32Array(block.length), hosts: hostColumn([]), block });
	}
	return tally;
}

const rtt = { counts: [], minMs: null, maxMs: 0 };

describe('the rows of a run', () => {
	it('are those before it was continued, and those since', () => {
		const own = tallyOf(blockOf([0, 1, 2], 'up'), blockOf([3], 'down', 'timeout'));
		const counts = {
			byStatus: { up: 10, down: 5, unresolved: 1, denied: 0, error: 0 },
			byReason: new Map([
				['timeout', 4] as const,
				['host-unreachable', 1] as const,
				['dns-not-found', 1] as const,
			]),
			rtt,
		};
		const tally = new RunTally(own, { rows: 16, counts });
		expect([tally.done, tally.uncounted]).toEqual([20, 0]);
		expect(tally.byStatus()).toEqual({ up: 13, down: 6, unresolved: 1, denied: 0, error: 0 });
		expect(Object.fromEntries(tally.byReason())).toEqual({
			timeout: 5,
			'host-unreachable': 1,
			'dns-not-found': 1,
		});
		expect([own.done, own.byStatus().up]).toEqual([4, 3]);
		expect(counts.byStatus.up).toBe(10);
	});

	it('are uncounted where nobody has counted them', () => {
		const tally = new RunTally(tallyOf(blockOf([0, 1], 'up')), { rows: 16, counts: undefined });
		expect([tally.done, tally.uncounted, tally.byStatus().up]).toEqual([18, 16, 2]);
		expect([...tally.byReason()]).toEqual([]);
	});
});
