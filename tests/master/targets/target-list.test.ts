import { execFileSync } from 'node:child_process';
import {
	appendFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTargetList } from '../../../master/targets/open.node.ts';
import type { TargetList, TargetListOptions } from '../../../master/targets/target-list.ts';
import { hostTexts } from '../../../shared/host-column.ts';
import { parseIpv4 } from '../../../shared/ip.ts';
import { lineBytesMax } from '../../../shared/limits.ts';
import { createRandom } from '../../../shared/random.ts';
import { addressTextAt, isAddressRange, parseListEntry, probeNames } from '../../../shared/target.ts';
import { sizeOf, testUnless, withoutCommand } from '../../requirements.ts';

const signal = new AbortController().signal;

let folder: string;
let path: string;
let temp: string;
const open: TargetList[] = [];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-list-'));
	path = join(folder, 'hosts.txt');
	temp = join(folder, 'temp');
	mkdirSync(temp);
});
afterEach(async () => {
	for (const list of open.splice(0)) await list.close();
	rmSync(folder, { recursive: true, force: true });
});

async function listOf(
	content: string | Uint8Array,
	options: Partial<TargetListOptions> & { exclude?: string } = {},
): Promise<TargetList> {
	writeFileSync(path, content);
	const { exclude, ...rest } = options;
	const excludePath = exclude === undefined ? undefined : join(folder, 'exclude.txt');
	if (excludePath !== undefined) writeFileSync(excludePath, exclude!);
	return opened({ input: { path }, excludePath, ...rest });
}

async function opened(
	options: Partial<TargetListOptions> & Pick<TargetListOptions, 'input'>,
): Promise<TargetList> {
	const list = await openTargetList({ probe: 'icmp', tempDir: temp, signal, ...options });
	open.push(list);
	return list;
}

/** All targets of a walk; checks that positions have no gap. */
async function walked(list: TargetList): Promise<{ texts: string[]; probes: string[] }> {
	const texts: string[] = [];
	const probes: string[] = [];
	for await (const batch of list.batches(signal)) {
		expect(batch.firstPosition).toBe(texts.length);
		expect(batch.probes.length).toBe(batch.hosts.length);
		expect(batch.hosts.length).toBeGreaterThan(0);
		texts.push(...hostTexts(batch.hosts));
		// A bare IPv4 address is always a number, however it was written.
		for (const text of batch.hosts.texts ?? []) expect(parseIpv4(text ?? '')).toBe(-1);
		for (const probe of batch.probes) probes.push(probeNames[probe]!);
	}
	expect(texts.length).toBe(list.total);
	return { texts, probes };
}

describe('what a line may be', () => {
	test('every form, in list order, with its probe', async () => {
		const list = await listOf(
			[
				'# a comment',
				'10.0.0.1',
				'  10.0.0.2  ',
				'',
				'10.0.0.3 # behind white space',
				'10.0.0.4#behind none',
				'Example.COM',
				'plain-name.example.org.',
				'10.1.0.254/30',
				'10.2.0.9-11',
				'fd00::1-fd00::2',
				'[FD00::9]',
				'10.0.0.5:443',
				'tcp://example.com:22',
				'https://example.com/a#b',
				'http://example.com/x # a comment',
				'::ffff:10.9.0.0/127',
			].join('\n'),
		);
		expect(await walked(list)).toEqual({
			texts: [
				...['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', 'example.com', 'plain-name.example.org'],
				...['10.1.0.252', '10.1.0.253', '10.1.0.254', '10.1.0.255'],
				...['10.2.0.9', '10.2.0.10', '10.2.0.11', 'fd00::1', 'fd00::2', 'fd00::9'],
				...['10.0.0.5:443', 'tcp://example.com:22', 'https://example.com/a', 'http://example.com/x'],
				...['10.9.0.0', '10.9.0.1'],
			],
			probes: [
				...new Array(16).fill('icmp'),
				...['tcp', 'tcp', 'http', 'http'],
				...new Array(2).fill('icmp'),
			],
		});
		expect(list.perProbe).toEqual({ icmp: 18, tcp: 2, http: 2 });
		expect(list).toMatchObject({ total: 22, invalid: 0, duplicates: 0, excluded: 0 });
	});

	test.each([
		['LF', 'a\nb\n'],
		['no end of line at the end', 'a\nb'],
		['CRLF', 'a\r\nb\r\n'],
		['CRLF, none at the end', 'a\r\nb'],
		['a carriage return at the end', 'a\nb\r'],
		['a byte order mark', '\uFEFFa\nb'],
		['empty lines', '\n\r\n \n\ta\n\n\nb\n\n'],
	])('%s', async (_, content) => {
		expect((await walked(await listOf(content))).texts).toEqual(['a', 'b']);
	});

	test('a block of more than one batch keeps its order across both walks', async () => {
		const list = await listOf('first\n10.0.0.0/17\nlast\n');
		const { texts } = await walked(list);
		expect(texts.length).toBe(32_770);
		expect(texts.slice(0, 3)).toEqual(['first', '10.0.0.0', '10.0.0.1']);
		expect(texts.slice(-2)).toEqual(['10.0.127.255', 'last']);
		expect(await walked(list)).toMatchObject({ texts });
	});

	test('a walk that is left early can be followed by another', async () => {
		const list = await listOf('10.0.0.0/18\n');
		for await (const batch of list.batches(signal)) {
			expect(batch.firstPosition).toBe(0);
			break;
		}
		expect((await walked(list)).texts.length).toBe(16_384);
	});
});

