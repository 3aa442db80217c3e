/** The icmp probe: echo requests from whatever engine this machine has. */
import type { IpAddress } from '../../shared/ip.ts';
import { unsentBlock } from '../../shared/results.ts';
import type { EchoAddresses, EchoEngine } from '../icmp/echo-engine.ts';
import type { BatchReporting, Probe, ProbeBatch } from './probe.ts';

/**
 * @example
 * const engine = await openEchoEngine({ pacer });
 * const probes = 'unavailable' in engine ? [] : [createIcmpProbe(engine)];
 */
export function createIcmpProbe(engine: EchoEngine): Probe {
	return {
		name: 'icmp',
		run: (batch) => runBatch(engine, batch),
		runIpv4: (batch) => runEchoes(engine, batch, batch.index, batch.ipv4),
	};
}

async function runBatch(engine: EchoEngine, batch: ProbeBatch): Promise<void> {
	const { hosts, report, left } = batch;
	const indexes: number[] = [];
	const addresses: IpAddress[] = [];
	const unaddressed: number[] = [];
	for (const { address, index } of hosts) {
		if (address === undefined) unaddressed.push(index);
		else {
			indexes.push(index);
			addresses.push(address);
		}
	}
	// A host whose name nobody resolved can not be asked.
	if (unaddressed.length > 0) {
		report(unsentBlock(unaddressed, 'error', 'internal'));
		left(unaddressed.length, 0);
	}
	if (addresses.length > 0) await runEchoes(engine, batch, Uint32Array.from(indexes), addresses);
}

/** @param indexes position in the request of each address */
async function runEchoes(
	engine: EchoEngine,
	{ settings, caller, report, left, signal }: BatchReporting,
	indexes: Uint32Array,
	addresses: EchoAddresses,
): Promise<void> {
	const reported = new Uint8Array(indexes.length);
	try {
		await engine.run({
			addresses,
			count: settings.count,
			attempts: settings.attempts,
			timeoutMs: settings.timeoutMs,
			intervalMs: settings.intervalMs,
			...(caller !== undefined && { caller }),
			signal,
			left: (waitMs) => left(indexes.length, waitMs),
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
		const missing = indexes.filter((_, position) => reported[position] === 0);
		if (missing.length > 0) report(unsentBlock(missing, 'error', 'internal'));
	}
}
