/**
 * Lists of hosts. What the cursor, the survey and the walk make of a list, read in pieces, is held against a plain
 * reading: the text split at its line feeds, each line parsed, a set of what was there before. In memory; now and
 * then from a file, with an exclude list.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineCursor, lineKinds } from '../../../master/targets/line-cursor.ts';
import type { ListFile } from '../../../master/targets/list-file.ts';
import { openTargetList } from '../../../master/targets/open.node.ts';
import { Survey } from '../../../master/targets/survey.ts';
import { walk } from '../../../master/targets/walk.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import { hostAt } from '../../../shared/host-column.ts';
import { mappedIpv4 } from '../../../shared/ip.ts';
import { lineBytesMax } from '../../../shared/limits.ts';
import type { Random } from '../../../shared/random.ts';
import { createRandom } from '../../../shared/random.ts';
import type { ProbeName, Target } from '../../../shared/target.ts';
import {
	addressTextAt,
	InvalidTargetError,
	isAddressRange,
	parseListEntry,
	parseTarget,
	probeNames,
	probeOf,
} from '../../../shared/target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { promise } from '../fuzz-target.ts';
import { choice, choiceBytes, hostText, hostWords, pick, promiseSafe, withChoices } from './pieces.ts';

/** Lists that stand for more targets are read by the cursor alone. */
const targetsMax = 5_000;
/** Stands for more than a line may have; inputs themselves are not so long. */
const longMark = 0x1a;
const longsMax = 2;
const longEvery = 16;
const long = Buffer.alloc(lineBytesMax + 100, 'a');
/** One input in so many is surveyed and walked over, which takes large tables, and of those one from a file too. */
const surveyEvery = 128;
const fileEvery = 8;
const anyBare = parseTarget('10.0.0.1');
const hashKey = new Uint32Array([0x9e37_79b9, 0x243f_6a88, 0xb7e1_5162, 0x8aed_2a6a]);
const { signal } = new AbortController();

function withLongs(bytes: Uint8Array): Uint8Array {
	const parts: Uint8Array[] = [];
	let from = 0;
	for (let longs = 0; longs < longsMax; longs += 1) {
		const at = bytes.indexOf(longMark, from);
		if (at < 0) break;
		parts.push(bytes.subarray(from, at), long);
		from = at + 1;
	}
	return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)]);
}

/** A file in memory, of which a read gives less than was asked for. */
function fileOf(bytes: Uint8Array, seed: number): ListFile {
	const random = createRandom(seed);
	const least = 1 + (bytes.length >> 6);
	const longest = pick(random, [1 + (bytes.length >> 4), 100, bytes.length]);
	return {
		name: 'hosts.txt',
		sizeBytes: bytes.length,
		async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
			const piece = bytes.subarray(
				position,
				position + Math.min(length, least + random.below(Math.max(longest, 1))),
			);
			buffer.set(piece, offset);
			return piece.length;
		},
		async checkUnchanged() {},
	} as unknown as ListFile;
}

/** What a line says: the canonical texts of its targets with their number, or that it is wrong. */
interface Line {
	readonly line: number;
	readonly first: string;
	readonly count: number;
	readonly target: Target | undefined;
	readonly problem: string | undefined;
}

/** One cursor for all inputs, because of its buffer. */
let readFrom: ListFile;
const cursor = new LineCursor({
	name: 'hosts.txt',
	read: (...from: Parameters<ListFile['read']>) => readFrom.read(...from),
} as unknown as ListFile);

