/**
 * fping. It numbers its echo requests with 16 bits and stops with an error beyond 65,535 addresses, so a longer
 * list takes several runs. One after another is its best arrangement: side by side, each of its raw sockets gets
 * the replies to all of them (two cores, 240,000 hosts: one at a time 109,000/s, two 87,000/s, four 50,000/s).
 */
import type { Bench, Contender } from '../bench.ts';
import { addressLines, firstAliveHost } from '../hosts.ts';
import { failed, measureInLab } from '../process.ts';
import type { Peer } from './peer.ts';
import { versionFrom } from './peer.ts';

export const fping: Peer = {
	name: 'fping',
	packageName: 'fping',
	version: () => versionFrom('fping', ['--version'], /Version ([\d.]+)/),
};

const hostsPerRun = 60_000;

/** Probes alive hosts; the time is that of its processes. */
export function fpingContender(bench: Bench): Contender {
	const runs: string[] = [];
	for (let from = 0; from < bench.hosts; from += hostsPerRun) {
		runs.push(addressLines(firstAliveHost + from, Math.min(hostsPerRun, bench.hosts - from)));
	}
	return {
		name: 'fping',
		async run() {
			let [seconds, up, cpuSeconds] = [0, 0, 0];
			for (const stdin of runs) {
				const command = ['fping', '-a', '-i', '0', '-r', '1', '-t', '1000'] as const;
				const ended = await measureInLab(bench, command, { stdin });
				// 1: some hosts did not answer.
				if (ended.code !== 0 && ended.code !== 1) throw failed(command, ended);
				seconds += ended.seconds;
				cpuSeconds += ended.cpuSeconds;
				up += ended.stdout.split('\n').length - 1;
			}
			return { hosts: bench.hosts, up, seconds, figures: { 'CPU s': cpuSeconds } };
		},
	};
}
