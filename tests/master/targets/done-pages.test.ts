/** Walks that leave out pages of which every target has an answer. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pagePositions } from '../../../master/dispatch/rules/ledger.ts';
import { openTargetList } from '../../../master/targets/open.node.ts';
import type { TargetList } from '../../../master/targets/target-list.ts';
import { hostTexts } from '../../../shared/host-column.ts';
import { createRandom } from '../../../shared/random.ts';
import { sizeOf } from '../../requirements.ts';

const signal = new AbortController().signal;
let folder: string;
let path: string;
let list: TargetList | undefined;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-pages-'));
	path = join(folder, 'hosts.txt');
});
afterEach(async () => {
	await list?.close();
	list = undefined;
	rmSync(folder, { recursive: true, force: true });
});

async function listOf(content: string, exclude = 'none.example\n'): Promise<TargetList> {
	writeFileSync(path, content);
	const excludePath = join(folder, 'exclude.txt');
	writeFileSync(excludePath, exclude);
	list = await openTargetList({ input: { path }, excludePath, probe: 'icmp', tempDir: folder, signal });
	return list;
}

/** Its targets as lines: position, text, probe. */
async function walked(of: TargetList, isDone?: (page: number) => boolean): Promise<string[]> {
	const found: string[] = [];
	for await (const { firstPosition, hosts, probes } of of.batches(signal, isDone)) {
		const [first, last] = [firstPosition, firstPosition + hosts.length - 1];
		expect(pageOf(first), 'a batch is of one page').toBe(pageOf(last));
		for (const [i, text] of hostTexts(hosts).entries()) found.push(`${first + i} ${text} ${probes[i]}`);
	}
	return found;
}

function pageOf(position: number): number {
	return Math.floor(position / pagePositions);
}

/** A byte order mark, ranges over several pages and over a page's end, lines of every kind, duplicates within and
 * between them, exclusions, and both ends of lines. */
function mixedList(seed: number): { content: string; exclude: string } {
	const random = createRandom(seed);
	const lines = ['10.0.0.0/15', '# a comment', '10.0.255.0/23', '', '10.8.0.0-10.9.255.7'];
	for (let i = 0; i < 40_000; i += 1) {
		const n = random.below(60_000);
		const octets = `${n >> 8}.${n & 255}`;
		lines.push(
			...[
				[`10.2.${octets}`],
				[`host-${n}.example`],
				[`10.3.${octets}:443`, `10.2.${octets} # again`],
				[`fd00::${n.toString(16)}`],
			][random.below(4)]!,
		);
		if (random.below(10_000) === 0)
			lines.push(`10.4.${octets}-10.5.${octets}`, `fd00::1:${n.toString(16)}/118`);
	}
	const content = `\u{feff}${lines.map((line) => line + (random.below(2) === 0 ? '\n' : '\r\n')).join('')}`;
	return { content, exclude: '10.0.128.0/20\n10.2.7.0/24\nhost-12.example\n10.4.9.0/25\n' };
}

const seeds = sizeOf({ usual: [1], ci: [1, 2], long: [1, 2, 3, 4, 5, 6, 7, 8] });

test.each(seeds)('give the rest as a whole walk does, whatever is left out (seed %i)', async (seed) => {
	const { content, exclude } = mixedList(seed);
	const of = await listOf(content, exclude);
	const all = await walked(of);
	expect(all.length).toBe(of.total);
	expect(all.findIndex((line, position) => !line.startsWith(`${position} `))).toBe(-1);
	const pages = Math.ceil(of.total / pagePositions);
	expect(pages).toBeGreaterThan(4);
	const random = createRandom(seed + 100);
	const masks = [
		(page: number) => page % 2 === 0,
		(page: number) => page % 2 === 1,
		(page: number) => page < pages - 1,
		() => random.below(2) === 0,
	];
	for (const mask of masks) {
		const done = Array.from({ length: pages }, (_, page) => mask(page));
		const isDone = (page: number): boolean => done[page]!;
		const found = await walked(of, isDone);
		let next = 0;
		const wrong = all.find((line, position) => !isDone(pageOf(position)) && found[next++] !== line);
		expect([wrong, found.length], `left out: ${done}`).toEqual([undefined, next]);
	}
	expect(await walked(of, () => true)).toEqual([]);
});

test('begin within a range, and go on from one page to the next of it', async () => {
	const of = await listOf('10.0.0.0/13\n');
	const found = await walked(of, (page) => page < 6);
	expect(found).toHaveLength(2 * pagePositions);
	expect(found[0]).toBe(`${6 * pagePositions} 10.6.0.0 0`);
	expect(found.at(-1)).toBe(`${8 * pagePositions - 1} 10.7.255.255 0`);
});

test('of a list that ends where a page does find nothing behind it', async () => {
	const of = await listOf('10.0.0.0/16\n10.0.0.7\n10.1.0.0/16\n10.0.0.0/16\n');
	expect(of.total).toBe(2 * pagePositions);
	const found = await walked(of, (page) => page === 0);
	expect(found).toHaveLength(pagePositions);
	expect(found[0]).toBe(`${pagePositions} 10.1.0.0 0`);
});

test('ask about a page when they come to it', async () => {
	const of = await listOf('10.0.0.0/14\n');
	const asked: number[] = [];
	const pages: number[] = [];
	let doneLater = false;
	for await (const { firstPosition } of of.batches(signal, (page) => {
		asked.push(page);
		return doneLater && page === 2;
	})) {
		pages.push(pageOf(firstPosition));
		doneLater = true;
	}
	expect([...new Set(pages)]).toEqual([0, 1, 3]);
	expect(asked[0]).toBe(0);
});

test('notice that the file has changed', async () => {
	const of = await listOf('10.0.0.0/16\n10.1.0.0/16\n');
	appendFileSync(path, '10.2.0.0/16\n');
	await expect(walked(of, (page) => page === 0)).rejects.toThrow(`${path} has changed while it was read`);
});
