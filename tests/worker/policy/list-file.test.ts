import {
	mkdirSync,
	mkdtempSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../shared/clock.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import { addressListBytesMax } from '../../../shared/limits.ts';
import { ListFile } from '../../../worker/policy/list-file.node.ts';
import { testUnless, withoutPermissions } from '../../requirements.ts';

let folder: string;
let path: string;
let messages: string[];
/** both of the clock's times, in ms */
let nowMs: number;
const clock: Clock = {
	wallMs: () => nowMs,
	monotonicMs: () => nowMs,
	sleep: () => Promise.reject(new Error('nothing sleeps here')),
};

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-list-'));
	path = join(folder, 'deny.txt');
	messages = [];
	nowMs = 1_800_000_000_000;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes in place, as of now on the clock of the test. */
function write(text: string): void {
	writeFileSync(path, text);
	utimesSync(path, nowMs / 1000, nowMs / 1000);
}

function lengthen(bytes: number): void {
	truncateSync(path, bytes);
	utimesSync(path, nowMs / 1000, nowMs / 1000);
}

function open(): ListFile {
	return new ListFile({ path, clock, onMessage: (message) => messages.push(message) });
}

function has(file: ListFile, value: number): boolean {
	return file.addresses().hasIpv4(value);
}

const ten = 0x0a00_0001;
const eleven = 0x0b00_0001;

describe('a file of addresses', () => {
	it('is read again at most a second after it has changed, and is the same object until then', () => {
		write('10.0.0.0/8\n');
		const file = open();
		const first = file.addresses();
		nowMs += 5_000;
		expect([has(file, ten), has(file, eleven)]).toEqual([true, false]);
		const known = file.addresses();
		nowMs += 10_000;
		expect(file.addresses()).toBe(known);
		expect(first.hasIpv4(ten)).toBe(true);
		write('11.0.0.0/8\n');
		nowMs += 1_000;
		expect([has(file, ten), has(file, eleven)]).toEqual([false, true]);
		expect(messages).toEqual([]);
	});

	it('is let be while it is being written', () => {
		write('10.0.0.0/8\n11.0.0.0/8\n');
		const file = open();
		nowMs += 5_000;
		write('10.0.0.0/8\n');
		nowMs += 300;
		expect(has(file, eleven)).toBe(true);
		write('10.0.0.0/8\n11.0.0.0/8\n12.0.0.0/8\n');
		nowMs += 300;
		expect(has(file, eleven)).toBe(true);
		nowMs += 700;
		expect([has(file, eleven), has(file, 0x0c00_0001)]).toEqual([true, true]);
	});

	it('is read at the first look when it was copied with times that are yet to come', () => {
		// What the system itself notes of a change is its own time.
		nowMs = Date.now() + 10_000;
		write('10.0.0.0/8\n');
		const file = open();
		nowMs += 5_000;
		writeFileSync(path, '11.0.0.0/8\n');
		utimesSync(path, nowMs / 1000, nowMs / 1000 + 3_600);
		nowMs += 1_000;
		expect([has(file, ten), has(file, eleven)]).toEqual([false, true]);
	});

	it('is noticed when another one takes its place, by a link as well', () => {
		write('10.0.0.0/8\n');
		symlinkSync(path, join(folder, 'link'));
		const direct = open();
		path = join(folder, 'link');
		const linked = open();
		path = join(folder, 'next');
		write('11.0.0.0/8\n');
		renameSync(path, join(folder, 'deny.txt'));
		nowMs += 1_000;
		expect([has(direct, eleven), has(linked, eleven)]).toEqual([true, true]);
	});

	it('is noticed when it is changed in the same moment as it was read', () => {
		write('10.0.0.0/8\n');
		const { atime, mtime } = statSync(path);
		const file = open();
		writeFileSync(path, '11.0.0.0/8\n');
		utimesSync(path, atime, mtime);
		nowMs += 1_000;
		expect(has(file, eleven)).toBe(true);
	});

	it.each<[string, () => void, RegExp]>([
		['gone', () => rmSync(path), /deny\.txt" does not exist/],
		['wrong', () => write('11.0.0.0/8\nno address\n'), /deny\.txt:2: "no address" has white space in it/],
		['cut off', () => write(''), /deny\.txt" is empty/],
		[
			'a folder',
			() => {
				rmSync(path);
				mkdirSync(path);
			},
			/is no file that can be read again/,
		],
		['too long', () => lengthen(addressListBytesMax + 1), /bytes; at most/],
	])('that is %s changes nothing, is told of once, and again when it is mended', (_, spoil, problem) => {
		write('10.0.0.0/8\n');
		const file = open();
		nowMs += 5_000;
		spoil();
		for (let look = 0; look < 10; look += 1) {
			nowMs += 1_000;
			expect([has(file, ten), has(file, eleven)]).toEqual([true, false]);
		}
		expect(messages).toHaveLength(1);
		expect(messages[0]).toMatch(problem);
		expect(messages[0]).toMatch(/said before stays in force until it is mended/);
		rmSync(path, { recursive: true, force: true });
		write('11.0.0.0/8\n');
		nowMs += 1_000;
		expect([has(file, ten), has(file, eleven)]).toEqual([false, true]);
		expect(messages[1]).toMatch(/is right again/);
		expect(messages).toHaveLength(2);
	});

	it.each<[string, () => void, RegExp]>([
		['missing', () => undefined, /does not exist/],
		['empty', () => write(''), /is empty/],
		['wrong', () => write('example.com'), /deny\.txt:1: "example\.com" is a name/],
		['a folder', () => mkdirSync(path), /is no file/],
	])('that is %s at the start is an error with a hint', (_, prepare, problem) => {
		prepare();
		try {
			open();
			expect.unreachable();
		} catch (error) {
			expect(error).toBeInstanceOf(PingpoolError);
			expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(problem) });
			expect((error as PingpoolError).hint).toBeTruthy();
		}
	});

	testUnless(withoutPermissions(), 'is no pipe, which would be waited for', () => {
		path = '/dev/null';
		expect(() => open()).toThrow(/is no file that can be read again/);
	});
});
