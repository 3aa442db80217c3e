import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hrefOf, hrefWith, parseRoute } from '../../dashboard/router.ts';

describe('addresses', () => {
	it('have a view and its filters', () => {
		const { path, params } = parseRoute('/results', '?status=down,error&prefix=10.0.0.0/8&q=');
		expect(path).toBe('/results');
		expect({ ...params }).toEqual({ status: 'down,error', prefix: '10.0.0.0/8' });
	});

	it('lead to the same view with a slash behind it', () => {
		expect(parseRoute('/workers/', '').path).toBe('/workers');
		expect(parseRoute('/', '').path).toBe('/');
		expect(parseRoute('//', '').path).toBe('/');
	});

	it('give what is not there as not there, even with the name of something that every object has', () => {
		const { params } = parseRoute('/', '?a=1');
		expect(params.toString).toBeUndefined();
		expect(parseRoute('/', '?__proto__=x').params.toString).toBeUndefined();
	});

	it('leave out what is empty', () => {
		expect(hrefOf('/results', { run: null, status: 'down', q: '', worker: undefined })).toBe(
			'/results?status=down',
		);
		expect(hrefOf('/', {})).toBe('/');
	});

	it('stay readable where they can', () => {
		expect(hrefOf('/results', { status: 'down,error', prefix: 'fd00::/8' })).toBe(
			'/results?status=down,error&prefix=fd00::/8',
		);
	});

	it('change by parameter', () => {
		const route = parseRoute('/results', '?run=7&status=down');
		expect(hrefWith(route, { status: null, q: 'a b' })).toBe('/results?run=7&q=a+b');
	});

	it('bring every text back as it was', () => {
		fc.assert(
			fc.property(
				fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'grapheme' })),
				(params) => {
					const href = hrefOf('/events', params);
					const url = new URL(href, 'http://localhost');
					expect(url.hash).toBe('');
					expect({ ...parseRoute(url.pathname, url.search).params }).toEqual({ ...params });
				},
			),
		);
	});
});
