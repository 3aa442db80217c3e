/** A worker needs no privilege: it is run here as its unit says, and says what is missing where something is. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Workspace } from '../e2e/command-line.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import type { Running } from '../process.ts';
import { startProcess } from '../process.ts';
import { describeUnless, nobody, notLong, testUnless, withoutCommand } from '../requirements.ts';
import type { ForeignServer } from '../servers.ts';
import { foreignServer } from '../servers.ts';
import { confinedCommand, environmentOf } from './confinement.ts';
import { intruder } from './intruder.ts';
import { deployed, UnitFile } from './unit-file.ts';

const service = deployed('systemd/pingpool-worker.service');
const raw = deployed('systemd/pingpool-worker-raw.conf');
const bundledNode = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));

/** Why no process can be confined here as systemd would, or `undefined`. */
function withoutConfinement(): string | undefined {
	const commands = ['systemd-analyze', 'setpriv', 'unshare'];
	const missing = commands.map(withoutCommand).find((why) => why !== undefined);
	return labUnavailable() ?? missing ?? (existsSync(bundledNode) ? undefined : 'npm brought no Node for it');
}

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
	// The folder is its own user's only.
	chmodSync(space.folder, 0o711);
	mkdirSync(space.path('state'), { mode: 0o700 });
	chownSync(space.path('state'), nobody, nobody);
});
afterEach(() => space[Symbol.dispose]());

/** What the kernel says of a process. */
function statusOf({ child }: Running): Record<string, string> {
	const text = readFileSync(`/proc/${child.pid}/status`, 'utf8');
	return Object.fromEntries(text.split('\n').map((line) => line.split(/:\s+/, 2) as [string, string]));
}

/** What the unit starts, or its node with other arguments. A worker may probe this machine itself. */
function start(lab: Lab, unit: UnitFile, instead?: readonly string[]): Running {
	const [command, ...args] = lab.command(...confinedCommand(unit, space.path('state'), instead));
	const settings = { PINGPOOL_HOST: '127.0.0.1', PINGPOOL_PORT: '0', PINGPOOL_ALLOW: '127.0.0.0/8' };
	return startProcess(command, args, { env: { ...environmentOf(unit), ...settings } });
}

const silent = '10.128.0.1';

/** What it answers about hosts, with the token that it made. */
async function ping(worker: Running, hosts: readonly string[]) {
	const [url] = await worker.says(/http:\/\/127\.0\.0\.1:\d+/);
	const token = readFileSync(space.path('state/token'), 'utf8').trim();
	const headers = { authorization: `Bearer ${token}` };
	const ask = async (some: readonly string[], settings: object) => {
		const body = JSON.stringify({ hosts: some, ...settings });
		const response = await fetch(`${url}/ping`, { method: 'POST', headers, body });
		return ((await response.json()) as { results: { host: string; status: string }[] }).results;
	};
	// This process answers for some of them, when it has its turn; only silence is waited for to its end.
	const answers = await Promise.all([
		ask(
			hosts.filter((host) => host !== silent),
			{ timeoutMs: 60_000 },
		),
		hosts.includes(silent) ? ask([silent], {}) : [],
	]);
	return Object.fromEntries(answers.flat().map(({ host, status }) => [host, status]));
}

const none = '0000000000000000';
const onlyNetRaw = '0000000000002000';

