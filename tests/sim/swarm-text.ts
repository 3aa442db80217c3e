/** The settings of a seed, in words. */
import type { Swarm, WorkerTraits } from './swarm.ts';
import { drawSwarm } from './swarm.ts';

export function swarmText(seed: number): string {
	const swarm = drawSwarm(seed);
	return [
		`seed ${seed}: ${swarm.hosts} hosts (${hostsText(swarm)}), probes ${swarm.probes.join(', ')}`,
		`  settings ${JSON.stringify(swarm.settings)}`,
		`  chunks ${swarm.chunkHosts ?? 'of any size'}, requests per worker ${swarm.concurrency ?? 'any'}, ` +
			`fleet's rate ${swarm.ratePerSecond || 'any'}, worker timeout ${swarm.workerTimeoutMs} ms`,
		`  list in windows of ${swarm.windowHosts} within ${swarm.readMs} ms, ${swarm.pendingHostsMax} may wait; ` +
			`store takes ${swarm.bufferRows} rows, commits in ${swarm.commitMs} ms`,
		...swarm.workers.map((worker) => `  ${workerText(worker)}`),
		`  faults until ${swarm.healAfterMs} ms: ${faultsText(swarm)}`,
	].join('\n');
}

function hostsText({ shares, poisonous, unacceptable, blindShare }: Swarm): string {
	const parts = Object.entries(shares).map(([name, share]) => `${percent(share)} ${name}`);
	if (poisonous > 0) parts.push(`${poisonous} poisonous`);
	if (unacceptable > 0) parts.push(`${unacceptable} unacceptable`);
	if (blindShare > 0) parts.push(`${percent(blindShare)} without a route per worker`);
	return parts.join(', ');
}

function workerText(worker: WorkerTraits): string {
	const { name, probes, speed, saysRate, delayMs, jitterMs, heartbeatMs, weight, isMetFirst, vice } = worker;
	const { hostsPerRequestMax, probesPerRequestMax, hostsInFlightMax, bodyBytesMax, hostsPassedMax } = worker;
	return [
		`${name}: ${probes.join(', ')}; ${speed}/s${saysRate ? ', and says so' : ''}`,
		`${hostsPerRequestMax} hosts and ${probesPerRequestMax ?? 'any'} probes per request, ${bodyBytesMax} bytes`,
		`${hostsInFlightMax} in flight; ${delayMs.toFixed(1)} to ${(delayMs + jitterMs).toFixed(1)} ms away`,
		`${heartbeatMs > 0 ? 'says that it lives' : 'silent'}, weight ${weight}${isMetFirst ? '' : ', not met at first'}`,
		`${hostsPassedMax} pass${vice === undefined ? '' : `; ${vice.toUpperCase()}`}`,
	].join('; ');
}

function faultsText({ faults }: Swarm): string {
	if (faults.size === 0) return 'none';
	return [...faults]
		.map(([name, strength]) =>
			strength < 1 ? `${name} ${percent(strength)}` : `${name} every ${strength} ms`,
		)
		.join(', ');
}

function percent(share: number): string {
	return `${(share * 100).toFixed(1)} %`;
}
