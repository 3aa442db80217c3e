import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hrefOf, parseRoute } from '../../dashboard/router.ts';
import {
	isFiltered,
	nextSort,
	resultFilterOf,
	resultFilterParams,
	resultsUrl,
} from '../../dashboard/views/results/result-filter.ts';
import { searchOf, searchText } from '../../dashboard/views/results/search-text.ts';
import { resultSorts } from '../../shared/dashboard-api.ts';
import { reasons, statuses } from '../../shared/outcome.ts';

const filterAt = (search: string) => resultFilterOf(parseRoute('/results', search).params);

describe('the filter of results', () => {
	it('is what was written into the address', () => {
		const filter = fc.record({
			statuses: fc.subarray([...statuses]),
			reasons: fc.subarray(reasons.filter((reason) => reason !== '')),
			worker: fc.option(fc.string({ minLength: 1, unit: 'grapheme' })),
			prefix: fc.option(fc.constantFrom('10.0.0.0/8', 'fd00::/8', '10.1.2.3')),
			q: fc.option(fc.string({ minLength: 1, unit: 'grapheme' })),
			sort: fc.constantFrom(...resultSorts),
		});
		fc.assert(
			fc.property(filter, (said) => {
				const href = hrefOf('/results', resultFilterParams(said));
				expect(filterAt(href.slice('/results'.length))).toEqual(said);
			}),
		);
	});

	it('leaves out unknown words', () => {
		const filter = filterAt('?status=up,dead&reason=,timeout,x&sort=host');
		expect(filter).toMatchObject({ statuses: ['up'], reasons: ['timeout'], sort: 'position' });
	});

	it('is a question to the master, page by page', () => {
		const filter = filterAt('?status=down,error&prefix=10.0.0.0/8&sort=-rtt');
		expect(resultsUrl(7, filter, 200, null)).toBe(
			'/api/runs/7/results?status=down,error&prefix=10.0.0.0/8&sort=-rtt&limit=200',
		);
		expect(resultsUrl(7, filter, 200, 'c&=1')).toContain('&after=c%26%3D1');
	});

	it('is one only when it leaves something out', () => {
		expect(isFiltered(filterAt('?sort=rtt&run=3'))).toBe(false);
		for (const said of ['status=up', 'reason=timeout', 'worker=a', 'prefix=10.0.0.0/8', 'q=a']) {
			expect(isFiltered(filterAt(`?${said}`))).toBe(true);
		}
	});

	it('sorts down, up, and as the list was', () => {
		expect(nextSort('position', 'rtt')).toBe('-rtt');
		expect(nextSort('-rtt', 'rtt')).toBe('rtt');
		expect(nextSort('rtt', 'rtt')).toBe('position');
		expect(nextSort('rtt', 'checked')).toBe('-checked');
		expect(nextSort('-checked', 'position')).toBe('position');
	});
});

describe('the search box', () => {
	it.each([
		['10.0.0.0/8', '10.0.0.0/8'],
		[' 10.1.2.3/16 ', '10.1.0.0/16'],
		['10.', '10.0.0.0/8'],
		['10.1.', '10.1.0.0/16'],
		['10.1.2.*', '10.1.2.0/24'],
		['10.1.2.3', '10.1.2.3'],
		['10.1.2.3/32', '10.1.2.3'],
		['0.0.0.0/0', '0.0.0.0/0'],
		['FD00::/8', 'fd00::/8'],
		['fd00:a:ffff::/33', 'fd00:a:8000::/33'],
		['fd00::1', 'fd00::1'],
		['::ffff:10.1.2.3', '::ffff:10.1.2.3'],
	])('takes %s for the block %s', (text, prefix) => {
		expect(searchOf(text)).toEqual({ prefix, q: null });
		expect(searchText(searchOf(text))).toBe(prefix);
	});

	it.each(['example', '10', '10.1', '10.1.2', '300.', '10.0.0.0/33', '*', '1.2.3.4.', 'tcp://10.1.2.3:80'])(
		'takes %s for a part of a name',
		(text) => {
			expect(searchOf(text)).toEqual({ prefix: null, q: text });
			expect(searchText(searchOf(text))).toBe(text);
		},
	);

	it('asks for nothing when it is empty', () => {
		expect(searchOf('  ')).toEqual({ prefix: null, q: null });
	});

	it('says the same of what it has said', () => {
		fc.assert(
			fc.property(fc.ipV4(), fc.nat(32), (address, bits) => {
				const { prefix } = searchOf(`${address}/${bits}`);
				expect(searchOf(prefix!).prefix).toBe(prefix);
			}),
		);
		fc.assert(
			fc.property(fc.ipV6(), fc.nat(128), (address, bits) => {
				const { prefix } = searchOf(`${address}/${bits}`);
				expect(searchOf(prefix!).prefix).toBe(prefix);
			}),
		);
	});
});
