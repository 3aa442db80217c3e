/** Certificates and keys as PEM files: read, checked, and refused by name. No message has a key in it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { closeSync, openSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { escapeUnsafe } from '../../shared/display.ts';
import { messageOf, PingpoolError, systemErrorCode } from '../../shared/errors.ts';
import { pemFileBytesMax } from '../../shared/limits.ts';
import { readAtMost } from '../read-at-most.node.ts';

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const keyPattern = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;

export interface KeyPair {
	/** the chain, as the file has it */
	readonly cert: string;
	readonly key: string;
	/** the server's own certificate: the first of the chain */
	readonly certificate: X509Certificate;
	readonly warnings: readonly string[];
}

export interface KeyPairFiles {
	/** paths; both may be the same */
	readonly cert: string;
	readonly key: string;
}

/**
 * Reads a certificate chain and its private key.
 *
 * @param nowMs time since the epoch, which the certificate's is compared with
 * @throws PingpoolError `usage` that names the file and what is wrong with it
 */
export function readKeyPair(files: KeyPairFiles, nowMs: number): KeyPair {
	const cert = readText(files.cert);
	const [certificate] = certificatesIn(cert, files.cert);
	const key = files.key === files.cert ? cert : readText(files.key);
	if (!keyPattern.test(key)) {
		throw problem(files.key, 'has no private key in it', 'PEM is expected: -----BEGIN PRIVATE KEY-----');
	}
	if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key)) {
		throw problem(files.key, 'is encrypted', `take the passphrase off: openssl pkey -in ${files.key} -out …`);
	}
	if (!fits(key, certificate!, files.key)) {
		throw problem(
			files.key,
			`is not the key of the certificate in ${escapeUnsafe(files.cert)}`,
			"the server's own certificate comes first in its file, those that signed it behind it",
		);
	}
	try {
		createSecureContext({ cert, key });
	} catch (error) {
		throw problem(files.cert, `can not be served: ${reasonOf(error)}`, 'a newer certificate may do', error);
	}
	return { cert, key, certificate: certificate!, warnings: keyPairWarnings(files, certificate!, nowMs) };
}

/**
 * Reads the certificates of authorities.
 *
 * @throws PingpoolError `usage`
 */
export function readAuthorities(file: string): string {
	const text = readText(file);
	certificatesIn(text, file);
	return text;
}

function keyPairWarnings(files: KeyPairFiles, certificate: X509Certificate, nowMs: number): string[] {
	const warnings: string[] = [];
	const name = escapeUnsafe(files.cert);
	if (process.platform !== 'win32' && (statSync(files.key).mode & 0o077) !== 0) {
		const key = escapeUnsafe(files.key);
		warnings.push(`${key} is open to other users; mend it with: chmod 600 ${key}`);
	}
	if (Date.parse(certificate.validTo) < nowMs) {
		warnings.push(
			`the certificate in ${name} expired on ${dayOf(certificate.validTo)}: only masters that pin it take it`,
		);
	} else if (Date.parse(certificate.validFrom) > nowMs) {
		warnings.push(
			`the certificate in ${name} is not valid before ${dayOf(certificate.validFrom)}; is this machine's clock right?`,
		);
	}
	return warnings;
}

/** @param date as OpenSSL writes it */
function dayOf(date: string): string {
	return new Date(date).toISOString().slice(0, 10);
}

function fits(key: string, certificate: X509Certificate, file: string): boolean {
	try {
		return certificate.checkPrivateKey(createPrivateKey(key));
	} catch (error) {
		throw problem(
			file,
			`has a private key in it that can not be read: ${reasonOf(error)}`,
			'PEM is expected',
			error,
		);
	}
}

/** At least one. */
function certificatesIn(text: string, file: string): X509Certificate[] {
	const blocks = text.match(certificatePattern) ?? [];
	if (blocks.length === 0) {
		const hint = 'PEM is expected: -----BEGIN CERTIFICATE-----';
		throw problem(file, 'has no certificate in it', hint);
	}
	return blocks.map((block, i) => {
		try {
			return new X509Certificate(block);
		} catch (error) {
			throw problem(
				file,
				`has a certificate in it (number ${i + 1}) that can not be read: ${reasonOf(error)}`,
				'was it cut?',
				error,
			);
		}
	});
}

function readText(file: string): string {
	try {
		if (statSync(file).isDirectory()) throw problem(file, 'is a folder', 'a PEM file is expected');
		const descriptor = openSync(file, 'r');
		try {
			const bytes = readAtMost(descriptor, pemFileBytesMax);
			if (bytes !== undefined) return bytes.toString('latin1');
		} finally {
			closeSync(descriptor);
		}
		throw problem(file, `is larger than ${pemFileBytesMax} bytes`, 'a PEM file is expected');
	} catch (error) {
		if (error instanceof PingpoolError) throw error;
		const code = systemErrorCode(error);
		if (code === undefined) throw error;
		if (code === 'ENOENT') throw problem(file, 'does not exist', 'a PEM file is expected', error);
		if (code === 'EACCES') throw problem(file, 'may not be read by this user', 'see ls -l', error);
		throw problem(file, `can not be read (${code})`, 'a PEM file is expected', error);
	}
}

/** The few words that OpenSSL has for it, without the place in its own source. */
function reasonOf(error: unknown): string {
	const reason = (error as { reason?: unknown } | undefined)?.reason;
	return escapeUnsafe(typeof reason === 'string' ? reason : messageOf(error)).slice(0, 200);
}

function problem(file: string, what: string, hint: string, cause?: unknown): PingpoolError {
	return new PingpoolError('usage', `${escapeUnsafe(file)} ${what}`, { hint, cause });
}
