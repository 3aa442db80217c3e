import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecrets, readWorkersFile } from '../../master/workers-file.ts';
import { makeAuthority } from '../authority.ts';
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

describe('how an https worker is known', () => {
	const hex = 'ab'.repeat(32);

	test('by a pin in each of its forms, or by the authorities of a file', async () => {
		const { cert } = await makeAuthority();
		writeFileSync(join(folder, 'ca.pem'), `Bag Attributes\n${cert}`);
		const entries = read(
			[
				`https://a pin=sha256:${hex}`,
				`https://b pin=${hex.toUpperCase().match(/../g)!.join(':')} token=t`,
				`https://c pin=${Buffer.from(hex, 'hex').toString('base64')}`,
				`https://both pin=sha256:${hex},${'cd'.repeat(32)}`,
				'https://d ca=ca.pem',
				'https://e',
			].join('\n'),
		);
		expect(entries.map(({ pins }) => pins)).toEqual([
			...Array.from({ length: 3 }, () => [`sha256:${hex}`]),
			[`sha256:${hex}`, `sha256:${'cd'.repeat(32)}`],
			undefined,
			undefined,
		]);
		expect(entries.map(({ ca, caFile }) => [ca, caFile])[4]).toEqual([cert.trim(), join(folder, 'ca.pem')]);
	});

	test.each([
		[`http://w pin=${hex}`, 'pin goes with https://, and the URL starts with http://'],
		['http://w ca=ca.pem', 'ca goes with https://, and the URL starts with http://'],
		[`https://w pin=${hex} ca=ca.pem`, 'pin and ca are both given; one is expected'],
		['https://w pin=', 'the pin is no fingerprint; sha256: and 64 hexadecimal digits are expected'],
		[`https://w pin=sha1:${hex}`, 'the pin is no fingerprint'],
		[`https://w pin=${hex},`, 'the pin is no fingerprint'],
		['https://w ca=', 'ca needs a path, as in ca=worker.pem'],
		['https://w ca=none.pem', 'ca file "none.pem" does not exist'],
		['https://w ca=empty.pem', 'ca file "empty.pem" has no certificate in it; PEM is expected'],
	])('%s', (line, message) => {
		writeFileSync(join(folder, 'empty.pem'), '\n');
		expect(() => read(`${line}\n`)).toThrow(`${path}:1: ${message}`);
	});
});

describe('a token goes to no public address over plain HTTP', () => {
	test.each([
		'http://8.8.4.4:8786 token=s3cretA9',
		'http://134744072 token=s3cretA9',
		'http://[2606:4700::1111]:8786 token=s3cretA9',
		'http://[64:ff9b::8.8.8.8] token=s3cretA9',
		'http://9.9.9.9 token-file=worker.token',
	])('%s', (line) => {
		writeFileSync(join(folder, 'worker.token'), 's3cretA9\n');
		const message =
			/:2: \S+ is a public address, where a token does not go over plain HTTP: use https:.*--allow-plain-http$/;
		expect(() => read(`http://ok\n${line}`)).toThrow(message);
		expect(() => read(`http://ok\n${line}`)).not.toThrow(/s3cretA9/);
		expect(readWorkersFile(path, { allowPlainHttp: true })).toHaveLength(2);
	});

	test('also when it is the one of PINGPOOL_TOKEN', () => {
		writeFileSync(path, 'http://8.8.4.4');
		expect(readWorkersFile(path)).toHaveLength(1);
		expect(() => readWorkersFile(path, { token: 's3cretA9' })).toThrow('8.8.4.4 is a public address');
	});

	test.each([
		'http://10.0.0.5',
		'http://127.0.0.1',
		'http://[fd00::1]',
		'http://192.0.2.1',
		'https://8.8.4.4',
		'http://worker.example',
	])('it may go to %s, as far as the line says', (url) => {
		expect(read(`${url} token=s3cretA9`)).toHaveLength(1);
	});
});

test('of a token file with two tokens, as a worker has while one replaces the other, the first is ours', () => {
	writeFileSync(join(folder, 'worker.token'), 'the-current-one\r\nthe-old-one\n');
	expect(read('http://w token-file=worker.token')[0]!.token).toBe('the-current-one');
});

testUnless(withoutPermissions(), 'files with tokens in them that others can read are named', () => {
	const tokenFile = join(folder, 'worker.token');
	writeFileSync(tokenFile, 'a-token\n', { mode: 0o640 });
	const warning = (file: string): string =>
		`${file} has tokens in it and is open to other users; mend it with: chmod 600 ${file}`;
	const named = (content: string): string[] => openSecrets(path, read(content));
	writeFileSync(path, '', { mode: 0o644 });
	expect(
		named('http://a token=x\nhttp://b token-file=worker.token\nhttp://c token-file=worker.token'),
	).toEqual([warning(path), warning(tokenFile)]);
	expect(named('http://a')).toEqual([]);
	expect(openSecrets(path, [], tokenFile)).toEqual([warning(tokenFile).replace('tokens', 'a private key')]);
	chmodSync(path, 0o600);
	chmodSync(tokenFile, 0o600);
	expect(named('http://a token=x\nhttp://b token-file=worker.token')).toEqual([]);
});

describe('a wrong line is named, with what was expected', () => {
	test.each([
		['10.0.0.5:8786', '"10.0.0.5:8786" is not a URL; http://HOST:8786 or https://… is expected'],
		['ftp://10.0.0.5', 'starts with ftp://; http:// or https:// is expected'],
		['http://', 'is not a URL'],
		['http://10.0.0.999/', 'is not a URL'],
		['http://w:8786/?a=1', 'has a query or a fragment'],
		['http://w:8786 weigth=2', '"weigth" is no setting of a worker; did you mean weight?'],
		[
			'http://w:8786 colour=blue',
			'"colour" is no setting of a worker; token, token-file, pin, ca, weight are known',
		],
		['http://w:8786 token_file=a', '"token_file" is no setting of a worker; did you mean token-file?'],
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

	test.each([
		'token=s3cretA9 http://w:8786',
		'http://w:8786,token=s3cretA9',
		'http://w:8786;token-file=s3cretA9',
		'http://w:8786/token=s3cretA9',
		'token:s3cretA9 http://w:8786',
		's3cretA9_s3cretA9-s3cretA9s3cretA9= http://w:8786',
	])('but not the token that stands in the wrong place: %s', (line) => {
		expect(() => read(line)).toThrow(/:1: .* is expected/);
		expect(() => read(line)).not.toThrow(/s3cretA9/);
	});

	test.runIf(existsSync('/dev/zero'))('files without an end are not read to it', () => {
		for (const key of ['token-file', 'ca']) {
			expect(() => read(`https://w ${key}=/dev/zero`)).toThrow(/"\/dev\/zero" is larger than \d+ bytes/);
		}
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
