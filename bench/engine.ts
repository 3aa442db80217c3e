/**
 * The ICMP engine alone, against hosts that are all alive, in a lab of network namespaces: hosts per second.
 *
 *   node bench/engine.ts [hosts=200000] [datagram|raw] [fping]
 */
import { execFileSync } from 'node:child_process';
import type { IpAddress } from '../shared/ip.ts';
import { formatIpv4 } from '../shared/ip.ts';
import { statuses } from '../shared/outcome.ts';
import { Pacer } from '../shared/pacer.ts';
import { createLab, labUnavailable } from '../tests/lab/lab.ts';
import { openEchoEngine } from '../worker/icmp/open.node.ts';
import { monotonicUs } from '../worker/monotonic.node.ts';

const firstHost = 0x0a00_0001;
const hostsPerJob = 16_384;
const jobsAtOnce = 4;

async function benchEngine(hosts: number, mode: 'datagram' | 'raw'): Promise<void> {
	const cell = new BigInt64Array(new SharedArrayBuffer(8));
	const pacer = new Pacer({ ratePerSecond: 0, cell, nowUs: monotonicUs });
	const engine = await openEchoEngine({ pacer, mode });
	if ('unavailable' in engine) throw new Error(engine.unavailable);
	const counts = new Map<string, number>();
	const startedAt = performance.now();
	let next = 0;
	const worker = async (): Promise<void> => {
		while (next < hosts) {
			const first = next;
			const length = Math.min(hostsPerJob, hosts - first);
			next += length;
			const addresses = Array.from(
				{ length },
				(_, i): IpAddress => ({ family: 4, value: firstHost + first + i }),
			);
			await engine.run({
				addresses,
				count: 1,
				attempts: 2,
				timeoutMs: 1000,
				intervalMs: 0,
				signal: new AbortController().signal,
				left: () => {},
				report(block) {
					for (let row = 0; row < block.length; row += 1) {
						const status = statuses[block.status[row]!]!;
						counts.set(status, (counts.get(status) ?? 0) + 1);
					}
				},
			});
		}
	};
	await Promise.all(Array.from({ length: jobsAtOnce }, worker));
	const seconds = (performance.now() - startedAt) / 1000;
	console.log(
		`engine ${engine.mode}: ${Math.round(hosts / seconds)} hosts/s`,
		Object.fromEntries(counts),
		engine.counters(),
	);
	await engine.close();
}

function benchFping(hosts: number, command: readonly [string, ...string[]]): void {
	// fping numbers its echoes with 16 bits and stops with an error beyond; -g takes a range.
	const length = Math.min(hosts, 60_000);
	const [file, ...args] = command;
	const startedAt = performance.now();
	const input = Array.from({ length }, (_, i) => formatIpv4(firstHost + i)).join('\n');
	const output = execFileSync(file, [...args, '-i', '0', '-r', '1', '-t', '1000', '-a'], {
		input,
		encoding: 'utf8',
		maxBuffer: 1e8,
		stdio: ['pipe', 'pipe', 'ignore'],
	});
	const seconds = (performance.now() - startedAt) / 1000;
	const alive = output.split('\n').length - 1;
	console.log(`fping: ${Math.round(length / seconds)} hosts/s, ${alive} of ${length} alive`);
}

const [hostsText = '200000', mode = 'datagram', peer] = process.argv.slice(2);
const unavailable = labUnavailable();
if (unavailable !== undefined) {
	console.error(`no lab: ${unavailable}`);
	process.exitCode = 1;
} else {
	const lab = await createLab();
	try {
		await lab.enter();
		await benchEngine(Number(hostsText), mode === 'raw' ? 'raw' : 'datagram');
		if (peer === 'fping') benchFping(Number(hostsText), ['fping']);
	} finally {
		lab.close();
	}
}
