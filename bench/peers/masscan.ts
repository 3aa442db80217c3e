/**
 * masscan: raw frames, needs root. It captures replies slower than it can send, so what it loses is shown. On a
 * veth pair it does not end after its wait; it is ended when nothing has come back for a second.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Contender } from '../bench.ts';
import { addressRange, firstAliveHost } from '../hosts.ts';
import { measureInLab } from '../process.ts';
import type { Peer } from './peer.ts';
import { versionFrom } from './peer.ts';
import { WireTime } from './wire-time.ts';

export const masscan: Peer = {
	name: 'masscan',
	packageName: 'masscan',
	version: () => versionFrom('masscan', ['--version'], /Masscan version ([\d.]+)/),
};

const lookMs = 3;
const quietMsMax = 1_000;

/** Probes alive hosts; the time is that of its packets. */
export function masscanContender(bench: Bench): Contender {
	const found = join(bench.folder, 'masscan.out');
	const command = [
		...['masscan', '--ping', '--interface', bench.link, '--adapter-ip', '10.200.0.1'],
		...['--router-mac', '02-00-00-00-00-02', '--rate', '10000000', '--wait', '1'],
		...[addressRange(firstAliveHost, bench.hosts), '-oL', found],
	] as [string, ...string[]];
	return {
		name: 'masscan',
		async run() {
			const wire = new WireTime(bench);
			let interrupted = false;
			const watch = (pid: number): void => {
				wire.look(pid);
				if (interrupted || wire.quietMs < quietMsMax) return;
				interrupted = true;
				process.kill(pid, 'SIGINT');
			};
			const { cpuSeconds } = await measureInLab(bench, command, { watch, everyMs: lookMs });
			const up = new Set(readFileSync(found, 'latin1').match(/^open icmp 0 \S+/gm)).size;
			rmSync(found);
			return { hosts: bench.hosts, up, seconds: wire.seconds, figures: { 'CPU s': cpuSeconds } };
		},
	};
}