/** The first of the targets of a line, by which it is told from another. */
async function linesOf(file: ListFile): Promise<Line[]> {
	readFrom = file;
	cursor.seek(0, 0);
	const lines: Line[] = [];
	const add = (first: string, count: number, target?: Target, problem?: string): void => {
		lines.push({ line: cursor.line, first, count, target, problem });
	};
	for (;;) {
		const kind = cursor.next();
		if (kind === lineKinds.more) await cursor.fill();
		else if (kind === lineKinds.end) return lines;
		else if (kind === lineKinds.problem) add('', 0, undefined, cursor.problem);
		else if (kind === lineKinds.range) add(addressTextAt(cursor.range!, 0), cursor.range!.count);
		else if (kind === lineKinds.target) add(cursor.target!.text, 1, cursor.target!);
		else {
			const target = parseTarget(cursor.text);
			const isAddress = kind === lineKinds.ipv4;
			promise(
				target.text === cursor.text && (target.address !== undefined) === isAddress,
				() => `${cursor.text} is plain and not canonical`,
			);
			promise(
				!isAddress || (target.address?.family === 4 && target.address.value === cursor.ipv4),
				'an address became another',
			);
			add(target.text, 1, target);
		}
	}
}

/** The same without a cursor. A comment starts a line, or stands behind white space, or anywhere in what is no URL. */
function plainLines(bytes: Uint8Array): Line[] {
	const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
	const lines: Line[] = [];
	let at = isMarked ? 3 : 0;
	for (let line = 1; at < bytes.length; line += 1) {
		const newline = bytes.indexOf(10, at);
		const end = newline < 0 ? bytes.length : newline;
		const raw = Buffer.from(bytes.subarray(at, end)).toString('utf8');
		const isLong = end - at > lineBytesMax;
		at = end + 1;
		const found = plainLine(raw, line, isLong);
		if (found !== undefined) lines.push(found);
	}
	return lines;
}

function plainLine(raw: string, line: number, isLong: boolean): Line | undefined {
	const wrong = (problem: string): Line => ({ line, first: '', count: 0, target: undefined, problem });
	if (isLong) return raw.trimStart().startsWith('#') ? undefined : wrong('');
	let text = raw.trim();
	for (let i = 0; i < text.length; i += 1) {
		if (text[i] === '#' && (i === 0 || /\s/.test(text[i - 1]!))) text = text.slice(0, i).trimEnd();
	}
	if (text.includes('#') && !text.includes('://')) text = text.slice(0, text.indexOf('#')).trimEnd();
	if (text === '') return undefined;
	try {
		const entry = parseListEntry(text);
		if (!isAddressRange(entry))
			return { line, first: entry.text, count: 1, target: entry, problem: undefined };
		if (isHalfMapped(entry)) return wrong('');
		return {
			line,
			first: addressTextAt(entry, 0),
			count: entry.count,
			target: undefined,
			problem: undefined,
		};
	} catch (error) {
		if (!(error instanceof InvalidTargetError)) throw error;
		return wrong(error.message);
	}
}

function isHalfMapped(range: Parameters<typeof addressTextAt>[0]): boolean {
	if (range.family === 4) return false;
	const isIpv4 = (offset: number): boolean => !addressTextAt(range, offset).includes(':');
	return (mappedIpv4(range.first) !== undefined) !== isIpv4(range.count - 1);
}

function checkLines(found: readonly Line[], plain: readonly Line[]): void {
	const shown = (line: Line | undefined): string =>
		line === undefined ? 'nothing' : `${line.line} ${line.problem === undefined} ${line.first} ${line.count}`;
	for (let i = 0; i < Math.max(found.length, plain.length); i += 1) {
		promise(
			shown(found[i]) === shown(plain[i]),
			() => `line ${shown(found[i])} where ${shown(plain[i])} is meant`,
		);
		if (found[i]!.problem !== undefined) promiseSafe(found[i]!.problem!);
	}
}

interface Meant {
	readonly texts: string[];
	readonly probes: ProbeName[];
	readonly duplicates: number;
	readonly invalid: number;
}

