import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseFingerprint } from '../../shared/fingerprint.ts';
import { cpuMs } from '../cpu-time.ts';

const digest = createHash('sha256').update('a certificate').digest();
const hex = digest.toString('hex');
const colons = hex.toUpperCase().match(/../g)!.join(':');

describe('parseFingerprint', () => {
	it.each([
		['what a worker prints', `sha256:${hex}`],
		['bare digits', hex],
		['capitals', hex.toUpperCase()],
		['what openssl prints', colons],
		['the same with the name in front', `SHA256:${colons}`],
		['base64', `sha256:${digest.toString('base64')}`],
		['base64 without its filling', digest.toString('base64').slice(0, -1)],
		['base64 of the alphabet for URLs', `sha256/${digest.toString('base64url')}`],
	])('reads %s', (_, text) => {
		expect(parseFingerprint(text)).toBe(`sha256:${hex}`);
	});

	it.each([
		'',
		'sha256:',
		hex.slice(1),
		`${hex}0`,
		`${hex.slice(0, -1)}g`,
		colons.slice(0, -3),
		colons.replace(':', ''),
		`sha1:${hex}`,
		// Bits that the bytes do not have.
		`${digest.toString('base64url').slice(0, -1)}B`,
		`${digest.toString('base64')}=`,
		`${hex}\n`,
	])('refuses %j', (text) => {
		expect(parseFingerprint(text)).toBeUndefined();
	});

	it('reads what is long in linear time', () => {
		const startedMs = cpuMs();
		expect(parseFingerprint('ab:'.repeat(200_000))).toBeUndefined();
		expect(parseFingerprint('A'.repeat(600_000))).toBeUndefined();
		expect(cpuMs() - startedMs).toBeLessThan(50);
	});
});
