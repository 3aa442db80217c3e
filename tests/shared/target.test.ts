import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressesPerLineMax, hostBytesMax } from '../../shared/limits.ts';
import type { AddressRange, Target } from '../../shared/target.ts';
import {
	addressTextAt,
	addToIpv6,
	InvalidTargetError,
	isAddressRange,
	parseListEntry,
	parseTarget,
	probeOf,
} from '../../shared/target.ts';
import { cpuMs } from '../cpu-time.ts';

function messageOf(parse: () => unknown): string {
	try {
		parse();
	} catch (error) {
		expect(error).toBeInstanceOf(InvalidTargetError);
		return (error as Error).message;
	}
	throw new Error('was accepted');
}

describe('a target', () => {
	it.each<[string, Partial<Target>]>([
		['10.0.0.1', { text: '10.0.0.1', scheme: undefined, port: undefined, name: undefined }],
		['2001:DB8:0:0::1', { text: '2001:db8::1', port: undefined }],
		['[2001:db8::1]', { text: '2001:db8::1', port: undefined }],
		['[2001:DB8::1]:443', { text: '[2001:db8::1]:443', port: 443 }],
		['::ffff:10.0.0.1', { text: '10.0.0.1', address: { family: 4, value: 0x0a00_0001 } }],
		['[::ffff:10.0.0.1]:80', { text: '10.0.0.1:80' }],
		['Example.COM.', { text: 'example.com', name: 'example.com', address: undefined }],
		['localhost', { name: 'localhost' }],
		['_dmarc.example.com', { name: '_dmarc.example.com' }],
		['a-b.c', { name: 'a-b.c' }],
		['1.2.3.4.example', { name: '1.2.3.4.example' }],
		['example.com:0443', { text: 'example.com:443', port: 443 }],
		['10.0.0.1:22', { text: '10.0.0.1:22', port: 22 }],
		['TCP://Example.com:22/', { text: 'tcp://example.com:22', scheme: 'tcp', port: 22 }],
		['tcp://[::1]:22', { text: 'tcp://[::1]:22', port: 22 }],
		['http://Example.com', { text: 'http://example.com/', port: 80, path: '/', scheme: 'http' }],
		['https://example.com:443/a?b#c', { text: 'https://example.com/a?b', port: 443, path: '/a?b' }],
		['https://example.com:8443', { text: 'https://example.com:8443/', port: 8443 }],
		['http://example.com?q', { text: 'http://example.com/?q', path: '/?q' }],
		['http://10.0.0.1/a/../b/./c', { path: '/b/c' }],
		['http://example.com/ä', { path: '/%C3%A4' }],
		['http://[::1]:8080/', { text: 'http://[::1]:8080/' }],
		// A path may look like a host; it stays a path.
		[
			'http://example.com//evil.example/x',
			{ text: 'http://example.com//evil.example/x', name: 'example.com' },
		],
		[
			'http://example.com/..//evil.example',
			{ text: 'http://example.com//evil.example', name: 'example.com' },
		],
		['http://example.com/@evil.example', { path: '/@evil.example', name: 'example.com' }],
		['http://example.com/\\evil', { name: 'example.com' }],
		['bücher.example', { text: 'xn--bcher-kva.example', name: 'xn--bcher-kva.example' }],
		['BÜCHER.example:80', { text: 'xn--bcher-kva.example:80' }],
		['例え.jp', { name: 'xn--r8jz45g.jp' }],
		[`${'a'.repeat(63)}.example`, {}],
	])('%j is read', (text, expected) => {
		const target = parseTarget(text);
		expect(target).toMatchObject(expected);
		expect(parseTarget(target.text)).toEqual(target);
	});

	it.each([
		['', /empty/],
		['127.1', /four numbers/],
		['0x7f.1', /four numbers/],
		['0x7f000001', /four numbers/],
		['2130706433', /four numbers/],
		['1.2.3', /four numbers/],
		['1.2.3.4.5', /four numbers/],
		['010.0.0.1', /010 has a leading zero/],
		['10.0.0.999', /999 is over 255/],
		['127.0.0.1.', /four numbers/],
		['１２７.0.0.1', /four numbers/],
		['127。0。0。1', /is not/],
		['http://127.1/', /four numbers/],
		['http://0x7f.1/', /four numbers/],
		['-c 9', /white space/],
		['-c', /is not an address/],
		['--help', /is not an address/],
		['$(id)', /is not an address/],
		['`id`', /is not an address/],
		['a;id', /is not an address/],
		["a'b", /is not an address/],
		['a|b', /is not an address/],
		['a b', /white space/],
		['a\tb', /white space/],
		['a\nb', /white space/],
		['a\u0000b', /control/],
		['a\u001b[2Jb', /control/],
		['a\u202eb.example', /control or invisible/],
		['a\u200bb.example', /control or invisible/],
		['a\ud800', /control or invisible/],
		['a\ufffd', /UTF-8/],
		['a..b', /empty part/],
		['.', /no host/],
		['..', /empty part/],
		['a.-b', /is not an address/],
		['a-.b', /is not an address/],
		[`${'a'.repeat(64)}.example`, /over 63/],
		['😀.example', /is not an address/],
		['xn--a\u0308.example', /./],
		['a/b', /is not an address/],
		['example.com:', /port ""/],
		['example.com:0', /port "0"/],
		['example.com:65536', /port "65536"/],
		['example.com:1e3', /port "1e3"/],
		['example.com:-1', /port "-1"/],
		['example.com:80:81', /is not an IPv6/],
		['1:2', /four numbers/],
		[':80', /no host/],
		['[::1', /between its brackets/],
		['[]', /between its brackets/],
		['[10.0.0.1]', /between its brackets/],
		['[::1]x', /more than a port/],
		['[::1]:', /port ""/],
		['fe80::1%eth0', /zone/],
		['[fe80::1%eth0]', /between its brackets/],
		['tcp://::1:80', /is|brackets/],
		['tcp://example.com', /needs a port/],
		['tcp://example.com:80/x', /port/],
		['tcp://u@example.com:80', /user name/],
		['ftp://example.com', /scheme ftp/],
		['javascript://x', /scheme javascript/],
		['file:///etc/passwd', /scheme file/],
		['http://', /no host/],
		['http:///x', /no host/],
		['http://user:pw@example.com/', /user name/],
		['http://good.example\\@evil.example/', /user name/],
		['http://good.example\\evil.example/', /is not an address/],
		['http://example.com:80:81/', /is not an IPv6/],
		['http://%31%32%37.0.0.1/', /is not an address/],
		['http://example.com:port/', /port/],
		['http:example.com', /port/],
	])('%j is refused', (text, message) => {
		expect(messageOf(() => parseTarget(text))).toMatch(message);
	});

	it('treats names of objects as names', () => {
		for (const text of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
			expect(parseTarget(text)).toMatchObject({ name: text.toLowerCase() });
		}
	});

	it('has a name of at most 253 characters', () => {
		const label = 'a'.repeat(61);
		const name = (length: number): string => `${label}.`.repeat(4) + 'b'.repeat(length - 4 * 62);
		expect(parseTarget(name(253)).name).toHaveLength(253);
		expect(parseTarget(`${name(253)}.`).name).toHaveLength(253);
		expect(messageOf(() => parseTarget(name(254)))).toMatch(/254 characters; at most 253/);
	});

	it('is at most so long, in its canonical text too, which is what a worker is sent', () => {
		const url = `http://example.com/${'x'.repeat(hostBytesMax - 19)}`;
		expect(parseTarget(url).text).toHaveLength(hostBytesMax);
		expect(messageOf(() => parseTarget(`${url}x`))).toMatch(/2049 characters/);
		expect(messageOf(() => parseTarget(`http://example.com/${'ä'.repeat(1_000)}`))).toMatch(
			/6019 characters/,
		);
	});

	// Seconds of the processor's time, which a crowded machine gives in minutes.
	it('has a canonical text that is its own', { timeout: 600_000 }, () => {
		const host = fc.oneof(
			fc.ipV4(),
			fc.ipV6(),
			fc.ipV6().map((text) => `[${text}]`),
			fc.domain(),
			fc.stringMatching(/^[a-zA-Z0-9_.-]{1,20}$/),
			fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
		);
		const tail = fc.oneof(
			fc.constant(''),
			fc.nat(70_000).map((port) => `:${port}`),
		);
		const path = fc.oneof(
			fc.constant(''),
			fc
				.array(
					fc.constantFrom(
						'/',
						'..',
						'.',
						'//',
						'%2e',
						'%',
						'\\',
						'?',
						'#',
						'a',
						'ä',
						'"',
						'@',
						':',
						'|',
						'[',
					),
				)
				.map((parts) => `/${parts.join('')}`),
		);
		const scheme = fc.constantFrom('', '', 'tcp://', 'http://', 'HTTPS://');
		const text = fc.oneof(
			fc
				.tuple(scheme, host, tail, path)
				.map(([a, b, c, d]) => a + b + c + (a.startsWith('http') || a === 'HTTPS://' ? d : '')),
			fc.string({ unit: 'binary', maxLength: 40 }),
		);
		let accepted = 0;
		fc.assert(
			fc.property(text, (value) => {
				let target: Target;
				try {
					target = parseTarget(value);
				} catch (error) {
					expect(error).toBeInstanceOf(InvalidTargetError);
					return;
				}
				accepted += 1;
				expect(parseTarget(target.text)).toEqual(target);
				expect(target.text.length).toBeLessThanOrEqual(hostBytesMax);
				expect(target.text).toMatch(/^[\x21-\x7e]+$/);
			}),
			{ numRuns: 5_000 },
		);
		expect(accepted).toBeGreaterThan(500);
	});

	it('is judged in linear time, however long and hostile', () => {
		const hostile = ['a', 'a.', 'a-', '1.', ':', '[', '%', '/', 'é', '-', '0', '\\', '@'].map((unit) =>
			unit.repeat(1_000_000 / unit.length),
		);
		for (const unit of ['a', 'a-', '-', '.', 'a.', '/..', 'é', '1.']) {
			hostile.push(unit.repeat(2_000 / unit.length), `http://${unit.repeat(1_900 / unit.length)}`);
			hostile.push(
				`http://a/${unit.repeat(1_900 / unit.length)}`,
				`tcp://${unit.repeat(1_900 / unit.length)}`,
			);
		}
		const started = cpuMs();
		for (const text of hostile) {
			try {
				parseListEntry(text);
			} catch (error) {
				expect((error as Error).message.length).toBeLessThan(1_000);
			}
		}
		// Anything quadratic would take minutes over a million characters.
		expect(cpuMs() - started).toBeLessThan(3_000);
	});

	it('decides the probe by its scheme, then by its port', () => {
		expect(probeOf(parseTarget('10.0.0.1'), 'icmp')).toBe('icmp');
		expect(probeOf(parseTarget('10.0.0.1'), 'http')).toBe('http');
		expect(probeOf(parseTarget('10.0.0.1:80'), 'icmp')).toBe('tcp');
		expect(probeOf(parseTarget('10.0.0.1:80'), 'http')).toBe('http');
		expect(probeOf(parseTarget('tcp://a:1'), 'icmp')).toBe('tcp');
		expect(probeOf(parseTarget('https://a'), 'icmp')).toBe('http');
	});
});

