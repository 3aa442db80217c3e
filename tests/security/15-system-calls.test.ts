/** What a worker asks of the kernel, seen by strace while it does all that it can, lies within its unit's filter. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workspace } from '../e2e/command-line.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import { bin, startProcess } from '../process.ts';
import { describeUnless, notLong, withoutCommand, withoutTracing } from '../requirements.ts';
import type { ForeignServer } from '../servers.ts';
import { foreignServer } from '../servers.ts';
import { allowedSystemCalls } from './system-calls.ts';
import { deployed, UnitFile } from './unit-file.ts';

const whyNot = notLong() ?? labUnavailable() ?? withoutTracing() ?? withoutCommand('systemd-analyze');

describeUnless(whyNot, '15: the filter of system calls', () => {
	const space = new Workspace();
	let lab: Lab;
	let web: ForeignServer;
	beforeAll(async () => {
		lab = await createLab();
		await lab.enter();
		web = await foreignServer('web');
	});
	afterAll(async () => {
		await web?.[Symbol.asyncDispose]();
		lab?.close();
		space[Symbol.dispose]();
	});

	test.each(['datagram', 'raw'])('lets a worker with %s sockets do all that it does', async (icmp) => {
		const trace = space.path(`trace-${icmp}`);
		const strace = ['-f', '-qq', '-o', trace, '-e', 'signal=none', process.execPath, bin, 'worker'];
		const settings = ['--host', '127.0.0.1', '--port', '0', '--allow', '127.0.0.0/8', '--tls-self-signed'];
		const more = ['--icmp', icmp, '--log-format', 'json', '--token-file', space.path(`${icmp}/token`)];
		const [command, ...args] = lab.command('strace', ...strace, ...settings, ...more);
		await using worker = startProcess(command!, args);
		const [, line] = await worker.says(/"workersLine":"(https:[^"]*)"/);
		space.write('workers.txt', [line!]);
		space.write('hosts.txt', [
			...['10.0.0.0/24', 'fd00:a::1', '10.128.0.1', '10.192.0.1', 'localhost', 'nowhere.invalid'],
			...[`tcp://127.0.0.1:${web.port}`, 'tcp://10.0.0.1:9', 'tcp://10.128.0.1:9'],
			...[`http://127.0.0.1:${web.port}/`, `https://127.0.0.1:${web.port}/`],
		]);
		const master = await space.master(['--workers', 'workers.txt', '--timeout', '300', '--fresh'], { lab });
		expect(master, `${master.stdout}${master.stderr}`).toMatchObject({ code: 0 });
		process.kill(tracedBy(worker.child.pid!), 'SIGTERM');
		await worker.exited;

		const made = [...readFileSync(trace, 'utf8').matchAll(/^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed)/gm)];
		const names = new Set(made.map(([, name]) => name!));
		expect(names.size).toBeGreaterThan(40);
		for (const name of ['sendmmsg', 'recvmmsg', 'connect', 'accept4', 'link']) expect(names).toContain(name);
		const allowed = allowedSystemCalls(
			new UnitFile(deployed('systemd/pingpool-worker.service')).all('Service', 'SystemCallFilter'),
		);
		// Rings of io_uring go past any filter, so they are refused; libuv does without.
		expect([...names].filter((name) => !allowed.has(name) && !name.startsWith('io_uring_'))).toEqual([]);
	});
});

function tracedBy(pid: number): number {
	const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
	return Number(text.split(' ')[0]);
}
