/** What a worker's HTTPS server is made of: which certificate, whose client certificates, and what to say of it. */
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import type { Fingerprint } from '../../shared/fingerprint.ts';
import { parseFingerprint } from '../../shared/fingerprint.ts';
import type { TlsArguments } from '../arguments.node.ts';
import type { KeyPair, KeyPairFiles } from './pem-files.node.ts';

export interface ServerTls {
	/** for the server, at its start and whenever the files have changed */
	readonly context: SecureContextOptions;
	/** whether masters must show a certificate */
	readonly asksForCertificate: boolean;
	readonly fingerprint: Fingerprint;
	/** no authority vouches for it: masters need its fingerprint */
	readonly isSelfSigned: boolean;
	/** what the user should know */
	readonly warnings: readonly string[];
}

export interface ServerTlsSource {
	/** every file that it was read from */
	readonly files: readonly string[];
	/** Reads the files. @throws PingpoolError `usage` that names the file and what is wrong with it */
	read(nowMs: number): ServerTls;
}

/**
 * Finds the certificate files, and makes the worker's own when it was asked for and is not there.
 *
 * @param folder where the worker's own certificate is kept
 * @param nowMs time since the epoch
 * @returns `undefined` for plain HTTP
 * @throws PingpoolError `listen` when the worker's own certificate can not be kept
 */
export async function findServerTls(
	{ cert, key, selfSigned, clientCa }: TlsArguments,
	folder: string,
	nowMs: number,
): Promise<ServerTlsSource | undefined> {
	let pair: KeyPairFiles;
	if (selfSigned) {
		const file = join(folder, 'worker-tls.pem');
		const { ensureSelfSigned } = await import('./self-signed.node.ts');
		await ensureSelfSigned(file, nowMs);
		pair = { cert: file, key: file };
	} else if (cert !== undefined && key !== undefined) pair = { cert, key };
	else return undefined;
	const { readAuthorities, readKeyPair } = await import('./pem-files.node.ts');
	return {
		files: [...new Set([pair.cert, pair.key, ...(clientCa === undefined ? [] : [clientCa])])],
		read: (readMs) => serverTls(readKeyPair(pair, readMs), clientCa && readAuthorities(clientCa)),
	};
}

function serverTls({ cert, key, certificate, warnings }: KeyPair, ca: string | undefined): ServerTls {
	return {
		// Said, because NODE_OPTIONS could lower the default.
		context: { cert, key, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
		asksForCertificate: ca !== undefined,
		fingerprint: parseFingerprint(certificate.fingerprint256)!,
		// Not `checkIssued`: to that, only an authority's certificate can sign.
		isSelfSigned: certificate.verify(certificate.publicKey),
		warnings,
	};
}
