/**
 * A network of our own: two namespaces joined by a veth pair. Programs under test run in the near one; the far
 * one answers for millions of addresses, by this plan:
 *
 *   10.0.0.0/10    fd00:a::/64   alive: answered by the kernel
 *   10.128.0.0/10  fd00:d::/64   dead: dropped without a word
 *   10.192.0.0/16  fd00:b::/64   host unreachable (IPv6: address unreachable)
 *   10.193.0.0/16  fd00:f::/64   administratively prohibited
 *   10.194.0.0/16  fd00:e::/64   network unreachable (IPv6: no route)
 *   10.64.0.0/11   fd00:40::/27  a responder that misbehaves: see responder.ts
 *
 * Nothing leaves the machine: the veth pair is the only way out of either namespace.
 */

import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface LabOptions {
	/** net.ipv4.ping_group_range of the near namespace. Default: every group, so that datagram sockets work */
	readonly pingGroupRange?: string;
	/** starts the misbehaving responder. Default: false */
	readonly responder?: boolean;
}

export interface Lab {
	readonly near: string;
	readonly far: string;
	/** a command line that runs `command` in the near namespace */
	command(command: string, ...args: string[]): [string, ...string[]];
	/** runs a program to its end in the near namespace and gives its output */
	exec(command: string, ...args: string[]): string;
	/** the same in the far one */
	execFar(command: string, ...args: string[]): string;
	/** moves this thread into the near namespace; threads and processes that it starts begin there */
	enter(): Promise<void>;
	/** moves it back */
	leave(): void;
	/** takes everything down; safe to call twice */
	close(): void;
}

const nearMac = '02:00:00:00:00:01';
const farMac = '02:00:00:00:00:02';

const tools = ['ip', 'iptables', 'ip6tables'];
const toolDirectories = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** Why no lab can be built here, or `undefined` when it can. */
export function labUnavailable(): string | undefined {
	if (process.platform !== 'linux') return 'network namespaces need Linux';
	if (process.getuid?.() !== 0) return 'network namespaces need root';
	const missing = tools.find((tool) => !toolDirectories.some((path) => existsSync(`${path}/${tool}`)));
	if (missing !== undefined) return `the ${missing} command is missing`;
	const name = `pp-try-${process.pid}`;
	try {
		execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
		execFileSync('ip', ['netns', 'delete', name], { stdio: 'pipe' });
		return undefined;
	} catch {
		return 'network namespaces are not permitted here';
	}
}

/** Why the misbehaving responder can not run here, or `undefined` when it can. */
export function responderUnavailable(): string | undefined {
	try {
		accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
		return labUnavailable();
	} catch {
		return '/dev/net/tun can not be opened';
	}
}

let labs = 0;

/** Builds a lab. Whoever builds it closes it, also on failure. */
export async function createLab({
	pingGroupRange = '0 2147483647',
	responder = false,
}: LabOptions = {}): Promise<Lab> {
	labs += 1;
	const tag = `${process.pid}-${labs}`;
	const near = `pp-near-${tag}`;
	const far = `pp-far-${tag}`;
	const lab = new NamespaceLab(near, far);
	// A hook that timed out or an exception that nobody caught must not leave namespaces behind.
	process.once('exit', lab.onExit);
	try {
		lab.build(`pn${tag}`, `pf${tag}`, pingGroupRange);
		if (responder) await lab.startResponder();
		return lab;
	} catch (error) {
		lab.close();
		throw error;
	}
}

function rejections(command: string, blocks: readonly (readonly [string, string])[]): string[] {
	return blocks.map(([block, how]) => `${command} -w -A FORWARD -d ${block} -j REJECT --reject-with ${how}`);
}

function ip(...args: string[]): void {
	execFileSync('ip', args, { stdio: 'pipe' });
}

class NamespaceLab implements Lab {
	readonly near: string;
	readonly far: string;
	#home: number | undefined;
	#setns: ((fd: number) => void) | undefined;
	#responder: ChildProcess | undefined;
	#closed = false;
	readonly onExit = (): void => this.close();

	constructor(near: string, far: string) {
		this.near = near;
		this.far = far;
	}

