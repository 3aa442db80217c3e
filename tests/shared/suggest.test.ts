import { expect, it } from 'vitest';
import { suggest } from '../../shared/suggest.ts';

it.each([
	['conut', 'count'],
	['COUNT', 'count'],
	['timout', 'timeout'],
	['time-out', 'timeout'],
	['workes', 'workers'],
	['x', 'y'],
	['elephant', undefined],
	['', undefined],
])('%j is probably meant to be %j', (word, meant) => {
	const names = ['hosts', 'count', 'timeout', 'workers', ...(word === 'x' ? ['y'] : [])];
	expect(suggest(word, names)).toBe(meant);
});

it('is the closest of several', () => {
	expect(suggest('port', ['sport', 'port', 'ports'])).toBe('port');
});

it('takes no longer for a word without end', () => {
	expect(suggest('a'.repeat(10_000_000), ['a', 'aa'])).toBeUndefined();
});
