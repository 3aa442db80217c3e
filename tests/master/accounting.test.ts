import { expect, test } from 'vitest';
import { accountingError } from '../../master/accounting.ts';

const stored = { up: 60, down: 30, unresolved: 5, denied: 4, error: 1 };
const books = { accepted: 100, doneBefore: 0, arrived: 100, stored, complete: true };

test('books that balance are no error, of a continued run and of an interrupted one neither', () => {
	expect(accountingError(books)).toBeUndefined();
	expect(accountingError({ ...books, doneBefore: 70, arrived: 30 })).toBeUndefined();
	expect(accountingError({ ...books, accepted: 1_000, complete: false })).toBeUndefined();
});

test.each([
	[
		'a row too few',
		{ stored: { ...stored, up: 59 } },
		'100 answers arrived, but the database has 99 of them',
	],
	[
		'a row too many',
		{ stored: { ...stored, error: 2 } },
		'100 answers arrived, but the database has 101 of them',
	],
	[
		'a row too few of a continued run',
		{ doneBefore: 40, arrived: 61 },
		'101 answers arrived (40 of them before the run was continued), but the database has 100 of them',
	],
	[
		'a row too few of an interrupted run',
		{ accepted: 1_000, arrived: 101, complete: false },
		'101 answers arrived, but the database has 100 of them',
	],
	['a host without an answer', { accepted: 2_000 }, '2,000 hosts were to be pinged, 100 have an answer'],
	['more answers than hosts', { accepted: 99 }, '99 hosts were to be pinged, 100 have an answer'],
])('%s is an error that says the numbers', (_, wrong, message) => {
	expect(accountingError({ ...books, ...wrong })).toMatchObject({ code: 'internal', message });
});
