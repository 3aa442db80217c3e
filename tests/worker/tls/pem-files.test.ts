import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PingpoolError } from '../../../shared/errors.ts';
import { readAuthorities, readKeyPair } from '../../../worker/tls/pem-files.node.ts';
import type { Authority, Pair } from '../../authority.ts';
import { makeAuthority } from '../../authority.ts';
import { testUnless, withoutPermissions, withoutPrivilege } from '../../requirements.ts';

let authority: Authority;
let pair: Pair;
let folder: string;
beforeAll(async () => {
	authority = await makeAuthority();
	pair = await authority.issue({ names: ['worker.example'] });
});
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-pem-'));
	write('cert.pem', pair.cert);
	write('key.pem', pair.key);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string): string => join(folder, name);

function write(name: string, text: string): void {
	writeFileSync(path(name), text, { mode: 0o600 });
}

function read(cert = 'cert.pem', key = 'key.pem', nowMs = Date.now()) {
	return readKeyPair({ cert: path(cert), key: path(key) }, nowMs);
}

function problem(action: () => unknown): string {
	try {
		action();
	} catch (error) {
		expect(error).toBeInstanceOf(PingpoolError);
		const { code, message, hint } = error as PingpoolError;
		expect(code).toBe('usage');
		// Nothing of a key is in it.
		const body = pair.key.split('\n')[1]!;
		expect(`${message} ${hint}`).not.toContain(body.slice(8, 24));
		return message;
	}
	return expect.unreachable('it was taken');
}

describe('a certificate and its key', () => {
	it('are read, the chain too', () => {
		write('chain.pem', `words before it\n${pair.cert}${authority.cert}`);
		const { cert, key, certificate, warnings } = read('chain.pem');
		expect(cert).toContain(authority.cert);
		expect(key).toBe(pair.key);
		expect(certificate.fingerprint256).toBe(new X509Certificate(pair.cert).fingerprint256);
		expect(warnings).toEqual([]);
	});

	it('may be in one file', () => {
		write('both.pem', pair.key + pair.cert);
		expect(read('both.pem', 'both.pem').certificate.subject).toContain('worker.example');
	});

	it.each([
		['a file that is not there', () => read('none.pem'), 'none.pem does not exist'],
		[
			'a folder',
			() => {
				mkdirSync(path('folder'));
				return read('folder');
			},
			'folder is a folder',
		],
		// Which has no end.
		['a device', () => read('../../dev/zero'), 'zero is larger than 4194304 bytes'],
		['a file without a certificate', () => read('key.pem'), 'key.pem has no certificate in it'],
		['a file without a key', () => read('cert.pem', 'cert.pem'), 'cert.pem has no private key in it'],
		[
			'DER',
			() => {
				writeFileSync(path('cert.der'), new X509Certificate(pair.cert).raw);
				return read('cert.der');
			},
			'cert.der has no certificate in it',
		],
		[
			'a certificate that was cut',
			() => {
				write('cut.pem', pair.cert.replace(/(.{64}\n){3}/, ''));
				return read('cut.pem');
			},
			'cut.pem has a certificate in it (number 1) that can not be read',
		],
		[
			'a key that was cut',
			() => {
				write('cut.key', pair.key.replace(/.{64}\n/, ''));
				return read('cert.pem', 'cut.key');
			},
			'cut.key has a private key in it that can not be read',
		],
		[
			'an encrypted key',
			() => {
				const key = createPrivateKey(pair.key);
				write(
					'locked.key',
					key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' }) as string,
				);
				return read('cert.pem', 'locked.key');
			},
			'locked.key is encrypted',
		],
		[
			'the key of another certificate',
			() => {
				write('other.key', authority.key);
				return read('cert.pem', 'other.key');
			},
			'other.key is not the key of the certificate in',
		],
		[
			'a chain that starts with the authority',
			() => {
				write('chain.pem', authority.cert + pair.cert);
				return read('chain.pem');
			},
			'key.pem is not the key of the certificate in',
		],
	])('refuses %s, and names it', (_, action, message) => {
		expect(problem(action)).toContain(message);
	});

	testUnless(
		withoutPermissions(),
		'warns of a key that others can read, and names one that this user can not',
		() => {
			chmodSync(path('key.pem'), 0o640);
			expect(read().warnings).toEqual([
				`${path('key.pem')} is open to other users; mend it with: chmod 600 ${path('key.pem')}`,
			]);
			chmodSync(folder, 0o755);
			chmodSync(path('cert.pem'), 0);
			withoutPrivilege(() =>
				expect(problem(() => read())).toContain('cert.pem may not be read by this user'),
			);
		},
	);

	it('warns of a certificate that has expired, or is not valid yet', () => {
		const dayMs = 86_400_000;
		expect(read('cert.pem', 'key.pem', Date.now() + dayMs).warnings[0]).toMatch(
			/^the certificate in \S+cert\.pem expired on \d{4}-\d\d-\d\d: only masters that pin it take it$/,
		);
		expect(read('cert.pem', 'key.pem', Date.now() - dayMs).warnings[0]).toMatch(/is not valid before \d{4}-/);
	});
});

describe('authorities', () => {
	it('are read, several of them', () => {
		write('ca.pem', authority.cert + pair.cert);
		expect(readAuthorities(path('ca.pem'))).toBe(authority.cert + pair.cert);
	});

	it('are refused where there are none', () => {
		expect(problem(() => readAuthorities(path('key.pem')))).toContain('key.pem has no certificate in it');
	});
});
