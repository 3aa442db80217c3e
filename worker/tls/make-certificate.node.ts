/**
 * A certificate that signs itself (X.509 version 3, RFC 5280): an ECDSA key on P-256, for a server and nothing else.
 * The libraries that write it are loaded here only, once in a worker's life.
 */
import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as asn1 from 'asn1js';
import * as pki from 'pkijs';
import { parseIpv4, parseIpv6 } from '../../shared/ip.ts';

export interface CertificateRequest {
	/** DNS names and addresses that it is for; the first one is what it is called */
	readonly names: readonly string[];
	/** ms since the epoch */
	readonly notBeforeMs: number;
	readonly notAfterMs: number;
}

export interface MadeCertificate {
	readonly certificatePem: string;
	/** PKCS #8 */
	readonly privateKeyPem: string;
}

const commonNameOid = '2.5.4.3';
/** The ceiling of a common name (RFC 5280 appendix A.1). */
const commonNameLengthMax = 64;
const serverAuthOid = '1.3.6.1.5.5.7.3.1';
/** Tags of a GeneralName (RFC 5280 section 4.2.1.6). */
const dnsNameType = 2;
const addressType = 7;

/** Makes a key and a certificate for it. */
export async function makeCertificate({
	names,
	notBeforeMs,
	notAfterMs,
}: CertificateRequest): Promise<MadeCertificate> {
	const engine = new pki.CryptoEngine({
		name: 'node',
		crypto: webcrypto as pki.CryptoEngineParameters['crypto'],
	});
	const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
	const keys = (await engine.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
	const certificate = new pki.Certificate();
	certificate.version = 2;
	certificate.serialNumber = new asn1.Integer({ valueHex: serialNumber() });
	for (const name of [certificate.subject, certificate.issuer]) {
		const value = new asn1.Utf8String({ value: (names[0] ?? '').slice(0, commonNameLengthMax) });
		name.typesAndValues.push(new pki.AttributeTypeAndValue({ type: commonNameOid, value }));
	}
	certificate.notBefore = time(notBeforeMs);
	certificate.notAfter = time(notAfterMs);
	await certificate.subjectPublicKeyInfo.importKey(keys.publicKey, engine);
	certificate.extensions = extensions(names);
	await certificate.sign(keys.privateKey, 'SHA-256', engine);
	const der = Buffer.from(certificate.toSchema(true).toBER(false));
	const key = Buffer.from(await engine.exportKey('pkcs8', keys.privateKey));
	return {
		certificatePem: new X509Certificate(der).toString(),
		privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${key.toString('base64').replace(/.{64}(?!$)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
	};
}

/** 127 random bits: positive, and never short by a leading zero. */
function serialNumber(): ArrayBuffer {
	const bytes = new Uint8Array(randomBytes(16));
	bytes[0] = (bytes[0]! & 0x7f) | 0x40;
	return bytes.buffer;
}

/** UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5). */
function time(ms: number): pki.Time {
	const value = new Date(ms);
	return new pki.Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value });
}

function extensions(names: readonly string[]): pki.Extension[] {
	const constraints = new pki.BasicConstraints({ cA: false });
	// Bit 0, digitalSignature: of eight bits, seven are unused.
	const keyUsage = new asn1.BitString({ valueHex: new Uint8Array([0x80]).buffer, unusedBits: 7 });
	const extendedKeyUsage = new pki.ExtKeyUsage({ keyPurposes: [serverAuthOid] });
	const alternativeNames = new pki.GeneralNames({ names: names.map(generalName) });
	return [
		extension('2.5.29.19', true, constraints.toSchema()),
		extension('2.5.29.15', true, keyUsage),
		extension('2.5.29.37', false, extendedKeyUsage.toSchema()),
		extension('2.5.29.17', false, alternativeNames.toSchema()),
	];
}

function extension(
	extnID: string,
	critical: boolean,
	value: { toBER(sizeOnly?: boolean): ArrayBuffer },
): pki.Extension {
	return new pki.Extension({ extnID, critical, extnValue: value.toBER(false) });
}

function generalName(name: string): pki.GeneralName {
	if (isIP(name) === 0) return new pki.GeneralName({ type: dnsNameType, value: name });
	return new pki.GeneralName({
		type: addressType,
		value: new asn1.OctetString({ valueHex: addressBytes(name).buffer as ArrayBuffer }),
	});
}

function addressBytes(address: string): Uint8Array {
	const ipv4 = parseIpv4(address);
	if (ipv4 < 0) return new Uint8Array(parseIpv6(address)!);
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setUint32(0, ipv4);
	return bytes;
}
