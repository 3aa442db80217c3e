import { spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../shared/clock.ts';
import { systemClock } from '../../../shared/clock.ts';
import { parseIp, parseIpv4 } from '../../../shared/ip.ts';
import {
	createOwnAddresses,
	localBlocksOfRoutes,
	localBlocksOfTrie,
} from '../../../worker/policy/own-addresses.node.ts';
import { testUnless, withoutCommand } from '../../requirements.ts';

function clockOf(time: { ms: number }): Clock {
	return { wallMs: () => time.ms, monotonicMs: () => time.ms, sleep: () => Promise.reject(new Error('no')) };
}

/** Why no namespace can be made here, or `undefined`. */
function withoutNamespaces(): string | undefined {
	if (process.getuid?.() !== 0) return 'needs root';
	return withoutCommand('ip');
}

describe('own addresses', () => {
	it('are those of every interface, of both families', () => {
		const known = (): string[] =>
			Object.values(networkInterfaces()).flatMap((list) => list!.map((one) => one.address));
		const before = known();
		const own = createOwnAddresses(systemClock)();
		// Others may make interfaces meanwhile, and take them away.
		const after = new Set(known());
		const addresses = before.filter((address) => after.has(address));
		expect(addresses.length).toBeGreaterThan(0);
		for (const address of addresses)
			expect(own.has(parseIp(address.replace(/%.*/, ''))!), address).toBe(true);
		expect(own.hasIpv4(parseIpv4('192.0.2.1'))).toBe(false);
	});

	it('are looked at once a second, and are the same set as long as nothing changes', () => {
		const time = { ms: 0 };
		let blocks = ['192.0.2.1'];
		let reads = 0;
		const own = createOwnAddresses(clockOf(time), () => {
			reads += 1;
			return blocks;
		});
		const first = own();
		time.ms = 999;
		blocks = ['192.0.2.1', '192.0.2.2', 'fd00::1/128'];
		expect(own()).toBe(first);
		expect(reads).toBe(1);
		time.ms = 1_000;
		const second = own();
		expect(second.hasIpv4(parseIpv4('192.0.2.2'))).toBe(true);
		expect(second.has(parseIp('fd00::1')!)).toBe(true);
		time.ms = 2_000;
		expect(own()).toBe(second);
		expect(reads).toBe(3);
	});

	it('stay as they were while the machine is too short of something to say them', () => {
		const time = { ms: 0 };
		let trouble: string | undefined;
		const own = createOwnAddresses(clockOf(time), () => {
			if (trouble !== undefined) throw Object.assign(new Error('too many open files'), { code: trouble });
			return ['192.0.2.1'];
		});
		trouble = 'ERR_SYSTEM_ERROR';
		// Nothing is known yet: nothing may be probed.
		for (const _ of [1, 2]) expect(own).toThrow('too many open files');
		trouble = undefined;
		expect(own().hasIpv4(parseIpv4('192.0.2.1'))).toBe(true);
		trouble = 'EMFILE';
		time.ms = 2_000;
		expect(own().hasIpv4(parseIpv4('192.0.2.1'))).toBe(true);
	});

	testUnless(
		process.platform === 'linux' ? undefined : 'needs /proc',
		'are not taken for fewer when no descriptor is left to read them with',
		() => {
			const module = fileURLToPath(new URL('../../../worker/policy/own-addresses.node.ts', import.meta.url));
			const program = `
				import { openSync } from 'node:fs';
				import { createOwnAddresses } from '${module}';
				let ms = 0;
				const clock = { monotonicMs: () => (ms += 1_000) };
				const known = createOwnAddresses(clock);
				const before = known().size;
				const unknown = createOwnAddresses(clock);
				try { for (;;) openSync('/dev/null', 'r'); } catch {}
				let said = 'nothing';
				try { unknown(); } catch (error) { said = error.code; }
				console.log(JSON.stringify([before > 0, known().size === before, said !== 'nothing']));
			`;
			const limited = ['-c', `ulimit -n 100; exec "$0" "$@"`, process.execPath];
			const { stdout, stderr } = spawnSync(
				'sh',
				[...limited, '--input-type=module-typescript', '-e', program],
				{
					encoding: 'utf8',
				},
			);
			expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: '[true,true,true]', stderr: '' });
		},
	);

	testUnless(withoutNamespaces(), 'are those without a carrier and those of local routes as well', () => {
		const name = `pingpool-own-${process.pid}`;
		const module = fileURLToPath(new URL('../../../worker/policy/own-addresses.node.ts', import.meta.url));
		const program = `
			import { createOwnAddresses } from '${module}';
			import { systemClock } from '${fileURLToPath(new URL('../../../shared/clock.ts', import.meta.url))}';
			import { parseIp } from '${fileURLToPath(new URL('../../../shared/ip.ts', import.meta.url))}';
			const own = createOwnAddresses(systemClock)();
			const asked = ['10.77.0.1', 'fd77::1', '10.90.1.2', 'fd90::5', '10.77.0.2', 'fd77::2', '10.91.0.1'];
			console.log(JSON.stringify(asked.map((text) => own.has(parseIp(text)))));
		`;
		const ip = (...args: string[]): void => {
			const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
			if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
		};
		ip('netns', 'add', name);
		try {
			const inside = ['-n', name];
			ip(...inside, 'link', 'set', 'lo', 'up');
			ip(...inside, 'link', 'add', 'veth-a', 'type', 'veth', 'peer', 'name', 'veth-b');
			ip(...inside, 'addr', 'add', '10.77.0.1/24', 'dev', 'veth-a');
			ip(...inside, 'addr', 'add', 'fd77::1/64', 'dev', 'veth-a', 'nodad');
			// Its peer stays down: no carrier.
			ip(...inside, 'link', 'set', 'veth-a', 'up');
			ip(...inside, 'route', 'add', 'local', '10.90.0.0/16', 'dev', 'lo');
			ip(...inside, '-6', 'route', 'add', 'local', 'fd90::/64', 'dev', 'lo');
			const node = [process.execPath, '--input-type=module', '--eval', program];
			const { stdout, stderr } = spawnSync('ip', ['netns', 'exec', name, ...node], { encoding: 'utf8' });
			expect(stderr).toBe('');
			expect(JSON.parse(stdout)).toEqual([true, true, true, true, false, false, false]);
		} finally {
			ip('netns', 'del', name);
		}
	});
});

