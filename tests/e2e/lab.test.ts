/** The whole program in a network of its own, where hosts are dead and out of reach as well. */
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import { describeUnless } from '../requirements.ts';
import { Workspace } from './command-line.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

describeUnless(labUnavailable(), 'in a lab', () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await createLab();
	});
	afterAll(() => lab?.close());

	test('20,000 hosts alive, dead and out of reach each have their status, once', async () => {
		/** block, hosts, status, reason */
		const plan = [
			['10.0.0.0/18', 16_384, 'up', null],
			['10.128.0.0/21', 2_048, 'down', 'timeout'],
			['10.192.0.0/22', 1_024, 'down', 'host-unreachable'],
			['10.193.0.0/24', 256, 'down', 'admin-prohibited'],
			['10.194.0.0/24', 256, 'down', 'net-unreachable'],
			['fd00:a::/120', 256, 'up', null],
			['fd00:d::/120', 256, 'down', 'timeout'],
		] as const;
		space.write(
			'hosts.txt',
			plan.map(([block]) => block),
		);
		const { code, stdout, stderr } = await space.master(
			['--rate', '0', '--timeout', '500', '--fail-on-down', '--json'],
			{ lab },
		);
		expect(stderr).toBe('20,480 hosts\nworker embedded: icmp (datagram), tcp, http\n');
		expect(JSON.parse(stdout)).toMatchObject({ hosts: 20_480, up: 16_640, down: 3_840, error: 0 });
		expect(code).toBe(3);
		const prefixes = `CASE WHEN host LIKE '10.0.%' THEN 0 WHEN host LIKE '10.128.%' THEN 1
			WHEN host LIKE '10.192.%' THEN 2 WHEN host LIKE '10.193.%' THEN 3 WHEN host LIKE '10.194.%' THEN 4
			WHEN host LIKE 'fd00:a:%' THEN 5 ELSE 6 END`;
		for (const table of ['hosts', 'results']) {
			const groups = space.rows(
				`SELECT ${prefixes} AS block, status, reason, count(*) AS n, count(DISTINCT host) AS hosts
				FROM ${table} GROUP BY 1, 2, 3 ORDER BY 1`,
			);
			expect(groups).toEqual(
				plan.map(([, n, status, reason], block) => ({ block, status, reason, n, hosts: n })),
			);
		}
	});

	test('packets per host are counted, and lost ones are said', async () => {
		space.write('hosts.txt', ['10.0.0.1', '10.128.0.1']);
		const { code } = await space.master(
			['--count', '4', '--interval', '20', '--timeout', '300', '--fail-on-down'],
			{ lab },
		);
		expect(code).toBe(3);
		expect(
			space.rows('SELECT host, sent, received, loss_percent AS loss FROM results ORDER BY host'),
		).toEqual([
			{ host: '10.0.0.1', sent: 4, received: 4, loss: 0 },
			{ host: '10.128.0.1', sent: 4, received: 0, loss: 100 },
		]);
	});
});

describeUnless(labUnavailable(), 'a machine without a network', () => {
	const name = `pp-offline-${process.pid}`;
	const offline = {
		command: (command: string, ...args: string[]): [string, ...string[]] => [
			'ip',
			...['netns', 'exec', name, command, ...args],
		],
	};
	beforeAll(() => {
		execFileSync('ip', ['netns', 'add', name]);
		execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
	});
	afterAll(() => void execFileSync('ip', ['netns', 'delete', name]));

	test('calls nobody down: what it can not reach is its own trouble, with a hint', async () => {
		space.write('hosts.txt', [
			'127.0.0.1',
			'::1',
			'192.0.2.1',
			'2001:db8::1',
			'tcp://192.0.2.1:80',
			'http://192.0.2.2/',
		]);
		const { code, stdout } = await space.master([], { lab: offline });
		expect(code).toBe(1);
		expect(space.rows('SELECT host, status, reason FROM hosts ORDER BY host')).toEqual([
			{ host: '127.0.0.1', status: 'up', reason: null },
			{ host: '192.0.2.1', status: 'error', reason: 'no-route' },
			{ host: '2001:db8::1', status: 'error', reason: 'no-route' },
			{ host: '::1', status: 'up', reason: null },
			{ host: 'http://192.0.2.2/', status: 'error', reason: 'no-route' },
			{ host: 'tcp://192.0.2.1:80', status: 'error', reason: 'no-route' },
		]);
		expect(stdout).toMatch(/error +4 +66\.7 %[\s\S]*no-route {2}4\n[\s\S]*is its network up, has it IPv6\?/);
	});

	test('can not resolve a name, and says so of the name, not of the host', async () => {
		space.write('hosts.txt', ['no-such-host.example', '127.0.0.1']);
		const { stdout } = await space.master(['--json'], { lab: offline });
		expect(JSON.parse(stdout)).toMatchObject({ up: 1, down: 0 });
	});
});
