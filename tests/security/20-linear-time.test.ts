/**
 * Requirement 20: whatever reads what comes from outside takes time in proportion to its length. Each reader gets
 * hostile shapes of two lengths, of which the longer is 32 times the other: in quadratic time it would take 1,024
 * times as long. Times are the least of several, because a busy machine only ever adds to them. CI tries longer
 * texts and more shapes.
 */
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../master/line-splitter.ts';
import { parseWorkers } from '../../master/workers-file.ts';
import { parseAddressList } from '../../shared/address-list.ts';
import { csvField, escapeLines, escapeUnsafe, jsonText, quote } from '../../shared/display.ts';
import { parseFingerprint } from '../../shared/fingerprint.ts';
import { FrameSplitter } from '../../shared/frames.ts';
import { parseCidr, parseIp } from '../../shared/ip.ts';
import { hostBytesMax, lineBytesMax, requestHeadBytesMax } from '../../shared/limits.ts';
import { parsePorts } from '../../shared/ports.ts';
import {
	capabilitiesSchema,
	errorBodySchema,
	parsePingRequest,
	requestIdPattern,
} from '../../shared/protocol.ts';
import { suggest } from '../../shared/suggest.ts';
import { parseListEntry, parseTarget } from '../../shared/target.ts';
import { usageText } from '../../shared/usage-text.ts';
import { createAuthenticator } from '../../worker/auth.ts';
import { settings } from '../../worker/config.ts';
import { parsePingOutput } from '../../worker/icmp/command-output.ts';
import { statusOf } from '../../worker/probes/http-exchange.ts';
import { parseHosts } from '../../worker/resolve/hosts-file.ts';
import { parseHostsServices, parseResolvConf } from '../../worker/resolve/system-config.ts';
import { cpuMs } from '../cpu-time.ts';
import { notLong } from '../requirements.ts';
import { testApp, token } from '../worker/app-fixture.ts';

const isThorough = notLong() === undefined;
const large = isThorough ? 2 ** 15 : 2 ** 13;
const small = large / 32;
/** 32 times, and as much again for what a machine's caches make of it; below the floor, nothing is measured. */
const growthMax = 32 * 6;
const floorMs = 0.05;
const quickMs = 10;
/** What nothing that is read at a time (a host, a line, a header) may take, at its longest. */
const msMax = 50;

/** What repetition and its end make hard: runs that nearly match, from every place in them anew. */
const pieces = [
	'a',
	'0',
	'1',
	'.',
	'-',
	'_',
	':',
	'::',
	'/',
	'//',
	'#',
	' #',
	'# ',
	' ',
	'\t',
	'\n',
	'\r',
	'\r\n',
	'%',
	'%2',
	'@',
	'[',
	']',
	'=',
	';=',
	'"',
	"'",
	'\\',
	'\\u',
	',',
	'1,',
	'1-',
	'1.',
	'a.',
	'a-',
	'-a',
	'a@',
	'0x',
	'0.',
	'f:',
	'1:',
	'xn--',
	'http://',
	'a=',
	'token=',
	'{',
	'[[',
	'{"a":',
	'\u0301',
	'\u05d0',
	'\u200b',
	'\u202e',
	'\u2028',
	'\u00e9',
	'\u0130',
	'\u{1f600}',
	'\ud800',
	'\udc00',
	'\u3164',
	'\ufe0f',
	'\u3002',
	'\0',
	'\u001b[',
	'error: ',
	'\n(Did you mean ',
	'HTTP/1.1 100 \r\n\r\n',
	'64 bytes from ',
	'time=1 ms ',
	'=1',
	'= ',
	'127.0.0.1 ',
	'search ',
	'[NOTFOUND=',
	'Bearer ',
	'q=0.1,',
	'*/*;',
];
const ends = isThorough ? ['', '!', '\u2028x', '/'] : ['', '\u2028x'];

const shapes = pieces.flatMap((piece) => ends.map((end) => ({ piece, end })));

function shaped({ piece, end }: (typeof shapes)[number], length: number): string {
	return piece.repeat(Math.ceil(length / piece.length)).slice(0, length - end.length) + end;
}

function leastMs(action: () => void, times: number): number {
	let least = Number.POSITIVE_INFINITY;
	for (let i = 0; i < times; i += 1) {
		const startMs = cpuMs();
		action();
		least = Math.min(least, cpuMs() - startMs);
	}
	return least;
}

/** Runs it, whatever it thinks of the text. */
function tolerant(read: (text: string) => unknown): (text: string) => void {
	return (text) => {
		try {
			read(text);
		} catch (error) {
			if (error instanceof RangeError && /stack|length/i.test(error.message)) throw error;
		}
	};
}

const loopback = parseIp('127.0.0.1')!;

