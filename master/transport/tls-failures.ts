/** What it means when TLS with a worker fails, and what to do about it. */
import { escapeUnsafe } from '../../shared/display.ts';
import { messageOf, systemErrorCode } from '../../shared/errors.ts';
import { WorkerFailure } from '../dispatch/worker-link.ts';
import type { WorkerTransport } from './worker-transport.ts';

const fromNoAuthority = new Set([
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_GET_ISSUER_CERT',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'CERT_UNTRUSTED',
	'INVALID_CA',
	'CERT_SIGNATURE_FAILURE',
]);

/** What else OpenSSL finds wrong with a certificate (Node's "X509 certificate error codes"). UNSPECIFIED is what Node has
 * no name for: a key that is too short, a digest that is too weak. */
const otherFaults = new Set([
	'CERT_CHAIN_TOO_LONG',
	'CERT_REJECTED',
	'CERT_REVOKED',
	'ERROR_IN_CERT_NOT_AFTER_FIELD',
	'ERROR_IN_CERT_NOT_BEFORE_FIELD',
	'INVALID_PURPOSE',
	'PATH_LENGTH_EXCEEDED',
	'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
	'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
	'UNSPECIFIED',
]);

/** Alerts of a worker (RFC 8446 section 6) that finds no certificate of ours, or one that it does not like. */
const ofOurCertificate = [
	'CERTIFICATE_REQUIRED',
	'UNKNOWN_CA',
	'BAD_CERTIFICATE',
	'UNSUPPORTED_CERTIFICATE',
	'CERTIFICATE_REVOKED',
	'CERTIFICATE_EXPIRED',
	'CERTIFICATE_UNKNOWN',
	'ACCESS_DENIED',
	// What TLS 1.2 says instead of "certificate required".
	'ALERT_HANDSHAKE_FAILURE',
];

/**
 * A failure that only somebody who does something about it can end: a certificate that is not good enough.
 *
 * @returns `undefined` for every other error
 */
export function certificateFailure(
	error: unknown,
	transport: Pick<WorkerTransport, 'ca' | 'certificate'>,
): WorkerFailure | undefined {
	const code = error instanceof WorkerFailure ? undefined : systemErrorCode(error);
	const meaning = code === undefined ? undefined : meaningOf(code, error, transport);
	if (meaning === undefined) return undefined;
	return new WorkerFailure('refused', `${meaning} (${code})`, { cause: error, probed: false });
}

function meaningOf(
	code: string,
	error: unknown,
	{ ca, certificate }: Pick<WorkerTransport, 'ca' | 'certificate'>,
): string | undefined {
	if (fromNoAuthority.has(code)) {
		if (ca !== undefined)
			return 'has a certificate that is not from the authority in its ca=… or in --tls-ca';
		return code === 'DEPTH_ZERO_SELF_SIGNED_CERT'
			? 'has a certificate that it signed itself: put the pin=sha256:… that the worker prints at its start into its line'
			: 'has a certificate from an authority that this machine does not know: name its file with ca=… or --tls-ca, or put pin=sha256:… into its line';
	}
	if (code === 'CERT_HAS_EXPIRED') return 'has a certificate that has expired: it needs a new one';
	if (code === 'CERT_NOT_YET_VALID') {
		return 'has a certificate that is not valid yet: is the clock of this machine right?';
	}
	if (otherFaults.has(code)) return `has a certificate that is not good enough: ${cut(messageOf(error))}`;
	if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
		const { cert } = error as { cert?: { subjectaltname?: unknown } };
		const names = typeof cert?.subjectaltname === 'string' ? cut(cert.subjectaltname) : 'no name';
		return `has a certificate for another name (${names}): use a URL with that name, or put pin=sha256:… into its line`;
	}
	if (/^ERR_SSL_.*ALERT/.test(code) && ofOurCertificate.some((end) => code.endsWith(end))) {
		return certificate === undefined
			? 'wants a certificate of this master: give --tls-cert and --tls-key'
			: 'does not accept the certificate of this master (--tls-cert)';
	}
	return undefined;
}

/** Any other reason for which there is no TLS, in a few words. */
export function tlsProblem(error: unknown): string {
	// What OpenSSL says of itself goes on about its own source; its reason is a few words.
	const reason = (error as { reason?: unknown }).reason;
	if (reason === 'wrong version number') return 'it does not speak TLS; is it http:// instead of https://?';
	return `TLS: ${cut(typeof reason === 'string' ? reason : messageOf(error))}`;
}

/** What others say, made safe to print. */
function cut(text: string): string {
	return escapeUnsafe(text.slice(0, 200));
}

/**
 * A connection that ended before anything was answered. A worker that wants a certificate of ours ends it so, where
 * its alert is lost or its TLS has none for it.
 *
 * @param failure of a first request
 */
export function askForCertificate(
	failure: unknown,
	{ certificate }: Pick<WorkerTransport, 'certificate'>,
): unknown {
	if (!(failure instanceof WorkerFailure) || failure.kind !== 'broken') return failure;
	const question =
		certificate === undefined
			? 'does it want a certificate of this master (--tls-cert and --tls-key)?'
			: 'does it know the authority of the certificate of this master (--tls-cert), and is that still valid?';
	return new WorkerFailure('broken', `${failure.message}; ${question}`, { cause: failure.cause });
}

/**
 * A connection over plain HTTP that ended before anything was answered, as one to a worker with TLS does.
 *
 * @param failure of a first request
 */
export function askForTls(failure: unknown): unknown {
	if (!(failure instanceof WorkerFailure) || failure.kind !== 'broken') return failure;
	const message = `${failure.message}; is it https:// instead of http://?`;
	return new WorkerFailure('broken', message, { cause: failure.cause });
}