describeUnless(withoutConfinement(), '15: in a network where every group may send echo requests', () => {
	let lab: Lab;
	let web: ForeignServer;
	beforeAll(async () => {
		// What the file of deploy/sysctl says.
		const sysctl = readFileSync(deployed('sysctl/60-pingpool-ping.conf'), 'utf8');
		lab = await createLab({ pingGroupRange: /^net\.ipv4\.ping_group_range = (\d+ \d+)$/m.exec(sysctl)![1]! });
		// An address of its own that only the kernel's tables say, which are in a /proc with little else.
		lab.exec('ip', 'route', 'add', 'local', '10.250.0.0/24', 'dev', 'lo');
		await lab.enter();
		web = await foreignServer('web');
	});
	afterAll(async () => {
		await web?.[Symbol.asyncDispose]();
		lab?.close();
	});

	test('a worker that is confined as its unit says has no privilege and does all of its work', async () => {
		await using worker = start(lab, new UnitFile(service));
		await worker.says(/icmp {2}datagram socket/);
		const hosts = ['10.0.0.1', 'fd00:a::1', `tcp://127.0.0.1:${web.port}`, `http://127.0.0.1:${web.port}/`];
		expect(await ping(worker, [...hosts, 'localhost', silent, 'tcp://10.250.0.1:9'])).toEqual({
			...Object.fromEntries(hosts.map((host) => [host, 'up'])),
			localhost: 'up',
			[silent]: 'down',
			'tcp://10.250.0.1:9': 'denied',
		});
		expect(statusOf(worker)).toMatchObject({
			Uid: expect.stringMatching(/^65534\t/),
			Groups: expect.stringMatching(/^\s*$/),
			...{ CapInh: none, CapPrm: none, CapEff: none, CapBnd: none, CapAmb: none },
			NoNewPrivs: '1',
			Seccomp: '2',
			Umask: '0077',
		});
		expect(statSync(space.path('state/token')).mode & 0o777).toBe(0o600);
		worker.child.kill('SIGTERM');
		expect(await worker.exited).toBe(0);
	});

	test('a program that took its place could start nothing, write nowhere else and become nobody', async () => {
		await using taken = start(lab, new UnitFile(service), intruder);
		expect([await taken.exited, taken.errors()]).toEqual([0, '']);
		expect(JSON.parse(taken.output())).toEqual({
			'start a shell': 'EACCES',
			'start ping': 'EACCES',
			'start what it wrote': 'EACCES',
			'load what it wrote': 'ERR_DLOPEN_FAILED',
			'write into the system': 'EROFS',
			'change its own program': 'EACCES',
			'write its state': 'done',
			'become root': 'EPERM',
			'see process 1': 'ENOENT',
			'see kernel settings': 'ENOENT',
			'read homes': 'EACCES',
		});
	});

	testUnless(notLong(), 'a master, too, runs as an ordinary user', async () => {
		space.write('hosts.txt', ['10.0.0.1', '127.0.0.1']);
		for (const path of [space.folder, space.path('hosts.txt')]) chownSync(path, nobody, nobody);
		const bin = fileURLToPath(new URL('../../bin/pingpool.cjs', import.meta.url));
		const user = [
			`--reuid=${nobody}`,
			`--regid=${nobody}`,
			'--clear-groups',
			'--no-new-privs',
			'--bounding-set=-all',
		];
		const [command, ...args] = lab.command('setpriv', ...user, process.execPath, bin, 'master', '--json');
		await using master = startProcess(command!, args, { cwd: space.folder, env: { HOME: '/nonexistent' } });
		expect([await master.exited, master.errors()]).toEqual([0, expect.stringContaining('icmp (datagram)')]);
		expect(JSON.parse(master.output())).toMatchObject({ state: 'finished', up: 2 });
	});
});

describeUnless(
	notLong() ?? withoutConfinement(),
	'15: in a network where no group may send echo requests',
	() => {
		let lab: Lab;
		let web: ForeignServer;
		beforeAll(async () => {
			lab = await createLab({ pingGroupRange: '1 0' });
			await lab.enter();
			web = await foreignServer('web');
		});
		afterAll(async () => {
			await web?.[Symbol.asyncDispose]();
			lab?.close();
		});

		test('a worker with the drop-in has CAP_NET_RAW and nothing else, and does all of its work', async () => {
			await using worker = start(lab, new UnitFile(service, raw));
			await worker.says(/icmp {2}raw socket/);
			const hosts = ['10.0.0.1', 'fd00:a::1', `tcp://127.0.0.1:${web.port}`, `http://127.0.0.1:${web.port}/`];
			expect(await ping(worker, hosts)).toEqual(Object.fromEntries(hosts.map((host) => [host, 'up'])));
			expect(statusOf(worker)).toMatchObject({
				Uid: expect.stringMatching(/^65534\t/),
				...{
					CapInh: onlyNetRaw,
					CapPrm: onlyNetRaw,
					CapEff: onlyNetRaw,
					CapBnd: onlyNetRaw,
					CapAmb: onlyNetRaw,
				},
				NoNewPrivs: '1',
				Seccomp: '2',
			});
		});

		test('a worker without it says what is missing and what mends it, and does the rest of its work', async () => {
			await using worker = start(lab, new UnitFile(service));
			await worker.says(
				/icmp {2}not offered[\s\S]*errno 13[\s\S]*sysctl -w net\.ipv4\.ping_group_range[\s\S]*CAP_NET_RAW/,
			);
			const hosts = [`tcp://127.0.0.1:${web.port}`, `http://127.0.0.1:${web.port}/`];
			expect(await ping(worker, hosts)).toEqual(Object.fromEntries(hosts.map((host) => [host, 'up'])));
		});
	},
);