/** Each reader, and the longest text that reaches it at a time; `undefined` for a file, which is as long as it is. */
const readers: readonly [name: string, read: (text: string) => unknown, lengthMax: number | undefined][] = [
	['parseTarget', parseTarget, undefined],
	['parseTarget at its longest', parseTarget, hostBytesMax],
	['parseTarget of a path', (text) => parseTarget(`http://a.test/${text}`), hostBytesMax],
	['parseListEntry', parseListEntry, lineBytesMax],
	['parseListEntry of a short one', (text) => parseListEntry(text.slice(0, 100)), undefined],
	['parseIp', parseIp, undefined],
	['parseCidr', parseCidr, undefined],
	['parseCidr of a suffix', (text) => parseCidr(`10.0.0.0/${text}`), undefined],
	['parsePorts', parsePorts, undefined],
	['parseFingerprint', parseFingerprint, undefined],
	['parseAddressList', (text) => parseAddressList(text, 'list'), undefined],
	['parseWorkers', (text) => parseWorkers(text, 'workers.txt', { folder: '/' }), undefined],
	[
		'parseWorkers of a URL',
		(text) => parseWorkers(`http://a.test/${text}`, 'workers.txt', { folder: '/' }),
		large,
	],
	[
		'parseWorkers of settings',
		(text) => parseWorkers(`http://a.test ${text}`, 'workers.txt', { folder: '/' }),
		large,
	],
	['quote', quote, undefined],
	['escapeUnsafe', escapeUnsafe, undefined],
	['escapeLines', escapeLines, undefined],
	['jsonText', jsonText, undefined],
	['csvField', csvField, undefined],
	['usageText', usageText, undefined],
	['suggest', (text) => suggest(text, ['hosts', 'workers', 'timeout']), undefined],
	['statusOf', statusOf, 4 * 1024],
	['parsePingOutput', (text) => parsePingOutput('unix', text, loopback), 8 * 1024],
	['parsePingOutput of Windows', (text) => parsePingOutput('windows', text, loopback), 8 * 1024],
	['parseHosts', parseHosts, undefined],
	['parseResolvConf', (text) => parseResolvConf(text, 'a.test'), undefined],
	['parseHostsServices', (text) => parseHostsServices(`hosts: ${text}`), undefined],
	['requestIdPattern', (text) => requestIdPattern.test(text), undefined],
	['parsePingRequest of a host', (text) => parsePingRequest({ hosts: [text] }), undefined],
	['parsePingRequest of a key', (text) => parsePingRequest({ hosts: ['a'], [text]: 1 }), undefined],
	[
		'capabilitiesSchema',
		(text) => capabilitiesSchema.safeParse({ version: text, instance: text, requestForms: [text] }),
		large,
	],
	[
		'errorBodySchema',
		(text) => errorBodySchema.safeParse({ error: { code: text, message: text, details: { [text]: text } } }),
		large,
	],
	...(['host', 'rate', 'allow', 'ports', 'token', 'contact', 'quiet', 'icmp'] as const).map(
		(name) =>
			[`setting ${name}`, settings[name].parse, undefined] as [string, (text: string) => unknown, undefined],
	),
];

// Seconds of the processor's time, which a crowded machine gives in minutes.
describe('20: linear time', { timeout: 600_000 }, () => {
	it.each(readers)('%s', (_, read, lengthMax) => {
		const run = tolerant(read);
		for (const shape of shapes) {
			const longest = shaped(shape, lengthMax ?? large);
			// Most are far below, and need no second look: at this length, what is quadratic takes a hundred.
			if (leastMs(() => run(longest), 1) < quickMs) continue;
			const said = `${JSON.stringify(shape)} at ${longest.length}`;
			const longMs = leastMs(() => run(longest), 7);
			if (lengthMax !== undefined) {
				expect(longMs, said).toBeLessThan(msMax);
				continue;
			}
			const short = shaped(shape, small);
			const shortMs = Math.max(
				floorMs,
				leastMs(() => run(short), 7),
			);
			expect(longMs / shortMs, said).toBeLessThan(growthMax);
		}
	});

	it('headers of a request: token, accepted forms, name, host', async () => {
		const { app } = testApp();
		const authenticator = createAuthenticator([token]);
		for (const shape of shapes) {
			const value = shaped(shape, requestHeadBytesMax)
				.replace(/[^\x20-\x7e]/g, '?')
				.trim();
			for (const [name, rest] of [
				['authorization', {}],
				['accept', { authorization: `Bearer ${token}` }],
				['pingpool-request', { authorization: `Bearer ${token}` }],
				['content-type', { authorization: `Bearer ${token}` }],
				['host', {}],
			] as const) {
				const init = { method: 'POST', body: '{}', headers: { ...rest, [name]: value } };
				const ask = async (): Promise<number> => {
					const startMs = cpuMs();
					await (await app.request('/ping', init)).text();
					if (name === 'authorization') await authenticator.accepts(value);
					return cpuMs() - startMs;
				};
				let leastOf = await ask();
				for (let i = 0; i < 7 && leastOf >= msMax / 2; i += 1) leastOf = Math.min(leastOf, await ask());
				expect(leastOf, `${name}: ${JSON.stringify(shape)}`).toBeLessThan(msMax);
			}
		}
	});

	it('streams that drip byte by byte', () => {
		const bytes = (length: number): Uint8Array => new Uint8Array(length);
		const frames = (length: number) => (): void => {
			const splitter = new FrameSplitter(large);
			const frame = bytes(length);
			new DataView(frame.buffer).setUint32(0, length - 8, true);
			frame[4] = 2;
			for (let at = 0; at < length; at += 1) splitter.push(frame.subarray(at, at + 1));
		};
		const lines = (length: number) => (): void => {
			const splitter = new LineSplitter(large);
			const line = bytes(length).fill(120);
			for (let at = 0; at < length; at += 1) splitter.push(line.subarray(at, at + 1));
		};
		for (const drip of [frames, lines]) {
			const shortMs = Math.max(floorMs, leastMs(drip(small), 5));
			expect(leastMs(drip(large), 3) / shortMs).toBeLessThan(growthMax);
		}
	});

	it('would be noticed if it were not so', () => {
		const quadratic = (text: string): unknown => text.replace(/\/+$/, '');
		const run = (length: number) => (): unknown => quadratic(`${'/'.repeat(length)}x`);
		const shortMs = Math.max(floorMs, leastMs(run(2 ** 9), 5));
		expect(leastMs(run(2 ** 14), 1) / shortMs).toBeGreaterThan(growthMax);
	});
});
