import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readWorkersFile } from '../../master/workers-file.ts';
import { testUnless, withoutPermissions, withoutPrivilege } from '../requirements.ts';

let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-workers-'));
	path = join(folder, 'workers.txt');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(content: string) {
	writeFileSync(path, content);
	return readWorkersFile(path);
}

test('a worker a line, with its settings, in any order, and comments', () => {
	writeFileSync(join(folder, 'worker.token'), 'from-a-file\n');
	const content = [
		'\uFEFF# the fleet',
		'http://10.0.0.5:8786',
		'',
		'  HTTPS://Worker.Example.com/ping/pool/ token=s3cret weight=2.5  # the big one\r',
		'http://[fd00::1]:80/ weight=3 token-file=worker.token',
	].join('\n');
	expect(read(content)).toEqual([
		{ url: 'http://10.0.0.5:8786', token: undefined, weight: 1, line: 2 },
		{ url: 'https://worker.example.com/ping/pool', token: 's3cret', weight: 2.5, line: 4 },
		{
			url: 'http://[fd00::1]',
			token: 'from-a-file',
			tokenFile: join(folder, 'worker.token'),
			weight: 3,
			line: 5,
		},
	]);
});

describe('a wrong line is named, with what was expected', () => {
	test.each([
		['10.0.0.5:8786', '"10.0.0.5:8786" is not a URL; http://HOST:8786 or https://… is expected'],
		['ftp://10.0.0.5', 'starts with ftp://; http:// or https:// is expected'],
		['http://', 'is not a URL'],
		['http://10.0.0.999/', 'is not a URL'],
		['http://w:8786/?a=1', 'has a query or a fragment'],
		['http://w:8786 weigth=2', '"weigth" is no setting of a worker; did you mean weight?'],
		['http://w:8786 colour=blue', '"colour" is no setting of a worker; token, token-file, pin, ca, weight are known'],
		['http://w:8786 token', 'token needs a value'],
		['http://w:8786 token=', 'the token is empty'],
		['http://w:8786 token=a token=b', 'token is given twice'],
		['http://w:8786 token=a token-file=b', 'both given'],
		['http://w:8786 token-file=', 'token-file needs a path'],
		['http://w:8786 token-file=none.token', 'token file "none.token" does not exist'],
		['http://w:8786 token-file=.', 'token file "." is a folder'],
		['http://w:8786 token-file=empty.token', 'the token is empty'],
		['http://w:8786 weight=0', 'is no weight; a number above 0 is expected'],
		['http://w:8786 weight=-1', 'is no weight'],
		['http://w:8786 weight=1e9', 'is no weight'],
		['http://w:8786 weight=', 'is no weight'],
		['HTTP://ok:80/', 'http://ok is on line 1 already'],
		['http://w\u202E:8786', 'invisible'],
	])('%s', (line, message) => {
		writeFileSync(join(folder, 'empty.token'), '\n');
		expect(() => read(`http://ok\n${line}\n`)).toThrow(`${path}:2: `);
		expect(() => read(`http://ok\n${line}\n`)).toThrow(message);
	});

	test('all of them at once, up to ten', () => {
		const lines = Array.from({ length: 12 }, (_, i) => `worker-${i}`);
		expect(() => read(lines.join('\n'))).toThrow(
			/:1: (.|\n)*:10: (.|\n)*12 lines are wrong; the first 10 are shown/,
		);
	});
});

describe('a secret is in no message', () => {
	test.each([
		['a password in the URL', 'http://user:s3cretA9@w:8786'],
		['one in what is no URL', 'user:s3cretA9@w:8786'],
		['one in a URL that can not be read', 'http://user:s3cretA9@w:99999999'],
		['a token without its key', 'http://w:8786 s3cretA9'],
		['a token without its key that ends in =', 'http://w:8786 s3cretA9=='],
		['a token that no header can carry', 'http://w:8786 token=s3cretA9é'],
		['a token with a misspelt key', 'http://w:8786 tokn=s3cretA9'],
		['two tokens', 'http://w:8786 token=s3cretA9 token=s3cretA9'],
	])('%s', (_, line) => {
		let message = '';
		try {
			read(line);
		} catch (error) {
			message = (error as Error).message;
		}
		expect(message).toContain(`${path}:1: `);
		expect(message).not.toContain('s3cretA9');
	});
});

describe('a file without a worker', () => {
	test('is named when it is empty, missing or a folder', () => {
		expect(() => read('# none\n')).toThrow(`${path} has no worker in it`);
		expect(() => readWorkersFile(join(folder, 'none.txt'))).toThrow('none.txt does not exist');
		mkdirSync(join(folder, 'folder'));
		expect(() => readWorkersFile(join(folder, 'folder'))).toThrow('is a folder');
	});

	testUnless(withoutPermissions(), 'is named when it may not be read', () => {
		writeFileSync(path, 'http://w\n');
		chmodSync(path, 0);
		chmodSync(folder, 0o755);
		withoutPrivilege(() =>
			expect(() => readWorkersFile(path)).toThrow('may not be read by this user (EACCES)'),
		);
	});
});
