import {
	chmodSync,
	chownSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
	defaultTokenFile,
	makeTokenFile,
	newToken,
	readTokenFile,
	replaceTokens,
} from '../../worker/token-file.node.ts';
import { nobody, testUnless, withoutPermissions, withoutSmallDisk } from '../requirements.ts';

let folder: string;
let file: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-token-'));
	file = join(folder, 'worker-token');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const [first, second] = ['first-token-0123456789', 'second-token-0123456789'] as const;

describe('a new token', () => {
	it('has 256 bits, in characters that a header can carry, and is another one each time', () => {
		const tokens = Array.from({ length: 100 }, newToken);
		for (const token of tokens) {
			expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
			expect(Buffer.from(token, 'base64url')).toHaveLength(32);
		}
		expect(new Set(tokens).size).toBe(100);
	});
});

describe('a token file', () => {
	it('is made once', () => {
		const token = makeTokenFile(file);
		expect(readFileSync(file, 'utf8')).toBe(`${token}\n`);
		expect(makeTokenFile(file)).toBeUndefined();
		expect(readTokenFile(file)).toEqual({ tokens: [token], warnings: [] });
	});

	it('has one token a line, two at most', () => {
		expect(readTokenFile(file)).toBeUndefined();
		writeFileSync(file, `${first}\r\n\n ${second} \n`, { mode: 0o600 });
		expect(readTokenFile(file)?.tokens).toEqual([first, second]);
		writeFileSync(file, `${first}\n${second}\nthird-token-0123456789\n`);
		expect(() => readTokenFile(file)).toThrow(`${file}: at most two tokens are accepted at a time, not 3`);
	});

	it.each([
		['is empty', '\n', 'a token is expected'],
		['has a short word in it', 'secret\n', 'a token has 16 to 1024 characters'],
		['is far too long', 'x'.repeat(70_000), 'is larger than 65536 bytes'],
	])('that %s is refused, without a word of it', (_, text, message) => {
		writeFileSync(file, text, { mode: 0o600 });
		expect(() => readTokenFile(file)).toThrow(message);
		expect(() => readTokenFile(file)).not.toThrow(/secret|xxx/);
	});

	it('is no folder', () => {
		mkdirSync(file);
		expect(() => readTokenFile(file)).toThrow(`${file} can not be used: it is a folder`);
	});

	it.skipIf(process.platform === 'win32')(
		'is read no further than a file of tokens goes: a device has no end',
		() => {
			expect(() => readTokenFile('/dev/zero')).toThrow(
				'/dev/zero can not be used: it is larger than 65536 bytes',
			);
		},
	);

	testUnless(
		withoutPermissions(),
		'that others can write is refused; that they can read is worth a warning',
		() => {
			writeFileSync(file, `${first}\n`);
			for (const mode of [0o602, 0o620, 0o622, 0o666]) {
				chmodSync(file, mode);
				expect(() => readTokenFile(file)).toThrow(
					/can be written by others, who could put a token of theirs in$/,
				);
			}
			for (const mode of [0o604, 0o640, 0o444]) {
				chmodSync(file, mode);
				expect(readTokenFile(file)?.warnings).toEqual([
					`${file} is readable by others; mend it with: chmod 600 ${file}`,
				]);
			}
			chmodSync(file, 0o400);
			expect(readTokenFile(file)?.warnings).toEqual([]);
		},
	);

	testUnless(withoutSmallDisk(), "that is another user's is worth a warning; root's is not", () => {
		makeTokenFile(file);
		expect(readTokenFile(file)?.warnings).toEqual([]);
		chownSync(file, nobody, nobody);
		expect(readTokenFile(file)?.warnings).toEqual([
			`${file} belongs to another user, who can put other tokens in`,
		]);
	});

	testUnless(withoutPermissions(), 'is for its owner alone, whatever the umask', () => {
		const before = process.umask(0);
		try {
			makeTokenFile(join(folder, 'new', 'token'));
			makeTokenFile(file);
			replaceTokens(file, [first, second]);
		} finally {
			process.umask(before);
		}
		const modes = ['new', 'new/token', 'worker-token'].map(
			(name) => statSync(join(folder, name)).mode & 0o777,
		);
		expect(modes).toEqual([0o700, 0o600, 0o600]);
	});

	it('gets other tokens at once, and keeps being a link', () => {
		makeTokenFile(file);
		const link = join(folder, 'link');
		symlinkSync(file, link);
		const { ino } = statSync(file);
		replaceTokens(link, [first, second]);
		expect(lstatSync(link).isSymbolicLink()).toBe(true);
		expect(readTokenFile(file)?.tokens).toEqual([first, second]);
		// Another file in its place: nobody ever reads half of it.
		expect(statSync(file).ino).not.toBe(ino);
		expect(readdirSync(folder).sort()).toEqual(['link', 'worker-token']);
	});

	testUnless(withoutSmallDisk(), "stays its owner's when root changes it", () => {
		makeTokenFile(file);
		chownSync(file, nobody, nobody);
		replaceTokens(file, [first]);
		expect(statSync(file)).toMatchObject({ uid: nobody, gid: nobody });
	});
});

it("is in the user's configuration folder by default", () => {
	expect(defaultTokenFile({ XDG_CONFIG_HOME: '/etc/xdg' })).toBe('/etc/xdg/pingpool/worker-token');
	expect(defaultTokenFile({ XDG_CONFIG_HOME: 'relative' })).toMatch(/\/\.config\/pingpool\/worker-token$/);
});
