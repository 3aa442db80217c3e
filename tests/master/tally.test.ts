import { expect, test } from 'vitest';
import { Tally } from '../../master/tally.ts';
import { hostColumn } from '../../shared/host-column.ts';
import { blockOf } from './dispatch/fake-link.ts';

test('rows are counted by worker, status and reason', () => {
	const tally = new Tally();
	const none = { up: 0, down: 0, unresolved: 0, denied: 0, error: 0 };
	expect(tally.byStatus()).toEqual(none);
	const add = (worker: string, block: ReturnType<typeof blockOf>): void => {
		tally.add({ worker, positions: new Uint32Array(block.length), hosts: hostColumn([]), block });
	};
	add('a', blockOf([0, 1, 2], 'up'));
	add('b', blockOf([0, 1], 'down', 'timeout'));
	add('a', blockOf([3], 'denied', 'loopback'));
	add('master', blockOf([4, 5], 'error', 'worker-failed'));
	expect(tally.done).toBe(8);
	expect(tally.byStatus()).toEqual({ up: 3, down: 2, unresolved: 0, denied: 1, error: 2 });
	expect(tally.byStatusOf('a')).toEqual({ ...none, up: 3, denied: 1 });
	expect(tally.byStatusOf('c')).toEqual(none);
	expect([tally.doneOf('a'), tally.doneOf('b'), tally.doneOf('c')]).toEqual([4, 2, 0]);
	expect([...tally.byReason()]).toEqual([
		['timeout', 2],
		['loopback', 1],
		['worker-failed', 2],
	]);
});
