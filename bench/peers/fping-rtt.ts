/** fping at a low rate, for the round-trip times that it sees. */
import type { Bench, Contender } from '../bench.ts';
import { addressLines, firstAliveHost } from '../hosts.ts';
import { measureInLab } from '../process.ts';
import { medianOf } from '../statistics.ts';

/** @param ratePerSecond echo requests */
export function fpingRttContender(bench: Bench, hosts: number, ratePerSecond: number): Contender {
	const stdin = addressLines(firstAliveHost, hosts);
	return {
		name: `fping, ${ratePerSecond} hosts/s`,
		async run() {
			const command = ['fping', '-C', '1', '-q', '-r', '0', '-i', String(1000 / ratePerSecond)] as const;
			const { stderr, seconds } = await measureInLab(bench, command, { stdin });
			// "10.0.0.1 : 0.052"; a minus stands for no answer.
			const rtts = Array.from(stderr.matchAll(/^\S+ +: ([\d.]+)$/gm), ([, ms]) => Number(ms));
			return { hosts, up: rtts.length, seconds, figures: { 'RTT median ms': medianOf(rtts) } };
		},
	};
}
