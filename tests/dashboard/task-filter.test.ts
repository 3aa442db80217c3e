import { describe, expect, it } from 'vitest';
import { hrefOf, parseRoute } from '../../dashboard/router.ts';
import { passes, taskFilterOf, taskFilterParams } from '../../dashboard/views/tasks/task-filter.ts';
import { toggled } from '../../dashboard/word-list.ts';
import { chunk } from './chunks.ts';

const filterAt = (search: string) => taskFilterOf(parseRoute('/tasks', search).params);

describe('the filter of the task stream', () => {
	it('is read from the address, and written to it', () => {
		const filter = filterAt('?worker=3&kind=hedge,again&end=failed');
		expect(filter).toEqual({ worker: 3, kinds: ['again', 'hedge'], ends: ['failed'] });
		expect(hrefOf('/tasks', taskFilterParams(filter))).toBe('/tasks?worker=3&kind=again,hedge&end=failed');
		expect(hrefOf('/tasks', taskFilterParams(filterAt('')))).toBe('/tasks');
	});

	it('leaves out what it does not know', () => {
		expect(filterAt('?worker=<b>&kind=best,first&end=,,ok,')).toEqual({
			worker: null,
			kinds: ['first'],
			ends: ['ok'],
		});
	});

	it('lets through what is all of what it says', () => {
		const hedge = chunk({ id: 1, worker: 2, kind: 'hedge', end: 'late' });
		expect(passes(filterAt(''), hedge)).toBe(true);
		expect(passes(filterAt('?worker=2&kind=hedge&end=late,ok'), hedge)).toBe(true);
		expect(passes(filterAt('?worker=1'), hedge)).toBe(false);
		expect(passes(filterAt('?kind=first'), hedge)).toBe(false);
		expect(passes(filterAt('?end=ok'), hedge)).toBe(false);
	});

	it('has chips that go on and off', () => {
		const known = ['a', 'b', 'c'] as const;
		expect(toggled(['c'], 'a', known)).toEqual(['a', 'c']);
		expect(toggled(['a', 'c'], 'a', known)).toEqual(['c']);
	});
});
