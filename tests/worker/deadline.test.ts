import { expect, test } from 'vitest';
import { openingConnectionsMax, pingProcessesMax } from '../../shared/limits.ts';
import { requestDeadlineMs } from '../../worker/deadline.ts';

const settings = { count: 1, attempts: 2, timeoutMs: 6_000, intervalMs: 0, refusedIsUp: false };

// Regression: dead hosts that came late were errors of the worker's, because its time for the request was over.
test.each([
	['ping processes', { runtime: 'node', icmp: 'command', probes: ['icmp'] }, pingProcessesMax],
	['connections', { runtime: 'node', icmp: 'raw', probes: ['icmp', 'tcp', 'http'] }, 64],
	['connections of a request', { runtime: 'cloudflare', icmp: null, probes: ['tcp'] }, openingConnectionsMax],
] as const)('is long enough for as many turns of %s as dead hosts need', (_, { probes, ...rest }, places) => {
	const hosts = 10 * places;
	const capabilities = {
		...rest,
		probes: [...probes],
		ratePerSecondMax: 0,
		hostsInFlightMax: hosts,
		connectionsMax: 64,
	};
	const deadlineMs = requestDeadlineMs({
		settings,
		hostsInRequest: rest.runtime === 'cloudflare' ? hosts : places,
		// Others come later.
		hostsInFlight: places,
		capabilities,
		prefixRatePerSecond: 0,
	});
	expect(deadlineMs).toBeGreaterThan(10 * 2 * settings.timeoutMs);
});

test('is long enough for all that a worker may hold to be of one prefix', () => {
	const capabilities = {
		runtime: 'node' as const,
		icmp: 'datagram' as const,
		probes: ['icmp' as const],
		ratePerSecondMax: 0,
		hostsInFlightMax: 10_000,
		connectionsMax: 64,
	};
	const asked = { settings, hostsInRequest: 1, hostsInFlight: 1, capabilities };
	const without = requestDeadlineMs({ ...asked, prefixRatePerSecond: 0 });
	// Of one caller 10,000, of all a third more.
	expect(requestDeadlineMs({ ...asked, prefixRatePerSecond: 100 })).toBe(
		without + (1_000 * 13_333 * 2) / 100,
	);
});
