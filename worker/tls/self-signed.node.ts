/**
 * A worker's own certificate: made at the first start, with its key in one file that its owner alone may read, and
 * never made anew, because masters know the worker by its fingerprint. One file, put in its place whole: a start
 * that is cut leaves either both or none.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { escapeUnsafe } from '../../shared/display.ts';
import { messageOf, PingpoolError, systemErrorCode } from '../../shared/errors.ts';

const hourMs = 3_600_000;
const yearMs = 365.25 * 24 * hourMs;
const validYears = 10;
/** A name of DNS (RFC 1123 section 2.1), which is what a certificate can have. */
const dnsNamePattern = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/**
 * Makes the file when there is none; leaves one that is there as it is, whatever is in it.
 *
 * @param nowMs time since the epoch, from which on the certificate is valid, less an hour for clocks that differ
 * @throws PingpoolError `listen` when it can not be written
 */
export async function ensureSelfSigned(file: string, nowMs: number): Promise<void> {
	if (existsSync(file)) return;
	const { makeCertificate } = await import('./make-certificate.node.ts');
	const { certificatePem, privateKeyPem } = await makeCertificate({
		names: ownNames(),
		notBeforeMs: nowMs - hourMs,
		notAfterMs: nowMs + validYears * yearMs,
	});
	const path = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
	let temporary: string | undefined;
	try {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		temporary = path;
		writeFileSync(path, privateKeyPem + certificatePem, { mode: 0o600, flag: 'wx', flush: true });
		// Not renamed: of two workers that start at the same time, the second must not replace the first one's.
		linkSync(path, file);
	} catch (error) {
		if (systemErrorCode(error) === 'EEXIST' && existsSync(file)) return;
		throw new PingpoolError(
			'listen',
			`the certificate of --tls-self-signed can not be kept in ${escapeUnsafe(file)}: ${messageOf(error)}`,
			{ cause: error, hint: 'it lies beside the token: name a folder that can be written with --token-file' },
		);
	} finally {
		if (temporary !== undefined) rmSync(temporary, { force: true });
	}
}

/** This machine's name and addresses, for masters that check them instead of a fingerprint. */
function ownNames(): string[] {
	const addresses = Object.values(networkInterfaces())
		.flatMap((each) => each ?? [])
		// An address of one link means nothing without that link's name.
		.filter(({ address }) => !/^fe80:/i.test(address))
		.map(({ address }) => address);
	return [
		...new Set([...[hostname()].filter((name) => dnsNamePattern.test(name)), 'localhost', ...addresses]),
	];
}
