/** The container: what its files say, and how its health is looked at. No image is built here. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Workspace } from '../e2e/command-line.ts';
import { startProcess } from '../process.ts';
import { notLong, testUnless } from '../requirements.ts';
import { deployed } from './unit-file.ts';

const dockerfile = readFileSync(deployed('container/Dockerfile'), 'utf8');
const compose = readFileSync(deployed('container/compose.yaml'), 'utf8');
const root = new URL('../../', import.meta.url);

/** Instructions of the Dockerfile, as name and rest. */
const instructions = [...dockerfile.matchAll(/^([A-Z]+) (.*)$/gm)].map(
	([, name, rest]) => [name!, rest!] as const,
);

function all(name: string): string[] {
	return instructions.filter(([each]) => each === name).map(([, rest]) => rest);
}

describe('15: the container', () => {
	test('is an ordinary user that runs nothing but the worker, without a shell', () => {
		expect(all('USER')).toEqual(['node']);
		const last = instructions.findLastIndex(([name]) => name === 'FROM');
		expect(instructions.findIndex(([name]) => name === 'USER')).toBeGreaterThan(last);
		expect(JSON.parse(all('ENTRYPOINT')[0]!)).toEqual(['node', '/opt/pingpool/bin/pingpool.cjs']);
		expect(JSON.parse(all('CMD')[0]!)).toEqual(['worker']);
		expect(all('HEALTHCHECK')[0]).toMatch(
			/ CMD \["node", "\/opt\/pingpool\/deploy\/container\/health\.mjs"\]$/,
		);
	});

	test('is built of one version of Node and of locked packages, whose scripts do not run', () => {
		for (const base of all('FROM')) expect(base).toMatch(/^node:24\.\d+-bookworm-slim( AS \w+)?$/);
		const installs = all('RUN').filter((line) => /npm (ci|i|install)\b/.test(line));
		expect(installs.length).toBeGreaterThan(0);
		for (const line of installs) expect(line).toMatch(/^npm ci .*--ignore-scripts/);
		expect(all('RUN').join('\n')).not.toMatch(/curl|wget|apt/);
	});

	test('copies what is there', () => {
		const copied = all('COPY').filter((line) => !line.startsWith('--from='));
		const sources = copied.flatMap((line) => line.split(' ').slice(0, -1));
		expect(sources).toContain('package-lock.json');
		expect(sources.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
		const ignored = readFileSync(deployed('container/Dockerfile.dockerignore'), 'utf8').split('\n');
		expect(ignored).toEqual(expect.arrayContaining(['node_modules', '.git', '.dev.vars']));
	});

	test('is built without what README has one make in the checkout with secrets in it, nor does git take it', () => {
		const readme = readFileSync(new URL('README.md', root), 'utf8');
		const made = ['workers.txt', ...[...readme.matchAll(/-keyout (\S+)/g)].map(([, name]) => name!)];
		expect(made).toEqual(['workers.txt', 'ca.key', 'master.key']);
		for (const file of [deployed('container/Dockerfile.dockerignore'), new URL('.gitignore', root)]) {
			const ignored = readFileSync(file, 'utf8').split(/\n\/?/);
			expect(made.filter((name) => !ignored.includes(name.replace(/^.*(?=\.key$)/, '*')))).toEqual([]);
		}
	});

	test('is started without capabilities, with a file system that is read-only, and can gain nothing', () => {
		expect(compose).toMatch(/^ {4}cap_drop: \[ALL\]$/m);
		expect(compose).toMatch(/^ {4}read_only: true$/m);
		expect(compose).toMatch(/^ {6}- no-new-privileges:true$/m);
		expect(compose).not.toMatch(/privileged: true|cap_add|docker\.sock/);
	});

	testUnless(notLong(), 'knows whether its worker is well', async () => {
		using space = new Workspace();
		const { running, url } = await space.worker();
		await using worker = running;
		const env = { PINGPOOL_PORT: new URL(url).port };
		const health = async () => {
			await using look = startProcess(process.execPath, [deployed('container/health.mjs')], { env });
			return [await look.exited, look.errors()];
		};
		expect(await health()).toEqual([0, '']);
		worker.child.kill('SIGKILL');
		await worker.exited;
		expect(await health()).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
	});
});
