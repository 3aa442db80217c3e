/**
 * Fingerprints of certificates: the SHA-256 of their DER form, as a worker prints its own and as a line of
 * workers.txt pins it. One form inside and for printing, `sha256:` and 64 lower-case hexadecimal digits.
 */

/** A fingerprint in its one form, `sha256:…`. */
export type Fingerprint = `sha256:${string}`;

const hexForm = /^[0-9a-f]{64}$/i;
/** Of 32 bytes: 43 characters, the last of which carries four bits, and one that only fills up. */
const base64Form = /^[A-Za-z0-9+/_-]{42}[AEIMQUYcgkosw048]=?$/;

/**
 * Reads a fingerprint, with or without `sha256:` or `sha256/` in front: hexadecimal, with or without the colons
 * that `openssl x509 -fingerprint -sha256` prints, or base64 of either alphabet.
 *
 * @returns `undefined` for what is no SHA-256 fingerprint
 */
export function parseFingerprint(text: string): Fingerprint | undefined {
	const value = text.replace(/^sha256[:/]/i, '');
	const hex = /^[0-9a-f]{2}(:[0-9a-f]{2}){31}$/i.test(value) ? value.replaceAll(':', '') : value;
	if (hexForm.test(hex)) return `sha256:${hex.toLowerCase()}`;
	if (!base64Form.test(value)) return undefined;
	const bytes = atob(value.replace('=', '').replaceAll('-', '+').replaceAll('_', '/'));
	const digits = Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0'));
	return `sha256:${digits.join('')}`;
}
