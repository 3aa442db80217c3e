import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../worker/token-cli.node.ts';

let folder: string;
let file: string;
let stdout = '';
let stderr = '';
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-token-'));
	file = join(folder, 'worker.token');
	stdout = '';
	stderr = '';
	vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
		stdout += String(text);
		return true;
	});
	vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
		stderr += String(text);
		return true;
	});
});
afterEach(() => {
	vi.restoreAllMocks();
	vi.unstubAllEnvs();
	rmSync(folder, { recursive: true, force: true });
});

const tokens = (): string[] => readFileSync(file, 'utf8').trim().split('\n');

describe('pingpool token', () => {
	it('prints a new one', async () => {
		expect(await main([])).toBe(0);
		expect(stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
	});

	it('makes a file, and prints nothing of it', async () => {
		expect(await main(['--file', file])).toBe(0);
		expect(statSync(file).mode & 0o777).toBe(0o600);
		expect(tokens()).toHaveLength(1);
		expect(stdout).toContain(`pingpool worker --token-file ${file}`);
		expect(stdout).not.toContain(tokens()[0]);
	});

	it('replaces a token in two steps, and says what comes next', async () => {
		await main(['--file', file]);
		const [old] = tokens();
		expect(await main(['--rotate', '--file', file])).toBe(0);
		const [current, behind] = tokens();
		expect(behind).toBe(old);
		expect(current).not.toBe(old);
		expect(stdout).toContain(`pingpool token --retire --file ${file}`);
		expect(await main(['--retire', '--file', file])).toBe(0);
		expect(tokens()).toEqual([current]);
		expect(statSync(file).mode & 0o777).toBe(0o600);
		for (const secret of [old!, current!]) expect(stdout + stderr).not.toContain(secret);
	});

	it('knows the file of a worker of this user', async () => {
		vi.stubEnv('PINGPOOL_TOKEN_FILE', file);
		await main(['--file', file]);
		expect(await main(['--rotate'])).toBe(0);
		expect(tokens()).toHaveLength(2);
	});

	it.each([
		['a file that is there, which it would overwrite', ['--file'], 1, /is there already\n {2}--rotate/],
		[
			'a third token, which would cut off who has the second',
			['--rotate', '--file'],
			2,
			/has two tokens already.*\n.*--retire/,
		],
		['to take out the only one', ['--retire', '--file'], 1, /has one token, and no old one\n/],
		['to change a file that is not there', ['--rotate', '--file'], 0, /does not exist\n/],
	])('refuses %s', async (_, args, there, message) => {
		const text = ['first-token-0123456789', 'second-token-0123456789'].slice(0, there).join('\n');
		if (there > 0) writeFileSync(file, text, { mode: 0o600 });
		expect(await main([...args, file])).toBe(2);
		expect(stderr).toMatch(message);
		expect(stderr).not.toMatch(/token-0123456789|\n\s+at /);
		if (there > 0) expect(readFileSync(file, 'utf8')).toBe(text);
	});

	it.each([[], ['--rotate'], ['--retire']])('refuses a folder (%s)', async (...args) => {
		expect(await main([...args, '--file', folder])).toBe(2);
		expect(stderr).toBe(`pingpool: ${folder} is a folder; a file is expected\n`);
	});

	it('explains itself, and refuses what it does not know', async () => {
		expect(await main(['--help'])).toBe(0);
		expect(stdout).toMatch(/Examples:\n {2}pingpool token {2}/);
		expect(await main(['--rotate', '--retire'])).toBe(2);
		expect(await main(['--token=first-token-0123456789'])).toBe(2);
		expect(stderr).toContain("unknown option '--token=…'\nTokens are no arguments");
		expect(stderr).not.toContain('0123456789');
	});

	it('ends with 1 when a file can not be made', async () => {
		writeFileSync(file, 'no folder');
		expect(await main(['--file', join(file, 'token')])).toBe(1);
		expect(stderr).toMatch(/^pingpool: the token file .* can not be used: /);
	});
});
