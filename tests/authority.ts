/** Authorities of tests, and the certificates that they sign, made anew in every run: nothing of them expires. */
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as asn1 from 'asn1js';
import * as pki from 'pkijs';
import { makeCertificate } from '../worker/tls/make-certificate.node.ts';

/** PEM. */
export interface Pair {
	readonly cert: string;
	readonly key: string;
}

export interface IssueOptions {
	/** DNS names and IPv4 addresses; the first one is what it is called */
	readonly names: readonly string[];
	/** from now; both may be negative. Default: from an hour ago, for an hour */
	readonly validMs?: readonly [number, number];
	/** whether it says that it is for clients alone. Default: it says nothing of that */
	readonly forClients?: boolean;
}

export interface Authority extends Pair {
	/** signs a certificate */
	issue(options: IssueOptions): Promise<Pair>;
}

const hourMs = 3_600_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const engine = new pki.CryptoEngine({
	name: 'tests',
	crypto: webcrypto as unknown as pki.CryptoEngineParameters['crypto'],
});

export async function makeAuthority(): Promise<Authority> {
	const keys = await newKeys();
	const name = `authority ${randomBytes(4).toString('hex')}`;
	const cert = await sign({ subject: name, issuer: name, keys, by: keys, extensions: [constraints(true)] });
	return {
		cert,
		key: await pemOf(keys),
		async issue({ names, validMs, forClients = false }) {
			const own = await newKeys();
			const alternatives = new pki.GeneralNames({ names: names.map(generalName) });
			const extensions = [
				constraints(false),
				new pki.Extension({ extnID: '2.5.29.17', extnValue: alternatives.toSchema().toBER(false) }),
			];
			if (forClients) extensions.push(clientsOnly());
			const subject = names[0]!;
			const pem = await sign({ subject, issuer: name, keys: own, by: keys, extensions, validMs });
			return { cert: pem, key: await pemOf(own) };
		},
	};
}

/** A certificate that signs itself, as a worker makes its own. */
export async function makeSelfSigned(
	names: readonly string[] = ['127.0.0.1', 'localhost'],
	[notBeforeMs, notAfterMs]: readonly [number, number] = [-hourMs, hourMs],
): Promise<Pair> {
	const nowMs = Date.now();
	const made = await makeCertificate({
		names,
		notBeforeMs: nowMs + notBeforeMs,
		notAfterMs: nowMs + notAfterMs,
	});
	return { cert: made.certificatePem, key: made.privateKeyPem };
}

interface SignOptions {
	readonly subject: string;
	readonly issuer: string;
	readonly keys: webcrypto.CryptoKeyPair;
	readonly by: webcrypto.CryptoKeyPair;
	readonly extensions: pki.Extension[];
	readonly validMs?: readonly [number, number] | undefined;
}

async function sign({
	subject,
	issuer,
	keys,
	by,
	extensions,
	validMs = [-hourMs, hourMs],
}: SignOptions): Promise<string> {
	const certificate = new pki.Certificate();
	certificate.version = 2;
	certificate.serialNumber = new asn1.Integer({ valueHex: new Uint8Array([0x40, ...randomBytes(7)]).buffer });
	certificate.subject.typesAndValues.push(commonName(subject));
	certificate.issuer.typesAndValues.push(commonName(issuer));
	certificate.notBefore.value = new Date(Date.now() + validMs[0]);
	certificate.notAfter.value = new Date(Date.now() + validMs[1]);
	certificate.extensions = extensions;
	await certificate.subjectPublicKeyInfo.importKey(keys.publicKey, engine);
	await certificate.sign(by.privateKey, 'SHA-256', engine);
	return pem('CERTIFICATE', certificate.toSchema(true).toBER(false));
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
	return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function pemOf({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
	return pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', privateKey));
}

function pem(label: string, der: ArrayBuffer): string {
	const lines = Buffer.from(der)
		.toString('base64')
		.match(/.{1,64}/g)!;
	return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function constraints(cA: boolean): pki.Extension {
	return new pki.Extension({
		extnID: '2.5.29.19',
		critical: true,
		extnValue: new pki.BasicConstraints({ cA }).toSchema().toBER(false),
	});
}

function clientsOnly(): pki.Extension {
	return new pki.Extension({
		extnID: '2.5.29.37',
		extnValue: new pki.ExtKeyUsage({ keyPurposes: ['1.3.6.1.5.5.7.3.2'] }).toSchema().toBER(false),
	});
}

function commonName(value: string): pki.AttributeTypeAndValue {
	return new pki.AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1.Utf8String({ value }) });
}

function generalName(name: string): pki.GeneralName {
	if (isIP(name) !== 4) return new pki.GeneralName({ type: 2, value: name });
	const bytes = Uint8Array.from(name.split('.').map(Number));
	return new pki.GeneralName({ type: 7, value: new asn1.OctetString({ valueHex: bytes.buffer }) });
}