/** What a list comes to, by a plain set of texts. */
function meantBy(lines: readonly Line[], probe: ProbeName, entryOf: (line: Line) => Iterable<string>): Meant {
	const known = new Set<string>();
	const meant: Meant = { texts: [], probes: [], duplicates: 0, invalid: 0 };
	let [duplicates, invalid] = [0, 0];
	for (const line of lines) {
		if (line.problem !== undefined) invalid += 1;
		for (const text of entryOf(line)) {
			if (known.has(text)) {
				duplicates += 1;
				continue;
			}
			known.add(text);
			meant.texts.push(text);
			meant.probes.push(line.target === undefined ? probe : probeOf(line.target, probe));
		}
	}
	return { ...meant, duplicates, invalid };
}

function* textsOf({ first, count, target, problem }: Line): Generator<string> {
	if (problem !== undefined) return;
	if (target !== undefined) yield target.text;
	else {
		const start = parseTarget(first).address!;
		const range =
			start.family === 4
				? ({ family: 4, first: start.value, count } as const)
				: ({ family: 6, first: start.bytes, count } as const);
		for (let offset = 0; offset < count; offset += 1) yield addressTextAt(range, offset);
	}
}

/** As a worker's master judges: bare hosts, and ranges of them, all alike. */
function portProblem({ port }: Target): string | undefined {
	return port === undefined ? 'needs a port' : undefined;
}

/** A range is judged by its addresses. */
function isRefused({ target, problem }: Line, check: (target: Target) => string | undefined): boolean {
	return problem === undefined && check(target ?? anyBare) !== undefined;
}

async function checkList(
	bytes: Uint8Array,
	lines: readonly Line[],
	probe: ProbeName,
	seed: number,
): Promise<void> {
	const file = fileOf(bytes, seed);
	const check = seed % 4 === 0 ? portProblem : (): undefined => undefined;
	const survey = new Survey({
		file,
		excludePath: undefined,
		probe,
		check,
		hashKey,
		tempDir: undefined,
		signal,
		onBytes: () => {},
	});
	await survey.run();
	const judged = lines.map((line) => (isRefused(line, check) ? { ...line, problem: 'refused' } : line));
	const meant = meantBy(judged, probe, textsOf);
	promise(
		survey.total === meant.texts.length,
		() => `${survey.total} targets where ${meant.texts.length} are meant`,
	);
	promise(
		survey.duplicates === meant.duplicates,
		() => `${survey.duplicates} duplicates where ${meant.duplicates} are meant`,
	);
	promise(
		survey.problems.count === meant.invalid,
		() => `${survey.problems.count} wrong lines where ${meant.invalid} are meant`,
	);
	const { skips, marks, total } = survey;
	let position = 0;
	for await (const { firstPosition, hosts, probes } of walk({
		file,
		skips,
		marks,
		total,
		probe,
		signal,
		isDone: () => false,
	})) {
		promise(firstPosition === position, () => `position ${firstPosition} where ${position} is meant`);
		for (let row = 0; row < hosts.length; row += 1, position += 1) {
			const text = hostAt(hosts, row);
			promise(
				text === meant.texts[position],
				() => `position ${position} has ${text} where ${meant.texts[position]} is meant`,
			);
			promise(probeNames[probes[row]!] === meant.probes[position], () => `${text} gets another probe`);
		}
	}
	promise(position === total, () => `${position} of ${total} targets are walked over`);
}

