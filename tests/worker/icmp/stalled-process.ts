/** A process that pings hosts, with the timeout in its first argument, and says so once all requests have left: its
 * parent stops it. */
import { gather, openEngine, tally } from './engine-fixture.ts';

export interface StallReport {
	readonly counts: Record<string, number>;
	readonly late: number;
	readonly rttMsMax: number;
}

if (process.send !== undefined) {
	const [timeoutMs, ...hosts] = process.argv.slice(2);
	const engine = await openEngine('datagram');
	// Once to warm up, so that all requests of the second job leave within milliseconds.
	await gather(engine, ['127.0.0.1']);
	const before = engine.counters();
	const poll = setInterval(() => {
		if (engine.counters().sent - before.sent < hosts.length) return;
		clearInterval(poll);
		process.send!('sent');
	}, 1);
	const { results } = await gather(engine, hosts, { timeoutMs: Number(timeoutMs) });
	const report: StallReport = {
		counts: tally(results),
		late: engine.counters().late,
		rttMsMax: Math.max(...results.map(({ rttMs }) => rttMs ?? 0)),
	};
	await engine.close();
	process.send(report);
	process.disconnect();
}
