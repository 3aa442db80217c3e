import { expect, test } from 'vitest';
import { connectionsMax } from '../../shared/limits.ts';
import { connectionPlaces } from '../../worker/descriptors.node.ts';

test.each([
	[Number.POSITIVE_INFINITY, connectionsMax],
	[1_000_000, connectionsMax],
	[1_024, 832],
	[256, 64],
	[64, 8],
])('with %i descriptors there are %i connections at a time', (limit, places) => {
	expect(connectionPlaces(limit)).toBe(places);
});

test('this machine’s own limit leaves some', () => {
	expect(connectionPlaces()).toBeGreaterThanOrEqual(8);
});
