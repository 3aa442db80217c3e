import { expect, it } from 'vitest';
import { Suspects } from '../../../../master/dispatch/rules/suspects.ts';

it('a second request has a piece of a chunk, about as many hosts as there are pieces, and a third one host', () => {
	const suspects = new Suspects();
	expect([4_096, 16_384, 2_000].map((hosts) => suspects.pieceHosts(hosts, 1))).toEqual([64, 128, 45]);
	// Pieces of fewer are not worth a request.
	expect([1, 100, 1_000].map((hosts) => suspects.pieceHosts(hosts, 1))).toEqual([32, 32, 32]);
	expect([1, 100, 16_384].map((hosts) => suspects.pieceHosts(hosts, 2))).toEqual([1, 1, 1]);
});

it('as many may be under way as come back well: twice with each piece, few again after a crash', () => {
	const suspects = new Suspects();
	expect(suspects.hostsMax).toBe(256);
	suspects.passed();
	suspects.passed();
	expect(suspects.hostsMax).toBe(1_024);
	for (let i = 0; i < 10; i += 1) suspects.passed();
	expect(suspects.hostsMax).toBe(16_384);
	suspects.crashed();
	expect(suspects.hostsMax).toBe(256);
});