/** Through files as the command does, with half of the list for an exclude list. */
async function checkFile(
	bytes: Uint8Array,
	lines: readonly Line[],
	probe: ProbeName,
	skipInvalid: boolean,
): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-fuzz-list-'));
	const [path, excludePath] = [join(folder, 'hosts.txt'), join(folder, 'exclude.txt')];
	try {
		writeFileSync(path, bytes);
		const isExcluding = bytes.length % 2 === 0;
		writeFileSync(excludePath, isExcluding ? bytes.subarray(0, bytes.length >> 1) : '');
		const list = await openTargetList({
			input: { path },
			excludePath,
			probe,
			skipInvalid,
			signal,
			tempDir: folder,
		});
		try {
			let walked = 0;
			for await (const { hosts } of list.batches(signal)) walked += hosts.length;
			const meant = meantBy(lines, probe, textsOf);
			promise(walked === list.total && list.invalid === meant.invalid, 'the counts of a list do not add up');
			promise(skipInvalid || list.invalid === 0, 'wrong lines were passed over');
			promise(isExcluding || list.total === meant.texts.length, 'a file gives other targets than its bytes');
			const all = lines.reduce((sum, { count }) => sum + count, 0);
			promise(
				list.total + list.duplicates + list.excluded === all,
				() => `${list.total} + ${list.duplicates} + ${list.excluded} is not ${all}`,
			);
		} finally {
			await list.close();
		}
	} catch (error) {
		checkRefusal(error);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function checkRefusal(error: unknown): void {
	if (!(error instanceof PingpoolError)) throw error;
	promise(error.code === 'invalid-input', () => `fails as ${error.code}`);
	for (const part of error.message.split('\n')) promiseSafe(part);
}

function entry(random: Random): string {
	switch (random.below(8)) {
		case 0:
			return `10.0.${random.below(2)}.${random.below(8)}/${pick(random, [21, 22, 24, 29, 30, 31, 32])}`;
		case 1:
			return `10.0.0.${random.below(4)}-${pick(random, ['10.0.0.', '', '10.0.1.'])}${random.below(9)}`;
		case 2:
			return pick(random, [
				'fd00::/124',
				'fd00::4-fd00::9',
				'::ffff:10.0.0.0/126',
				'::fffe:ffff:fffe-::ffff:0:1',
				'fd00::1/128',
			]);
		default:
			return hostText(random);
	}
}

export const hostsTxt: FuzzTarget = {
	name: 'hosts-txt',
	readings: 4,
	pieceBytes: 16 * 1024,
	modules: [
		'line-cursor',
		'survey',
		'walk',
		'target-set',
		'ipv4-set',
		'ipv6-ranges',
		'hash-set',
		'skip-runs',
		'exclude-list',
		'open.node',
		'problems',
	]
		.map((name) => `master/targets/${name}.ts`)
		.concat('shared/target.ts', 'shared/ip.ts'),
	dictionary: [
		'\x1a',
		'#\x1a',
		'\n',
		'\r\n',
		'\r',
		'#',
		' #',
		'\ufeff',
		' ',
		'\t',
		'\u00a0',
		'\u2028',
		...hostWords,
	],
	generate(random) {
		const lines = Array.from(
			{ length: random.below(12) },
			() =>
				pick(random, ['', ' ', '\t']) +
				entry(random) +
				pick(random, ['', '', '', ' ', ' # comment', '#c', '\r', random.below(20) === 0 ? '\x1a' : '']),
		);
		const text = lines.join('\n');
		if (random.below(40) === 0) return withChoices(random, Buffer.from(`\ufeff${text}`, 'utf16le'));
		return withChoices(random, random.below(20) === 0 ? `\ufeff${text}` : text);
	},
	async run(input) {
		const body = input.subarray(choiceBytes);
		const bytes = (input[3] ?? 0) % longEvery === 0 ? withLongs(body) : body;
		const probe = choice(input, 0, probeNames);
		const seed = input[1] ?? 0;
		// Of all bytes: of one alone, the inputs that are kept would come to be the dear ones.
		const lot = bytes.reduce((sum, byte) => Math.imul(sum, 31) + byte, input[2] ?? 0) >>> 0;
		let lines: Line[];
		try {
			lines = await linesOf(fileOf(bytes, seed));
		} catch (error) {
			checkRefusal(error);
			const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
			promise(mark === 0xfffe || mark === 0xfeff, 'a list is refused as a whole');
			return;
		}
		checkLines(lines, plainLines(bytes));
		if (lot % surveyEvery > 0 || lines.reduce((sum, { count }) => sum + count, 0) > targetsMax) return;
		await checkList(bytes, lines, probe, seed);
		if (lot % (surveyEvery * fileEvery) === 0) {
			await checkFile(bytes, lines, probe, (input[3] ?? 0) % 2 === 0);
		}
	},
};