	build(nearLink: string, farLink: string, pingGroupRange: string): void {
		ip('netns', 'add', this.near);
		ip('netns', 'add', this.far);
		ip(
			...['link', 'add', nearLink, 'address', nearMac, 'netns', this.near, 'type', 'veth'],
			...['peer', 'name', farLink, 'address', farMac, 'netns', this.far],
		);
		this.#script(this.near, [
			`echo '${pingGroupRange}' > /proc/sys/net/ipv4/ping_group_range`,
			'ip link set lo up',
			`ip addr add 10.200.0.1/24 dev ${nearLink}`,
			`ip addr add fd00:ffff::1/64 dev ${nearLink} nodad`,
			`ip link set ${nearLink} up`,
			// Neighbours that had to be found first would cost a lab its first packets.
			`ip neigh add 10.200.0.2 lladdr ${farMac} dev ${nearLink} nud permanent`,
			`ip neigh add fd00:ffff::2 lladdr ${farMac} dev ${nearLink} nud permanent`,
			'ip route add default via 10.200.0.2',
			'ip -6 route add default via fd00:ffff::2',
		]);
		this.#script(this.far, [
			'echo 1 > /proc/sys/net/ipv4/ip_forward',
			'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
			'echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter',
			'echo 0 > /proc/sys/net/ipv4/conf/default/rp_filter',
			// Linux limits how many errors it sends; the tests want every one.
			'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit',
			'echo 0 > /proc/sys/net/ipv4/icmp_ratemask',
			'echo 1000000 > /proc/sys/net/ipv4/icmp_msgs_per_sec 2> /dev/null || true',
			'echo 1000000 > /proc/sys/net/ipv4/icmp_msgs_burst 2> /dev/null || true',
			'echo 0 > /proc/sys/net/ipv6/icmp/ratelimit',
			'ip link set lo up',
			`ip addr add 10.200.0.2/24 dev ${farLink}`,
			`ip addr add fd00:ffff::2/64 dev ${farLink} nodad`,
			`ip link set ${farLink} up`,
			`ip neigh add 10.200.0.1 lladdr ${nearMac} dev ${farLink} nud permanent`,
			`ip neigh add fd00:ffff::1 lladdr ${nearMac} dev ${farLink} nud permanent`,
			'ip route add local 10.0.0.0/10 dev lo',
			'ip route add blackhole 10.128.0.0/10',
			// Routes of the kind "unreachable" tell each source once a second only: the firewall does every time, to
			// what would be forwarded to a link that leads nowhere.
			'ip link add nowhere type veth peer name void',
			'ip link set nowhere up',
			'ip link set void up',
			'ip route add 10.192.0.0/14 dev nowhere',
			...rejections('iptables', [
				['10.192.0.0/16', 'icmp-host-unreachable'],
				['10.193.0.0/16', 'icmp-admin-prohibited'],
				['10.194.0.0/16', 'icmp-net-unreachable'],
			]),
			'ip -6 route add local fd00:a::/64 dev lo',
			'ip -6 route add blackhole fd00:d::/64',
			'ip -6 route add fd00:b::/64 dev nowhere',
			'ip -6 route add fd00:e::/64 dev nowhere',
			'ip -6 route add fd00:f::/64 dev nowhere',
			...rejections('ip6tables', [
				['fd00:b::/64', 'icmp6-addr-unreachable'],
				['fd00:e::/64', 'icmp6-no-route'],
				['fd00:f::/64', 'icmp6-adm-prohibited'],
			]),
		]);
	}

	#script(namespace: string, lines: readonly string[]): void {
		execFileSync('ip', ['netns', 'exec', namespace, 'sh', '-e', '-c', lines.join('\n')], { stdio: 'pipe' });
	}

	startResponder(): Promise<void> {
		const script = fileURLToPath(new URL('./responder.ts', import.meta.url));
		const child = spawn('ip', ['netns', 'exec', this.far, process.execPath, script, 'pptun'], {
			stdio: ['pipe', 'pipe', 'inherit'],
		});
		this.#responder = child;
		return new Promise((resolve, reject) => {
			child.once('exit', (code) => reject(new Error(`the responder ended with ${code}`)));
			createInterface({ input: child.stdout! }).once('line', () => {
				this.#script(this.far, [
					// On a busy machine the responder is kept waiting: what it is sent meanwhile must not get lost.
					'ip link set pptun txqueuelen 20000 up',
					'ip route add 10.64.0.0/11 dev pptun',
					'ip -6 route add fd00:40::/27 dev pptun',
				]);
				resolve();
			});
		});
	}

	command(command: string, ...args: string[]): [string, ...string[]] {
		return ['ip', 'netns', 'exec', this.near, command, ...args];
	}

	exec(command: string, ...args: string[]): string {
		return execFileSync('ip', ['netns', 'exec', this.near, command, ...args], {
			stdio: 'pipe',
			encoding: 'utf8',
		});
	}

	execFar(command: string, ...args: string[]): string {
		return execFileSync('ip', ['netns', 'exec', this.far, command, ...args], {
			stdio: 'pipe',
			encoding: 'utf8',
		});
	}

	async enter(): Promise<void> {
		const { default: koffi } = await import('koffi');
		const setns = koffi.load(null).func('int setns(int, int)');
		const networkNamespace = 0x40000000;
		this.#setns = (fd) => {
			if (setns(fd, networkNamespace) !== 0) throw new Error(`setns: errno ${koffi.errno()}`);
		};
		this.#home = openSync('/proc/thread-self/ns/net', 'r');
		const inside = openSync(`/run/netns/${this.near}`, 'r');
		try {
			this.#setns(inside);
		} finally {
			closeSync(inside);
		}
	}

	leave(): void {
		if (this.#home === undefined) return;
		this.#setns!(this.#home);
		closeSync(this.#home);
		this.#home = undefined;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		process.off('exit', this.onExit);
		this.leave();
		this.#responder?.removeAllListeners('exit');
		this.#responder?.kill('SIGKILL');
		for (const name of [this.near, this.far]) {
			try {
				ip('netns', 'delete', name);
			} catch {
				// It was never added.
			}
		}
	}
}