describe('tables of the kernel', () => {
	it('name what is delivered locally', () => {
		const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
Local:
  +-- 127.0.0.0/8 2 0 2
     +-- 127.0.0.0/31 1 0 0
        |-- 127.0.0.0
           /32 link BROADCAST
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
  +-- 192.0.2.0/24 2 0 2
     |-- 192.0.2.7
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
`;
		expect(localBlocksOfTrie(trie)).toEqual(['127.0.0.0/8', '127.0.0.1/32', '192.0.2.7/32']);
		const zero = '00000000000000000000000000000000';
		const route = (to: string, prefix: string, flags: string): string =>
			`${to} ${prefix} ${zero} 00 ${zero} 00000000 00000002 00000000 ${flags}     eth0`;
		const routes = [
			route('20010db8000000000000000000000007', '80', '80200001'),
			route('20010db8000000000000000000000000', '40', '00000001'),
			route('20010db8000000000000000000000000', '80', '00300001'),
			route('fd900000000000000000000000000000', '40', '80000001'),
			'not a route',
		].join('\n');
		expect(localBlocksOfRoutes(routes)).toEqual([
			'2001:0db8:0000:0000:0000:0000:0000:0007/128',
			'2001:0db8:0000:0000:0000:0000:0000:0000/128',
			'fd90:0000:0000:0000:0000:0000:0000:0000/64',
		]);
		expect(localBlocksOfTrie('')).toEqual([]);
		expect(localBlocksOfRoutes('')).toEqual([]);
	});
});