function range(text: string): AddressRange {
	const entry = parseListEntry(text);
	if (!isAddressRange(entry)) throw new Error(`${text} is a target`);
	return entry;
}

describe('an entry of a list', () => {
	it.each([
		['10.0.0.0/24', '10.0.0.0', '10.0.0.255', 256],
		['10.0.0.77/24', '10.0.0.0', '10.0.0.255', 256],
		['10.0.0.1/32', '10.0.0.1', '10.0.0.1', 1],
		['0.0.0.0/8', '0.0.0.0', '0.255.255.255', 2 ** 24],
		['255.0.0.0/8', '255.0.0.0', '255.255.255.255', 2 ** 24],
		['fd00::/112', 'fd00::', 'fd00::ffff', 65_536],
		['fd00::1234/112', 'fd00::', 'fd00::ffff', 65_536],
		['fd00::1/128', 'fd00::1', 'fd00::1', 1],
		['10.0.0.1-10.0.1.0', '10.0.0.1', '10.0.1.0', 256],
		['10.0.0.1-50', '10.0.0.1', '10.0.0.50', 50],
		['10.0.0.1-10.0.0.1', '10.0.0.1', '10.0.0.1', 1],
		['fd00::fff0-fd00::1:000f', 'fd00::fff0', 'fd00::1:f', 32],
		['::ffff:10.0.0.1-::ffff:10.0.0.2', '10.0.0.1', '10.0.0.2', 2],
	])('%s stands for addresses', (text, first, last, count) => {
		const found = range(text);
		expect(found.count).toBe(count);
		expect(addressTextAt(found, 0)).toBe(first);
		expect(addressTextAt(found, count - 1)).toBe(last);
		expect(parseTarget(addressTextAt(found, count >> 1)).text).toBe(addressTextAt(found, count >> 1));
	});

	it.each(['a-b.example', 'web-01', '10-0-0-1.example', 'a-1'])('%s is a name', (text) => {
		expect(parseListEntry(text)).toMatchObject({ name: text });
	});

	it.each([
		['10.0.0.0/7', /33,554,432 addresses; at most 16,777,216/],
		['0.0.0.0/0', /4,294,967,296 addresses/],
		['fd00::/64', /about 1.8e\+19 addresses/],
		['::/0', /about 3.4e\+38/],
		['10.0.0.0/33', /\/0 to \/32/],
		['fd00::/129', /\/0 to \/128/],
		['10.0.0.0/', /\/0 to \/32/],
		['10.0.0.0/08', /\/0 to \/32/],
		['10.0.0/8', /IP address is expected before/],
		['example.com/24', /IP address is expected before/],
		['10.0.0.9-10.0.0.1', /ends before it starts/],
		['10.0.0.9-1', /ends before it starts/],
		['10.0.0.1-256', /0 to 255/],
		['10.0.0.1-05', /0 to 255/],
		['10.0.0.1-x', /behind the hyphen/],
		['10.0.0.1-', /behind the hyphen/],
		['10.0.0.1-fd00::1', /behind the hyphen/],
		['fd00::2-fd00::1', /ends before it starts/],
		['fd00::1-10.0.0.1', /behind the hyphen/],
		['0.0.0.0-255.255.255.255', /4,294,967,296 addresses/],
		['::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', /addresses; at most/],
	])('%s is refused', (text, message) => {
		expect(messageOf(() => parseListEntry(text))).toMatch(message);
	});

	it('is a host only in a request', () => {
		expect(() => parseTarget('10.0.0.0/24')).toThrow(InvalidTargetError);
		expect(() => parseTarget('10.0.0.1-10.0.0.2')).toThrow(InvalidTargetError);
	});

	it('names every address of an IPv6 block in order', () => {
		fc.assert(
			fc.property(
				fc.uint8Array({ minLength: 16, maxLength: 16 }),
				fc.nat(addressesPerLineMax),
				(first, offset) => {
					let value = 0n;
					for (const byte of first) value = (value << 8n) | BigInt(byte);
					const expected = ((value + BigInt(offset)) % 2n ** 128n).toString(16).padStart(32, '0');
					expect(Buffer.from(addToIpv6(first, offset)).toString('hex')).toBe(expected);
				},
			),
		);
	});
});
