/**
 * A lab with workers in namespaces of their own. Each has a link to the far one, which answers for the hosts of
 * lab.ts and forwards between the workers and a master in the near one:
 *
 *   near 10.200.0.1 ── far ── worker i: 10.201.i.1
 */
import { execFileSync } from 'node:child_process';
import type { Lab } from './lab.ts';
import { createLab } from './lab.ts';

export interface WorkerPlace {
	/** where its worker listens */
	readonly address: string;
	/** a command line that runs `command` in its namespace */
	command(command: string, ...args: string[]): [string, ...string[]];
	/** drops everything between it and the near namespace; its way to the hosts stays */
	cut(): void;
	/** takes that back */
	mend(): void;
}

export interface FleetLab {
	readonly lab: Lab;
	readonly places: readonly WorkerPlace[];
	/** takes everything down; safe to call twice */
	close(): void;
}

const masterAddress = '10.200.0.1';

/** Builds a lab and so many places for workers. Whoever builds it closes it, also on failure. */
export async function createFleetLab(workers: number): Promise<FleetLab> {
	const lab = await createLab();
	const names: string[] = [];
	const close = (): void => {
		process.off('exit', close);
		for (const name of names.splice(0)) ip('netns', 'delete', name);
		lab.close();
	};
	// A hook that timed out or an exception that nobody caught must not leave namespaces behind.
	process.once('exit', close);
	try {
		const places = Array.from({ length: workers }, (_, i) => {
			const name = lab.near.replace('near', `w${i}`);
			ip('netns', 'add', name);
			names.push(name);
			return buildPlace(lab, name, i);
		});
		return { lab, places, close };
	} catch (error) {
		close();
		throw error;
	}
}

function buildPlace(lab: Lab, name: string, i: number): WorkerPlace {
	const address = `10.201.${i}.1`;
	const gateway = `10.201.${i}.2`;
	const macs = { near: `02:00:00:00:01:0${i}`, far: `02:00:00:00:02:0${i}` };
	const links = { near: `uplink${i}`, far: `worker${i}` };
	ip(
		...['link', 'add', links.near, 'address', macs.near, 'netns', name, 'type', 'veth'],
		...['peer', 'name', links.far, 'address', macs.far, 'netns', lab.far],
	);
	ip('-n', name, 'link', 'set', 'lo', 'up');
	// Every group, as in the near namespace.
	execFileSync(
		'ip',
		['netns', 'exec', name, 'sh', '-c', "echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range"],
		{ stdio: 'pipe' },
	);
	for (const [namespace, link, own, other, mac] of [
		[name, links.near, address, gateway, macs.far],
		[lab.far, links.far, gateway, address, macs.near],
	] as const) {
		ip('-n', namespace, 'addr', 'add', `${own}/24`, 'dev', link);
		ip('-n', namespace, 'link', 'set', link, 'up');
		ip('-n', namespace, 'neigh', 'add', other, 'lladdr', mac, 'dev', link, 'nud', 'permanent');
	}
	ip('-n', name, 'route', 'add', 'default', 'via', gateway);
	const ways = [
		['-s', masterAddress, '-d', address],
		['-s', address, '-d', masterAddress],
	];
	const change = (how: string): void => {
		for (const way of ways) lab.execFar('iptables', '-w', how, 'FORWARD', ...way, '-j', 'DROP');
	};
	return {
		address,
		command: (command, ...args) => ['ip', 'netns', 'exec', name, command, ...args],
		cut: () => change('-I'),
		mend: () => change('-D'),
	};
}

function ip(...args: string[]): void {
	execFileSync('ip', args, { stdio: 'pipe' });
}
