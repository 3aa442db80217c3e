/** The icmp probe: echo requests from whatever engine this machine has. */
import type { IpAddress } from '../../shared/ip.ts';
import { unsentBlock } from '../../shared/results.ts';
import type { EchoEngine } from '../icmp/echo-engine.ts';
import type { Probe, ProbeBatch } from './probe.ts';

/**
 * @example
 * const engine = await openEchoEngine({ pacer });
 * const probes = 'unavailable' in engine ? [] : [createIcmpProbe(engine)];
 */
export function createIcmpProbe(engine: EchoEngine): Probe {
	return { name: 'icmp', run: (batch) => runBatch(engine, batch) };
}

async function runBatch(engine: EchoEngine, batch: ProbeBatch): Promise<void> {
	const { hosts, settings, report, left, signal } = batch;
	const indexes = new Uint32Array(hosts.length);
	const addresses: IpAddress[] = [];
	const unaddressed: number[] = [];
	for (const { address, index } of hosts) {
		if (address === undefined) unaddressed.push(index);
		else {
			indexes[addresses.length] = index;
			addresses.push(address);
		}
	}
	// A host whose name nobody resolved can not be asked.
	if (unaddressed.length > 0) {
		report(unsentBlock(unaddressed, 'error', 'internal'));
		left(unaddressed.length, 0);
	}
	if (addresses.length === 0) return;
	const reported = new Uint8Array(addresses.length);
	try {
		await engine.run({
			addresses,
			count: settings.count,
			attempts: settings.attempts,
			timeoutMs: settings.timeoutMs,
			intervalMs: settings.intervalMs,
			signal,
			left: (waitMs) => left(addresses.length, waitMs),
			report(block) {
				const index = new Uint32Array(block.length);
				for (let row = 0; row < block.length; row += 1) {
					const position = block.index[row]!;
					reported[position] = 1;
					index[row] = indexes[position]!;
				}
				report({ ...block, index });
			},
		});
	} catch (error) {
		if (signal.aborted) throw error;
		// The engine's trouble is this worker's, and says nothing about the hosts.
		const missing = Array.from(indexes.subarray(0, addresses.length)).filter(
			(_, position) => reported[position] === 0,
		);
		if (missing.length > 0) report(unsentBlock(missing, 'error', 'internal'));
	}
}
