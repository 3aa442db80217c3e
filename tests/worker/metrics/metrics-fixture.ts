/** The metrics of a worker that has counted something, without its process. */
import { NodeMetrics } from '../../../worker/metrics/node-metrics.node.ts';
import { ProbeRates } from '../../../worker/rates/probe-rates.ts';
import { testApp } from '../app-fixture.ts';

export const echoCounts = {
	sent: 8,
	received: 9,
	late: 1,
	duplicate: 2,
	forged: 3,
	corrupted: 4,
	truncated: 5,
	dropped: 6,
	sendBlocked: 7,
};

/** Its ceilings let one probe leave, and then none: their clock stands. */
export function countedMetrics(): { readonly metrics: NodeMetrics; readonly rates: ProbeRates } {
	const rates = new ProbeRates({
		prefixRatePerSecond: 1,
		prefixRateFor: 'all',
		callerRatePerSecond: 1,
		key: [1, 2],
		nowUs: () => 0,
	});
	const metrics = new NodeMetrics({
		capabilities: testApp().capabilities,
		requestsInFlightMax: 8,
		callerConnectionsMax: 9,
		connections: () => ({ strangers: 1, idle: 2, busy: 3 }),
		rates,
		counters: () => echoCounts,
	});
	return { metrics, rates };
}
