/** The files of a master's TLS: authorities, and what it shows of itself. No message has a key in it. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { escapeUnsafe } from '../../shared/display.ts';
import { messageOf, PingpoolError } from '../../shared/errors.ts';
import { pemFileBytesMax } from '../../shared/limits.ts';
import { readText } from '../read-text.ts';
import type { ClientCertificate } from './worker-transport.ts';

/** Paths; `undefined` for what was not given. The certificate and its key come together. */
export interface TlsFiles {
	readonly ca: string | undefined;
	readonly cert: string | undefined;
	readonly key: string | undefined;
}

/**
 * Reads the certificates of authorities.
 *
 * @param fail makes the error of the end of a sentence that starts with the file
 * @throws what `fail` makes
 */
export function readAuthorities(path: string, fail: (problem: string) => Error = failureOf(path)): string {
	const text = readText(path, { bytesMax: pemFileBytesMax, fail });
	const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
	if (blocks === null) throw fail('has no certificate in it; PEM is expected (-----BEGIN CERTIFICATE-----)');
	for (const block of blocks) {
		try {
			new X509Certificate(block);
		} catch (error) {
			throw fail(`has a certificate in it that can not be read: ${reasonOf(error)}`);
		}
	}
	return blocks.join('\n');
}

/**
 * Reads the certificate that the master shows, and its key.
 *
 * @returns `undefined` when there is none
 * @throws PingpoolError `usage`
 */
export function readClientCertificate({
	cert: certPath,
	key: keyPath,
}: TlsFiles): ClientCertificate | undefined {
	if (certPath === undefined || keyPath === undefined) return undefined;
	const cert = readText(certPath, { bytesMax: pemFileBytesMax, fail: failureOf(certPath) });
	const key = readText(keyPath, { bytesMax: pemFileBytesMax, fail: failureOf(keyPath) });
	if (!cert.includes('-----BEGIN CERTIFICATE-----')) {
		throw failureOf(certPath)('has no certificate in it; PEM is expected (-----BEGIN CERTIFICATE-----)');
	}
	if (!key.includes('PRIVATE KEY-----')) {
		throw failureOf(keyPath)('has no private key in it; PEM is expected (-----BEGIN PRIVATE KEY-----)');
	}
	if (key.includes('ENCRYPTED')) {
		throw failureOf(keyPath)('is encrypted; take the passphrase off with openssl pkey');
	}
	try {
		createSecureContext({ cert, key });
	} catch (error) {
		throw failureOf(keyPath)(
			`is not the key of the certificate in ${escapeUnsafe(certPath)}, or one of them can not be read: ${reasonOf(error)}`,
		);
	}
	return { cert, key };
}

function failureOf(path: string): (problem: string) => PingpoolError {
	return (problem) => new PingpoolError('usage', `${escapeUnsafe(path)} ${problem}`);
}

function reasonOf(error: unknown): string {
	const { reason } = error as { reason?: unknown };
	return escapeUnsafe((typeof reason === 'string' ? reason : messageOf(error)).slice(0, 200));
}
