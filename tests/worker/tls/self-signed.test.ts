import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureSelfSigned } from '../../../worker/tls/self-signed.node.ts';
import { testUnless, withoutCommand, withoutPermissions } from '../../requirements.ts';

let folder: string;
let file: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-own-'));
	file = join(folder, 'new', 'worker-tls.pem');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const nowMs = Date.UTC(2026, 10, 22, 12);

it('is for a server of this name and these addresses, for ten years, with a key on P-256', async () => {
	await ensureSelfSigned(file, nowMs);
	const text = readFileSync(file, 'utf8');
	const certificate = new X509Certificate(text);
	const key = createPrivateKey(text);
	expect(certificate.checkPrivateKey(key)).toBe(true);
	expect(certificate.verify(certificate.publicKey)).toBe(true);
	expect(key).toMatchObject({ asymmetricKeyType: 'ec', asymmetricKeyDetails: { namedCurve: 'prime256v1' } });
	expect(certificate.ca).toBe(false);
	// serverAuth
	expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
	expect(certificate.checkHost('localhost')).toBe('localhost');
	expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
	expect(Date.parse(certificate.validFrom)).toBe(nowMs - 3_600_000);
	expect(new Date(certificate.validTo).toISOString()).toMatch(/^2036-11-2\d/);
	expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
});

it('is made once, whatever is in the file, and leaves nothing beside it', async () => {
	await ensureSelfSigned(file, nowMs);
	const first = readFileSync(file, 'utf8');
	await ensureSelfSigned(file, nowMs + 20 * 366 * 86_400_000);
	expect(readFileSync(file, 'utf8')).toBe(first);
	writeFileSync(file, 'broken');
	await ensureSelfSigned(file, nowMs);
	expect(readFileSync(file, 'utf8')).toBe('broken');
	expect(readdirSync(join(folder, 'new'))).toEqual(['worker-tls.pem']);
});

it('of two workers that start at the same time, both serve the same', async () => {
	await Promise.all([
		ensureSelfSigned(file, nowMs),
		ensureSelfSigned(file, nowMs),
		ensureSelfSigned(file, nowMs),
	]);
	expect(readFileSync(file, 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
	expect(readdirSync(join(folder, 'new'))).toEqual(['worker-tls.pem']);
});

testUnless(withoutPermissions(), 'is for its owner alone, whatever the umask', async () => {
	const before = process.umask(0);
	try {
		await ensureSelfSigned(file, nowMs);
	} finally {
		process.umask(before);
	}
	expect([statSync(file).mode & 0o777, statSync(join(folder, 'new')).mode & 0o777]).toEqual([0o600, 0o700]);
});

it('names the folder when it can not be kept', async () => {
	writeFileSync(join(folder, 'new'), 'a file in the way');
	await expect(ensureSelfSigned(file, nowMs)).rejects.toMatchObject({
		code: 'listen',
		message: expect.stringContaining(`can not be kept in ${file}`),
	});
});

testUnless(withoutCommand('openssl'), 'stands up to openssl, strictly', async () => {
	await ensureSelfSigned(file, nowMs);
	const at = String(nowMs / 1_000);
	const args = ['verify', '-x509_strict', '-attime', at, '-purpose', 'sslserver', '-CAfile', file, file];
	const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
	expect(stdout + stderr).toBe(`${file}: OK\n`);
});
