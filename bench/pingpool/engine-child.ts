/**
 * The ICMP engine alone, in a process of its own: `node engine-child.ts HOSTS MODE`. Prints one line of JSON. The
 * time is that from the first job to the last result; the engine is open by then.
 */
import type { IpAddress } from '../../shared/ip.ts';
import { requestDefaults } from '../../shared/limits.ts';
import { statusCode } from '../../shared/outcome.ts';
import { Pacer } from '../../shared/pacer.ts';
import { openEchoEngine } from '../../worker/icmp/open.node.ts';
import { monotonicUs } from '../../worker/monotonic.node.ts';
import { firstAliveHost } from '../hosts.ts';

/** As a master asks for them. */
const hostsPerJob = 4_096;
const jobsAtOnce = 16;

const hosts = Number(process.argv[2]);
const mode = process.argv[3] === 'raw' ? 'raw' : 'datagram';
const cell = new BigInt64Array(new SharedArrayBuffer(8));
const engine = await openEchoEngine({
	pacer: new Pacer({ ratePerSecond: 0, cell, nowUs: monotonicUs }),
	mode,
});
if ('unavailable' in engine) throw new Error(engine.unavailable);

const isUp = statusCode('up');
let [next, up, answered] = [0, 0, 0];
const { signal } = new AbortController();

async function runJobs(): Promise<void> {
	while (next < hosts) {
		const first = firstAliveHost + next;
		const length = Math.min(hostsPerJob, hosts - next);
		next += length;
		await engineRun(Array.from({ length }, (_, i): IpAddress => ({ family: 4, value: first + i })));
	}
}

async function engineRun(addresses: readonly IpAddress[]): Promise<void> {
	if ('unavailable' in engine) return;
	await engine.run({
		...requestDefaults,
		addresses,
		signal,
		left: () => undefined,
		report(block) {
			answered += block.length;
			for (let row = 0; row < block.length; row += 1) if (block.status[row] === isUp) up += 1;
		},
	});
}

const startedAt = performance.now();
await Promise.all(Array.from({ length: jobsAtOnce }, runJobs));
const seconds = (performance.now() - startedAt) / 1000;
console.log(JSON.stringify({ hosts: answered, up, seconds, counters: engine.counters() }));
await engine.close();
