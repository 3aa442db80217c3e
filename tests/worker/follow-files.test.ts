import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { followFiles } from '../../worker/follow-files.node.ts';
import { pausingClock } from '../pausing-clock.ts';

let folder: string;
let file: string;
let abort: AbortController;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-follow-'));
	file = join(folder, 'file');
	writeFileSync(file, 'first');
	abort = new AbortController();
});
afterEach(() => {
	abort.abort();
	rmSync(folder, { recursive: true, force: true });
});

function following() {
	const { clock, pass } = pausingClock();
	const problems: string[] = [];
	let readings = 0;
	let wrong: string | undefined;
	const read = (): void => {
		readings += 1;
		if (wrong !== undefined) throw new PingpoolError('usage', wrong);
	};
	const { signal } = abort;
	const over = followFiles({ files: [file], read, onProblem: (text) => problems.push(text), clock, signal });
	return {
		pass,
		over,
		problems,
		readings: () => readings,
		goWrong: (text: string | undefined): void => {
			wrong = text;
		},
	};
}

describe('a file that is followed', () => {
	it('is read once more at the first look, and then left alone', async () => {
		const { pass, readings } = following();
		for (let i = 0; i < 5; i += 1) expect(await pass()).toBe(1_000);
		expect(readings()).toBe(1);
	});

	it.skipIf(process.platform === 'win32')(
		'is not read while a pipe is in its place, which would wait for a writer',
		async () => {
			const { pass, readings, problems } = following();
			await pass();
			await pass();
			unlinkSync(file);
			execFileSync('mkfifo', [file]);
			for (let i = 0; i < 4; i += 1) await pass();
			expect([readings(), problems]).toEqual([1, [expect.stringMatching(/is no file now$/)]]);
			unlinkSync(file);
			writeFileSync(file, 'a file again');
			for (let i = 0; i < 4; i += 1) await pass();
			expect(readings()).toBeGreaterThan(1);
			expect(problems.length).toBe(1);
		},
	);

	it('is read when it has changed and looks the same twice, and once more after that', async () => {
		const { pass, readings } = following();
		await pass();
		await pass();
		writeFileSync(file, 'second');
		expect([await pass(), readings()]).toEqual([1_000, 1]);
		writeFileSync(file, 'second, complete');
		expect([await pass(), readings()]).toEqual([200, 1]);
		expect([await pass(), readings()]).toEqual([200, 2]);
		expect([await pass(), readings()]).toEqual([1_000, 3]);
		expect([await pass(), readings()]).toEqual([1_000, 3]);
	});

	it('is noticed when another one takes its place, with the same size and time', async () => {
		const { pass, readings } = following();
		const time = new Date(1_700_000_000_000);
		utimesSync(file, time, time);
		for (let i = 0; i < 4; i += 1) await pass();
		const before = readings();
		writeFileSync(join(folder, 'new'), 'other');
		utimesSync(join(folder, 'new'), time, time);
		renameSync(join(folder, 'new'), file);
		for (let i = 0; i < 3; i += 1) await pass();
		expect(readings()).toBeGreaterThan(before);
	});

	it('that is wrong is named once, and read until it is good', async () => {
		const { pass, problems, readings, goWrong } = following();
		await pass();
		await pass();
		goWrong('it is broken');
		unlinkSync(file);
		for (let i = 0; i < 6; i += 1) await pass();
		expect(problems).toEqual(['it is broken']);
		goWrong('it is broken in another way');
		await pass();
		goWrong(undefined);
		await pass();
		expect(problems).toEqual(['it is broken', 'it is broken in another way']);
		const before = readings();
		for (let i = 0; i < 3; i += 1) await pass();
		expect(readings() - before).toBeLessThanOrEqual(1);
		goWrong('it is broken');
		writeFileSync(file, 'again');
		for (let i = 0; i < 3; i += 1) await pass();
		expect(problems.slice(2)).toEqual(['it is broken']);
	});
});

it('ends with its signal, in the middle of a pause', async () => {
	const over = followFiles({
		files: [file],
		read: () => undefined,
		onProblem: () => undefined,
		clock: systemClock,
		signal: abort.signal,
	});
	abort.abort();
	await over;
});

it('does not wait for what is no file', async () => {
	await followFiles({
		files: [file, '/dev/null'],
		read: () => expect.unreachable('it was read'),
		onProblem: () => undefined,
		clock: systemClock,
		signal: abort.signal,
	});
});
