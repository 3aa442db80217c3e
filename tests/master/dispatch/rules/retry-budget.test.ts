import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../../../master/dispatch/rules/retry-budget.ts';

/** One of chunks of 1,000 hosts, from which so much has been taken. */
function spent(hosts: number): RetryBudget {
	const budget = new RetryBudget(0);
	budget.resize(1_000);
	if (hosts > 0) budget.withdraw(hosts, 0);
	return budget;
}

/** What can be taken from it before it is empty, to a host. */
function left(budget: RetryBudget, nowMs: number): number {
	for (let hosts = 0; ; hosts += 1) {
		if (budget.freeAtMs(nowMs) > nowMs) return hosts;
		budget.withdraw(1, nowMs);
	}
}

describe('the reserve', () => {
	it('is ten chunks, or 256 hosts of small ones, and full at first', () => {
		expect(left(spent(0), 0)).toBe(10_000);
		const small = new RetryBudget(0);
		small.resize(10);
		expect([small.capacity, left(small, 0)]).toEqual([256, 256]);
	});

	it('grows with the largest chunk, at once, and does not shrink', () => {
		const budget = spent(10_000);
		budget.resize(2_000);
		budget.resize(100);
		expect([budget.capacity, left(budget, 0)]).toEqual([20_000, 10_000]);
	});

	it('fills by itself in ten seconds, and no further', () => {
		const budget = spent(10_000);
		expect(left(budget, 1_000)).toBe(1_000);
		expect(left(budget, 60_000)).toBe(10_000);
		expect(left(budget, 60_000)).toBe(0);
	});

	it('does not fill because time went back', () => {
		const budget = spent(10_000);
		budget.freeAtMs(5_000);
		budget.withdraw(5_000, 5_000);
		expect(budget.freeAtMs(1_000)).toBeGreaterThan(1_000);
	});
});

it('a tenth of what is asked first may be asked again, not beyond what the reserve holds', () => {
	const budget = spent(10_000);
	budget.deposit(25_000);
	expect(left(budget, 0)).toBe(2_500);
	budget.deposit(10_000_000);
	expect(left(budget, 0)).toBe(10_000);
});

it('the last of it goes into debt, which has to be worked off first', () => {
	const budget = spent(9_999);
	expect(budget.freeAtMs(0)).toBe(0);
	budget.withdraw(1_001, 0);
	// A thousand at a thousand a second.
	const freeMs = budget.freeAtMs(0);
	expect(freeMs).toBeCloseTo(1_001, 6);
	expect(budget.freeAtMs(freeMs - 2)).toBeGreaterThan(freeMs - 2);
	expect(budget.freeAtMs(freeMs)).toBe(freeMs);
});
