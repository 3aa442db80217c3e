import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { startProcess } from './process.ts';

/** Where no old Node is installed: lets a new one say that it is old. */
const pretendedNode = fileURLToPath(new URL('./fixtures/old-node.cjs', import.meta.url));
const bin = fileURLToPath(new URL('../bin/pingpool.cjs', import.meta.url));

interface Outcome {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

function run(args: readonly string[], node: readonly string[] = [process.execPath]): Promise<Outcome> {
	const env = Object.fromEntries(
		Object.entries(process.env).filter(([name]) => !name.startsWith('PINGPOOL_')),
	);
	const child = spawn(node[0]!, [...node.slice(1), bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
	let stdout = '';
	let stderr = '';
	child.stdout.setEncoding('utf8').on('data', (text) => {
		stdout += text;
	});
	child.stderr.setEncoding('utf8').on('data', (text) => {
		stderr += text;
	});
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (code) => resolve({ code, stdout, stderr }));
	});
}

/** A Node of this machine that is too old for pingpool, or `undefined`. */
function oldNode(): string[] | undefined {
	const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/bin', '/usr/local/bin');
	for (const folder of folders) {
		const path = join(folder, 'node');
		if (folder.includes('node_modules') || !existsSync(path)) continue;
		const version = execFileSync(path, ['--version'], { encoding: 'utf8' });
		if (Number(/^v(\d+)/.exec(version)?.[1]) < 22) return [path];
	}
	return undefined;
}

describe('pingpool', () => {
	it('says how it is used', async () => {
		const help = await run(['--help']);
		expect(help).toMatchObject({ code: 0, stderr: '' });
		expect(help.stdout).toMatch(/pingpool master \[options\][\s\S]*pingpool worker \[options\]/);
		expect(await run(['help'])).toEqual(help);
	});

	it('says the same as an error without a command', async () => {
		const none = await run([]);
		expect(none).toMatchObject({ code: 2, stdout: '' });
		expect(none.stderr).toMatch(/Usage:/);
	});

	it('says its version', async () => {
		expect(await run(['--version'])).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
	});

	it('refuses a command that it does not know, printed safely', async () => {
		const outcome = await run(['mastr\u001b[2J']);
		expect(outcome).toMatchObject({ code: 2, stdout: '' });
		expect(outcome.stderr).toBe(
			'pingpool: there is no command "mastr\\u001b[2J"; there are master, worker, token, export, diff, report, serve.\n',
		);
	});

	it('says a fault that nothing caught as JSON where its log is', async () => {
		const atFirstOutput =
			'process.stdout.write = () => setImmediate(() => { throw new Error("of\\n ours\u202e"); }) && true;';
		const node = [process.execPath, '--import', `data:text/javascript,${encodeURIComponent(atFirstOutput)}`];
		const place = ['--host', '127.0.0.1', '--port', '0', '--no-auth', '--icmp', 'off'];
		const args = ['worker', ...place, '--log-format', 'json'];
		const { code, stderr } = await run(args, node);
		const [line, ...others] = stderr.trimEnd().split('\n');
		expect([code, others]).toEqual([1, []]);
		expect(JSON.parse(line!)).toEqual({
			level: 'error',
			time: expect.any(String),
			msg: expect.stringMatching(/^a fault of this program: Error: of\n ours\\u202e\n +at /),
		});
	});

	it.each(['master', 'worker', 'token', 'serve'])('has a %s that explains itself', async (command) => {
		const outcome = await run([command, '--help']);
		expect(outcome).toMatchObject({ code: 0, stderr: '' });
		expect(outcome.stdout).toMatch(/Examples:/);
		expect(await run([command, '--version'])).toMatchObject({ code: 0, stdout: `${packageJson.version}\n` });
		expect(await run([command, '--no-such-option'])).toMatchObject({ code: 2, stdout: '' });
	});
});

describe('pingpool on a Node that is too old', () => {
	const old = oldNode() ?? [process.execPath, '--require', pretendedNode];

	it('runs in the Node that npm brought', async () => {
		expect(await run(['--version'], old)).toMatchObject({ code: 0, stdout: `${packageJson.version}\n` });
		const master = await run(['master', '--help'], old);
		expect(master).toMatchObject({ code: 0, stderr: '' });
		expect(master.stdout).toMatch(/Examples:/);
	});

	it('takes the process that it started along, even when it is killed', async () => {
		const args = ['worker', '--host', '127.0.0.1', '--port', '0', '--no-auth'];
		await using outer = startProcess(old[0]!, [...old.slice(1), bin, ...args]);
		const [url] = await outer.says(/http:\/\/127\.0\.0\.1:\d+/);
		expect((await fetch(`${url}/health`)).status).toBe(200);
		outer.child.kill('SIGKILL');
		// Resolves when the inner one has let go of its output, too.
		expect(await outer.exited).toBe('SIGKILL');
		await expect(fetch(`${url}/health`)).rejects.toThrow();
	});

	it('passes the exit code on', async () => {
		expect(await run(['no-such-command'], old)).toMatchObject({ code: 2 });
	});
});
