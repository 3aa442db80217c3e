/** zmap: raw frames, needs root. One sending thread is its best arrangement here: with two it loses replies. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Contender } from '../bench.ts';
import { addressBlocks, firstAliveHost, writeList } from '../hosts.ts';
import { failed, measureInLab } from '../process.ts';
import type { Peer } from './peer.ts';
import { versionFrom } from './peer.ts';
import { WireTime } from './wire-time.ts';

export const zmap: Peer = {
	name: 'zmap',
	packageName: 'zmap',
	version: () => versionFrom('zmap', ['--version'], /zmap ([\d.]+)/),
};

const lookMs = 3;

/** Probes alive hosts; the time is that of its packets. */
export function zmapContender(bench: Bench): Contender {
	const list = writeList(
		bench.folder,
		'zmap.txt',
		`${addressBlocks(firstAliveHost, bench.hosts).join('\n')}\n`,
	);
	const found = join(bench.folder, 'zmap.out');
	const command = [
		...['zmap', '--probe-module=icmp_echoscan', '--interface', bench.link, '--source-ip', '10.200.0.1'],
		...['--gateway-mac', '02:00:00:00:00:02', '--rate', '0', '--sender-threads', '1', '--cooldown-time', '1'],
		...[
			'--whitelist-file',
			list,
			'--blacklist-file',
			'/dev/null',
			'--output-file',
			found,
			'--verbosity',
			'0',
			'--quiet',
		],
	] as [string, ...string[]];
	return {
		name: 'zmap',
		async run() {
			const wire = new WireTime(bench);
			const ended = await measureInLab(bench, command, { watch: (pid) => wire.look(pid), everyMs: lookMs });
			if (ended.code !== 0) throw failed(command, ended);
			const up = readFileSync(found, 'latin1').split('\n').length - 1;
			rmSync(found);
			return { hosts: bench.hosts, up, seconds: wire.seconds, figures: { 'CPU s': ended.cpuSeconds } };
		},
	};
}