describe('duplicates and exclusions', () => {
	test('one target is one, however it is written; the first counts', async () => {
		const list = await listOf(
			[
				...['10.0.0.1', '10.0.0.0/30', '10.0.0.2-3', '10.0.0.1 # again', '::ffff:10.0.0.1'],
				...['fd00::5', 'fd00::/125', 'FD00:0::6', '[fd00::7]', 'fd00::4-fd00::9'],
				...['a.example', 'A.EXAMPLE.', 'a.example:80', 'http://a.example:80', 'http://a.example/'],
			].join('\n'),
		);
		expect((await walked(list)).texts).toEqual([
			...['10.0.0.1', '10.0.0.0', '10.0.0.2', '10.0.0.3'],
			...['fd00::5', 'fd00::', 'fd00::1', 'fd00::2', 'fd00::3', 'fd00::4', 'fd00::6', 'fd00::7'],
			...['fd00::8', 'fd00::9', 'a.example', 'a.example:80', 'http://a.example/'],
		]);
		expect(list.duplicates).toBe(14);
	});

	test('an excluded address or name is out in every form; an entry with a port is out alone', async () => {
		const list = await listOf(
			[
				...['10.0.0.0/29', '10.0.0.1:80', 'http://10.0.0.2/x', '10.0.1.1', '10.0.1.1'],
				...[
					'fd00::/126',
					'http://[fd00::1]/',
					'a.example',
					'tcp://A.example:22',
					'b.example:80',
					'b.example',
				],
				'b.example:81',
			].join('\n'),
			{ exclude: '10.0.0.1-2\nfd00::1\nA.example # the name\nb.example:80\n10.0.0.7/32\n10.0.0.7\n' },
		);
		expect((await walked(list)).texts).toEqual([
			...['10.0.0.0', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.1.1'],
			...['fd00::', 'fd00::2', 'fd00::3', 'b.example', 'b.example:81'],
		]);
		expect(list).toMatchObject({ excluded: 10, duplicates: 1 });
	});

	test('the same as a plain set of texts makes of random lists', async () => {
		const seed = (Math.random() * 2 ** 32) >>> 0;
		const random = createRandom(seed);
		const one = (): string => {
			const low = random.below(600);
			const ipv4 = `10.0.${low >> 8}.${low & 255}`;
			const forms = [
				() => ipv4,
				() => ` ${ipv4}`,
				() => `10.0.${random.below(3)}.0/${20 + random.below(12)}`,
				() => `${ipv4}-10.0.3.${random.below(256)}`,
				() => `fd00::${low.toString(16)}`,
				() => `fd00::${low.toString(16)}/${118 + random.below(10)}`,
				() => `fd00::${low.toString(16)}-fd00::300`,
				() => `name-${low}.example`,
				() => `NAME-${low}.example #x`,
				() => `${ipv4}:80`,
				() => `name-${low}.example:80`,
				// Whole /16s, seldom: they are a case of their own, but the model is slow.
				() => (random.below(60) === 0 ? `10.${random.below(2)}.0.0/16` : ipv4),
				() => (random.below(2) === 0 ? '# nothing' : ''),
			];
			return forms[random.below(forms.length)]!();
		};
		for (let round = 0; round < 12; round += 1) {
			const lines = Array.from({ length: 1 + random.below(120) }, one);
			const exclude = Array.from({ length: random.below(8) }, one).filter((line) => !line.includes(':80'));
			const expected = modelOf(lines, exclude);
			if (expected.texts.length === 0) continue;
			const list = await listOf(lines.join(random.below(2) === 0 ? '\n' : '\r\n'), {
				exclude: exclude.join('\n'),
			});
			const { texts } = await walked(list);
			expect(texts, `seed ${seed} round ${round}`).toEqual(expected.texts);
			expect([list.duplicates, list.excluded], `seed ${seed} round ${round}`).toEqual([
				expected.duplicates,
				expected.excluded,
			]);
		}
	});

	test('hashes of another key give the same list', async () => {
		const content = Array.from({ length: 5_000 }, (_, i) => `h${i % 3_000}.example`).join('\n');
		const first = await listOf(content, { hashKey: new Uint32Array([1, 2, 3, 4]) });
		const { texts } = await walked(first);
		const second = await listOf(content, { hashKey: new Uint32Array([9, 8, 7, 6]) });
		expect((await walked(second)).texts).toEqual(texts);
		expect([second.total, second.duplicates]).toEqual([3_000, 2_000]);
	});
});

/** The same by a set of texts. */
function modelOf(lines: readonly string[], exclude: readonly string[]) {
	const expand = (line: string): { text: string; host: string }[] => {
		const content = line.replace(/#.*/, '').trim();
		if (content === '') return [];
		const entry = parseListEntry(content);
		if (!isAddressRange(entry)) return [{ text: entry.text, host: entry.text.replace(/:80$/, '') }];
		return Array.from({ length: entry.count }, (_, i) => {
			const text = addressTextAt(entry, i);
			return { text, host: text };
		});
	};
	const out = new Set(exclude.flatMap(expand).map(({ text }) => text));
	const texts = new Set<string>();
	let duplicates = 0;
	let excluded = 0;
	for (const { text, host } of lines.flatMap(expand)) {
		if (out.has(host) || out.has(text)) excluded += 1;
		else if (texts.has(text)) duplicates += 1;
		else texts.add(text);
	}
	return { texts: [...texts], duplicates, excluded };
}

describe('bad lines', () => {
	test('are named with file and line, the first ten and their number', async () => {
		const bad = Array.from({ length: 12 }, (_, i) => `10.0.0.${900 + i}`);
		const error = await listOf(['ok', ...bad].join('\n')).catch((reason: unknown) => reason);
		expect(error).toMatchObject({ code: 'invalid-input', hint: expect.stringContaining('--skip-invalid') });
		const lines = (error as Error).message.split('\n');
		expect(lines.length).toBe(11);
		expect(lines[0]).toBe(`${path}:2: "10.0.0.900" is not an IPv4 address: 900 is over 255`);
		expect(lines[10]).toBe(`12 lines are no target in ${path} (the first 10 are shown)`);
	});

	test('are left out and counted when that was asked for, in both walks', async () => {
		const content = 'a\n10.0.0.999\nb\n-c 9\n10.0.0.0/30\n';
		const list = await listOf(content, { skipInvalid: true });
		expect((await walked(list)).texts.slice(0, 3)).toEqual(['a', 'b', '10.0.0.0']);
		expect(list).toMatchObject({ total: 6, invalid: 2 });
		expect(list.problems[1]).toMatch(/:4: "-c 9" has white space in it/);
	});

	test.each([
		['-c 9', '"-c 9" has white space'],
		['$(id)', '"$(id)" is not an address'],
		['=cmd', '"=cmd" is not an address'],
		['a\u0000b', '"a\\u{0}b" has control or invisible characters'],
		['\u001b[31mred', '"\\u{1b}[31mred" has control'],
		['\u202Eevil', '"\\u{202e}evil" has control or invisible'],
		['a\rb', '"a\\u{d}b" has white space'],
		['0.0.0.0/0', 'stands for 4,294,967,296 addresses'],
		['::fffe:ffff:ffff-::ffff:0:1', 'lies half among the IPv4-mapped addresses'],
		['x'.repeat(lineBytesMax + 1), `the line is longer than ${lineBytesMax} bytes`],
		['x'.repeat(3_000), 'is 3000 characters long'],
	])('%j', async (line, message) => {
		await expect(listOf(`ok\n${line}\nok2\n`)).rejects.toThrow(`${path}:2: `);
		await expect(listOf(`ok\n${line}\nok2\n`)).rejects.toThrow(message);
		const list = await listOf(`ok\n${line}\nok2\n`, { skipInvalid: true });
		expect((await walked(list)).texts).toEqual(['ok', 'ok2']);
	});

	test('a name that objects have too is a name like any other', async () => {
		const list = await listOf('__proto__\nconstructor\n__proto__\n');
		expect((await walked(list)).texts).toEqual(['__proto__', 'constructor']);
	});

	test('invalid UTF-8 is an error with its line', async () => {
		const bytes = Buffer.concat([Buffer.from('ok\n'), Buffer.from([0x61, 0xff, 0xfe]), Buffer.from('\n')]);
		await expect(listOf(bytes)).rejects.toThrow(/:2: .*is not valid UTF-8/);
	});

	test('UTF-16 is recognised, with the way to mend it', async () => {
		const error = await listOf(Buffer.from('\uFEFFexample.com\n', 'utf16le')).catch(
			(reason: unknown) => reason,
		);
		expect(error).toMatchObject({
			message: `${path} is UTF-16; UTF-8 is expected`,
			hint: expect.stringContaining('iconv'),
		});
	});

	test('a long comment is none', async () => {
		for (const bytes of [lineBytesMax + 10, 1_000_000]) {
			const list = await listOf(`a\n# ${'x'.repeat(bytes)}\nb`);
			expect((await walked(list)).texts).toEqual(['a', 'b']);
		}
	});

	const hugeMiB = sizeOf({ usual: 256, ci: 1_024, long: 1_024 });
	test(`a line of ${hugeMiB} MiB is refused by its number, without being held`, async () => {
		writeFileSync(path, 'ok\n');
		truncateSync(path, hugeMiB * 1024 ** 2);
		appendFileSync(path, '\nok2\n');
		const before = process.memoryUsage().rss;
		const list = await opened({ input: { path }, skipInvalid: true });
		expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 ** 2);
		expect(list).toMatchObject({ total: 2, invalid: 1 });
		expect(list.problems).toEqual([`${path}:2: the line is longer than ${lineBytesMax} bytes`]);
	});

	test('targets that the caller refuses are bad lines too', async () => {
		const check = (target: { port: number | undefined }) =>
			target.port === undefined ? 'needs a port' : undefined;
		const content = 'a:80\nb\n10.0.0.1\n10.0.0.0/30\nfd00::1\nc:81\n';
		const error = await listOf(content, { probe: 'tcp', check }).catch((reason: unknown) => reason);
		expect((error as Error).message).toContain(`${path}:2: "b" needs a port`);
		expect((error as Error).message).toContain(`${path}:4: the range from "10.0.0.0" needs a port`);
		const list = await listOf(content, { probe: 'tcp', check, skipInvalid: true });
		expect((await walked(list)).texts).toEqual(['a:80', 'c:81']);
		expect(list.invalid).toBe(4);
	});

	test("those of the exclude file are named with that file's name", async () => {
		await expect(listOf('a\n', { exclude: 'b\n10.0.0.1/33\n' })).rejects.toThrow(
			`${join(folder, 'exclude.txt')}:2: "10.0.0.1/33" is not a CIDR`,
		);
	});
});

describe('where a list comes from', () => {
	test('a stream is read twice as a file is, and leaves no file behind', async () => {
		const chunks = ['10.0.', '0.1\nexam', 'ple.com\n10.0.0.0/31', '\n'];
		const list = await opened({
			input: { stream: Readable.from(chunks.map((c) => Buffer.from(c))), name: 'stdin' },
		});
		expect((await walked(list)).texts).toEqual(['10.0.0.1', 'example.com', '10.0.0.0']);
		expect((await walked(list)).texts.length).toBe(3);
		await list.close();
		expect(readdirSync(temp)).toEqual([]);
	});

	test('a bad line of a stream is named after it, and leaves no file behind', async () => {
		const stream = Readable.from([Buffer.from('a\n10.0.0.256\n')]);
		await expect(opened({ input: { stream, name: 'stdin' } })).rejects.toThrow('stdin:2: "10.0.0.256"');
		expect(readdirSync(temp)).toEqual([]);
	});

	test('a stream is given up at any moment, without an error that nobody takes', async () => {
		for (let turns = 0; turns < 40; turns += 1) {
			const controller = new AbortController();
			const stream = new Readable({ read() {} });
			stream.push('a\n');
			const pending = opened({ input: { stream, name: 'stdin' }, signal: controller.signal });
			const refused = expect(pending).rejects.toBeInstanceOf(Error);
			for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
			controller.abort(new Error('enough'));
			await refused;
		}
		expect(readdirSync(temp)).toEqual([]);
	});

	test('a stream that never ends is given up when asked to', async () => {
		const controller = new AbortController();
		const stream = new Readable({ read() {} });
		stream.push('a\n');
		const pending = opened({ input: { stream, name: 'stdin' }, signal: controller.signal });
		const reason = new Error('enough');
		controller.abort(reason);
		await expect(pending).rejects.toBe(reason);
		expect(stream.destroyed).toBe(true);
		expect(readdirSync(temp)).toEqual([]);
	});

	testUnless(withoutCommand('mkfifo'), 'a FIFO is read like a stream', async () => {
		execFileSync('mkfifo', [path]);
		const pending = opened({ input: { path } });
		await writeFile(path, 'a\nb\n');
		expect((await walked(await pending)).texts).toEqual(['a', 'b']);
	});

	test('a folder, a missing file and a missing exclude file are named', async () => {
		await expect(opened({ input: { path: folder } })).rejects.toThrow(`${folder} is a folder`);
		const missing = await opened({ input: { path } }).catch((reason: unknown) => reason);
		expect(missing).toMatchObject({
			message: `${path} does not exist`,
			hint: expect.stringContaining('--hosts'),
		});
		writeFileSync(path, 'a\n');
		const excludePath = join(folder, 'none.txt');
		await expect(opened({ input: { path }, excludePath })).rejects.toThrow(`${excludePath} does not exist`);
	});

	test.each([
		['', 'has no hosts in it'],
		['# only a comment\n\n', 'has no hosts in it'],
		['\uFEFF', 'has no hosts in it'],
	])('nothing in it: %j', async (content, message) => {
		await expect(listOf(content)).rejects.toMatchObject({
			code: 'invalid-input',
			message: `${path} ${message}`,
		});
	});

	test('nothing left of it', async () => {
		await expect(listOf('a\n', { exclude: 'a\n' })).rejects.toThrow('no hosts in it but excluded ones');
		await expect(listOf('10.0.0.300\n', { skipInvalid: true })).rejects.toThrow('no valid hosts in it');
	});

	test.each([
		['grows', (file: string) => appendFileSync(file, '10.99.0.1\n')],
		['shrinks', (file: string) => truncateSync(file, 9)],
		['is rewritten', (file: string) => writeFileSync(file, '10.0.9.9\n'.repeat(20_000))],
	])('a file that %s between the walks is noticed', async (_, change) => {
		const list = await listOf(
			Array.from({ length: 20_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join('\n'),
		);
		change(path);
		await expect(walked(list)).rejects.toThrow(`${path} has changed while it was read`);
	});

	test('a walk stops when asked to', async () => {
		const list = await listOf('10.0.0.0/16\n');
		const controller = new AbortController();
		const walk = list.batches(controller.signal);
		await walk.next();
		controller.abort(new Error('enough'));
		await expect(walk.next()).rejects.toThrow('enough');
	});
});

describe('the fingerprint', () => {
	test('is the same for the same list, probe and exclude file, and for no other', async () => {
		const base = (await listOf('a\nb\n')).fingerprint;
		expect((await listOf('a\nb\n')).fingerprint).toBe(base);
		expect(base).toMatch(/^[0-9a-f]{64}$/);
		const others = [
			await listOf('b\na\n'),
			await listOf('a\nb\nc\n'),
			await listOf('a\nb\n', { probe: 'tcp' }),
			await listOf('a\nb\n', { exclude: 'c\n' }),
			await listOf('a\nb\n', { exclude: 'd\n' }),
		].map(({ fingerprint }) => fingerprint);
		expect(new Set([base, ...others]).size).toBe(6);
	});
});
