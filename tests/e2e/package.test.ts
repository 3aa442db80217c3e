/** What `npm pack` makes, installed as a package: JavaScript, run from another folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { capabilitiesSchema } from '../../shared/protocol.ts';
import { startProcess } from '../process.ts';
import { describeUnless, testUnless, withoutCommand, withoutEcho } from '../requirements.ts';
import { token, Workspace, withoutProgress } from './command-line.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describeUnless(withoutCommand('npm') ?? withoutCommand('tar'), 'the package', () => {
	const space = new Workspace();
	const installed = join(space.folder, 'node_modules', packageJson.name);
	let files: string[];

	beforeAll(() => {
		const npm = ['pack', '--silent', '--pack-destination', space.folder];
		const tarball = execFileSync('npm', npm, { cwd: root, encoding: 'utf8' }).trim().split('\n').at(-1)!;
		mkdirSync(installed, { recursive: true });
		execFileSync('tar', ['-xzf', space.path(tarball), '-C', installed, '--strip-components', '1']);
		files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
		// Where npm would have put them.
		for (const name of Object.keys(packageJson.dependencies)) {
			const place = join(space.folder, 'node_modules', name);
			mkdirSync(join(place, '..'), { recursive: true });
			symlinkSync(join(root, 'node_modules', name), place);
		}
	});
	afterAll(() => space[Symbol.dispose]());

	function start(args: readonly string[], env: Record<string, string> = {}) {
		const command = join(installed, packageJson.bin.pingpool);
		return startProcess(process.execPath, [command, ...args], { cwd: space.folder, env });
	}

	test('has what runs and what explains it, and no source of it or of its tests', () => {
		expect(files).toEqual(
			expect.arrayContaining(['bin/pingpool.cjs', 'hosts.txt', 'LICENSE', 'README.md', 'dist/master/cli.js']),
		);
		expect(files).toEqual(expect.arrayContaining(['SECURITY.md', 'DEPENDENCIES.md', 'deploy/README.md']));
		expect(files).toEqual(
			expect.arrayContaining([
				'dist/dashboard/index.html',
				expect.stringMatching(/^dist\/dashboard\/assets\/index-[\w-]{8}\.js$/),
			]),
		);
		expect(files.filter((file) => /\.ts$|^(tests|bench|worker|master|shared)\b/.test(file))).toEqual([]);
	});

	test('says its version', async () => {
		await using version = start(['--version']);
		expect([await version.exited, version.output()]).toEqual([0, `${packageJson.version}\n`]);
		await using master = start(['master', '--version']);
		expect([await master.exited, master.output()]).toEqual([0, `${packageJson.version}\n`]);
	});

	testUnless(withoutEcho(), 'has a master that pings the sample list with its embedded worker', async () => {
		const hosts = join(installed, 'hosts.txt');
		await using master = start(['master', '--hosts', hosts, '--json']);
		expect([await master.exited, withoutProgress(master.errors())]).toEqual([
			0,
			expect.stringMatching(/^26 hosts\nworker embedded: icmp \((datagram|raw|command)\), tcp, http\n$/),
		]);
		expect(JSON.parse(master.output())).toMatchObject({ state: 'finished', up: 26 });
		expect(space.count('SELECT count(*) FROM hosts')).toBe(26);
	});

	testUnless(withoutEcho(), 'has a worker that answers, with the same version', async () => {
		await using worker = start(['worker', '--host', '127.0.0.1', '--port', '0'], { PINGPOOL_TOKEN: token });
		const [url] = await worker.says(/http:\/\/127\.0\.0\.1:\d+/);
		const headers = { authorization: `Bearer ${token}` };
		const capabilities = await (await fetch(`${url}/capabilities`, { headers })).json();
		expect(capabilitiesSchema.parse(capabilities)).toMatchObject({
			version: packageJson.version,
			probes: ['icmp', 'tcp', 'http'],
		});
		const body = JSON.stringify({ hosts: ['127.0.0.1'] });
		const answer = await fetch(`${url}/ping`, { method: 'POST', headers, body });
		expect(await answer.json()).toMatchObject({ results: [{ host: '127.0.0.1', status: 'up' }] });
	});

	test('has the page of the dashboard, built', async () => {
		space.write('one.txt', ['tcp://127.0.0.1:1']);
		const env = { PINGPOOL_ALLOW: '127.0.0.0/8' };
		await using master = start(['master', '--hosts', 'one.txt', '--db', 'one.db'], env);
		expect(await master.exited).toBe(0);
		await using serving = start(['serve', '--db', 'one.db', '--listen', '127.0.0.1:0']);
		const [, url] = await serving.says(/dashboard: (http:\/\/127\.0\.0\.1:\d+)\//);
		const page = await (await fetch(`${url}/`)).text();
		const script = /<script type="module"[^>]* src="(\/assets\/[^"]+)"/.exec(page)![1]!;
		expect((await fetch(url + script)).headers.get('content-type')).toMatch(/^text\/javascript/);
		expect(await (await fetch(`${url}/api/runs`)).json()).toMatchObject({ runs: [{ state: 'finished' }] });
	});

	test('brings its changes along', () => {
		expect(readFileSync(join(installed, 'CHANGELOG.md'), 'utf8')).toContain(packageJson.version);
	});
});
