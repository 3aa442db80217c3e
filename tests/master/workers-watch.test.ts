import { spawn, spawnSync } from 'node:child_process';
import {
	mkdtempSync,
	renameSync,
	rmSync,
	statSync,
	truncateSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TlsFiles } from '../../master/transport/tls-files.ts';
import { defaultTransport } from '../../master/transport/worker-transport.ts';
import type { FleetChange, WorkersWatch } from '../../master/workers-watch.ts';
import { openWorkersFile } from '../../master/workers-watch.ts';
import { makeAuthority } from '../authority.ts';
import { pausingClock } from '../pausing-clock.ts';
import { testUnless, withoutCommand } from '../requirements.ts';

let folder: string;
let path: string;
let abort: AbortController;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-watch-'));
	path = join(folder, 'workers.txt');
	abort = new AbortController();
});
afterEach(() => {
	abort.abort();
	rmSync(folder, { recursive: true, force: true });
});

const [one, two, three] = ['http://10.0.0.1:8786', 'http://10.0.0.2:8786', 'http://10.0.0.3:8786'];

function write(...lines: readonly string[]): void {
	writeFileSync(path, `${lines.join('\n')}\n`);
}

/** As editors do it: a new file in the old one's place. */
function replace(...lines: readonly string[]): void {
	writeFileSync(join(folder, 'new'), `${lines.join('\n')}\n`);
	renameSync(join(folder, 'new'), path);
}

async function followed(token?: string, tls?: TlsFiles) {
	const watch = await openWorkersFile({ path, token, ...(tls && { tls }) });
	const { clock, pass } = pausingClock();
	const changes: FleetChange[] = [];
	const problems: string[] = [];
	const { signal } = abort;
	const onChange = (change: FleetChange): void => void changes.push(change);
	const onProblem = (message: string): void => void problems.push(message);
	const following = watch.follow({ clock, onChange, onProblem, signal });
	const looks = async (count: number): Promise<void> => {
		for (let i = 0; i < count; i += 1) await pass();
	};
	// The first look knows the token files, and everything has been read again after the third.
	await looks(3);
	return { watch, changes, problems, pass, looks, following };
}

function members(watch: WorkersWatch): [string, string | undefined, number][] {
	return watch.members.map(({ name, token, weight }) => [name, token, weight]);
}

test('workers that are added, changed and taken out are told, however the file is written', async () => {
	write(`${one} token=a`, `${two} token=b weight=2`);
	const { watch, changes, problems, looks } = await followed('other');
	expect(changes).toEqual([]);

	replace(`${two} token=b weight=3`, '# one is gone', three!);
	await looks(2);
	const member = { name: two, url: two, token: 'b', weight: 3, transport: defaultTransport };
	const added = { name: three, url: three, token: 'other', weight: 1, transport: defaultTransport };
	expect(changes).toEqual([{ added: [added], changed: [member], removed: [one], isEmpty: false }]);

	write(`${two} token=B weight=3`, `# ${three} has the token of all others`, three!);
	await looks(3);
	expect(changes.slice(1)).toEqual([
		{ added: [], changed: [{ ...member, token: 'B' }], removed: [], isEmpty: false },
	]);
	expect(problems).toEqual([]);
	expect(members(watch)).toEqual([
		[two, 'B', 3],
		[three, 'other', 1],
	]);
});

test('is looked at every second, and read when it has been left alone for a while', async () => {
	write(one!);
	const { pass, changes } = await followed();
	expect(await pass()).toBe(1_000);
	truncateSync(path);
	expect([await pass(), changes.length]).toEqual([1_000, 0]);
	// The other half of what is written comes before the next look.
	write(one!, two!);
	expect([await pass(), changes.length]).toEqual([200, 0]);
	expect([await pass(), changes.length]).toEqual([200, 1]);
	expect(changes[0]!.added.map(({ name }) => name)).toEqual([two]);
	expect(changes[0]!.removed).toEqual([]);
	expect(await pass()).toBe(1_000);
});

test('what changes before the first look is noticed, too', async () => {
	write(one!);
	const watch = await openWorkersFile({ path, token: undefined });
	write(two!);
	const { clock, pass } = pausingClock();
	const changes: FleetChange[] = [];
	const onProblem = expect.unreachable;
	void watch.follow({ clock, onChange: (change) => changes.push(change), onProblem, signal: abort.signal });
	for (let look = 0; look < 3; look += 1) await pass();
	expect(changes).toMatchObject([{ added: [{ name: two }], removed: [one] }]);
});

test('a version that looks like the one before, written in the same instant, is noticed', async () => {
	write(one!);
	const { changes, looks } = await followed();
	write(two!);
	const { ino, mtime, size } = statSync(path);
	await looks(2);
	expect(changes).toMatchObject([{ added: [{ name: two }], removed: [one] }]);
	write(three!);
	utimesSync(path, mtime, mtime);
	expect(statSync(path)).toMatchObject({ ino, size });
	await looks(2);
	expect(changes.slice(1)).toMatchObject([{ added: [{ name: three }], removed: [two] }]);
});

test('a token file with another token makes its workers others', async () => {
	writeFileSync(join(folder, 'a.token'), 'before\n');
	write(`${one} token-file=a.token`, `${two} token=x`);
	const { changes, problems, looks } = await followed();
	writeFileSync(join(folder, 'a.token'), 'behind\n');
	await looks(3);
	expect(changes).toEqual([
		{
			added: [],
			changed: [{ name: one, url: one, token: 'behind', weight: 1, transport: defaultTransport }],
			removed: [],
			isEmpty: false,
		},
	]);
	expect(problems).toEqual([]);
});

test('another pin, or another authority in a file, makes a worker another', async () => {
	const [authority, other] = await Promise.all([makeAuthority(), makeAuthority()]);
	writeFileSync(join(folder, 'ca.pem'), authority.cert);
	const [here, there] = ['https://10.0.0.1:8786', 'https://10.0.0.2:8786'];
	write(`${here} pin=${'ab'.repeat(32)}`, `${there} ca=ca.pem`);
	const { changes, problems, looks } = await followed();
	write(`${here} pin=${'cd'.repeat(32)}`, `${there} ca=ca.pem`);
	await looks(3);
	writeFileSync(join(folder, 'ca.pem'), other.cert);
	await looks(3);
	expect(
		changes.map(({ added, changed, removed }) => [added, changed.map(({ name }) => name), removed]),
	).toEqual([
		[[], [here], []],
		[[], [there], []],
	]);
	expect(changes[0]!.changed[0]!.transport).toMatchObject({
		pins: [`sha256:${'cd'.repeat(32)}`],
		ca: undefined,
	});
	expect(changes[1]!.changed[0]!.transport!.ca?.trim()).toBe(other.cert.trim());
	expect(problems).toEqual([]);
});

test('the files of TLS that were named on the command line are followed, too', async () => {
	const [authority, later] = await Promise.all([makeAuthority(), makeAuthority()]);
	const client = await authority.issue({ names: ['master'] });
	const files = { ca: 'ca.pem', cert: 'master.pem', key: 'master.key' } as const;
	for (const [name, text] of [
		['ca.pem', authority.cert],
		['master.pem', client.cert],
		['master.key', client.key],
	] as const)
		writeFileSync(join(folder, name), text);
	const tls = { ca: join(folder, files.ca), cert: join(folder, files.cert), key: join(folder, files.key) };
	write('https://10.0.0.1:8786', `https://10.0.0.2:8786 pin=${'ab'.repeat(32)}`);
	const { watch, changes, problems, looks } = await followed(undefined, tls);
	expect(watch.members.map(({ transport }) => [transport?.ca === undefined, transport?.certificate])).toEqual(
		[
			[false, client],
			[true, client],
		],
	);
	writeFileSync(tls.ca, later.cert);
	await looks(3);
	expect(changes.map(({ changed }) => changed.map(({ name }) => name))).toEqual([['https://10.0.0.1:8786']]);
	writeFileSync(tls.key, 'half a key');
	await looks(3);
	expect(problems).toEqual([
		`${tls.key} has no private key in it; PEM is expected (-----BEGIN PRIVATE KEY-----)`,
	]);
	expect(changes).toHaveLength(1);
});

describe('a file that is wrong leaves the workers as they were, is named once, and taken when it is good', () => {
	test('with a line that is wrong', async () => {
		write(one!);
		const { watch, changes, problems, looks } = await followed();
		write(two!, 'http://w weigth=1');
		await looks(5);
		expect(problems).toEqual([`${path}:2: "weigth" is no setting of a worker; did you mean weight?`]);
		write('nothing of use');
		await looks(3);
		expect(problems).toHaveLength(2);
		expect([changes, members(watch)]).toEqual([[], [[one, undefined, 1]]]);
		write(two!);
		await looks(3);
		expect(changes).toMatchObject([{ added: [{ name: two }], removed: [one] }]);
		// The same mistake a second time is news.
		write(two!, 'http://w weigth=1');
		await looks(3);
		expect(problems).toHaveLength(3);
	});

	test('that is missing', async () => {
		write(one!);
		const { changes, problems, looks } = await followed();
		unlinkSync(path);
		await looks(5);
		expect([problems, changes]).toEqual([[`${path} does not exist`], []]);
		write(one!);
		await looks(3);
		expect(changes).toEqual([]);
		write(one!, two!);
		await looks(3);
		expect(changes).toMatchObject([{ added: [{ name: two }], removed: [] }]);
		expect(problems).toHaveLength(1);
	});

	test('with a token file that comes later, although the file itself stays the same', async () => {
		write(one!);
		const { changes, problems, looks } = await followed();
		write(one!, `${two} token-file=late.token`);
		await looks(4);
		expect([problems, changes]).toEqual([[`${path}:2: token file "late.token" does not exist`], []]);
		writeFileSync(join(folder, 'late.token'), 'secret');
		await looks(1);
		expect(changes).toMatchObject([{ added: [{ name: two, token: 'secret' }], removed: [] }]);
	});

	testUnless(withoutCommand('mkfifo'), 'in whose place a pipe is, which nobody writes to', async () => {
		write(one!);
		const { changes, problems, looks } = await followed();
		unlinkSync(path);
		expect(spawnSync('mkfifo', [path]).status).toBe(0);
		await looks(3);
		expect([problems, changes]).toEqual([[`${path} is no longer a file`], []]);
	});
});

test('a file without a worker takes all out, and says so', async () => {
	write(one!, two!);
	const { changes, problems, looks } = await followed();
	write('# nobody for now');
	await looks(3);
	expect(changes).toEqual([{ added: [], changed: [], removed: [one, two], isEmpty: true }]);
	expect(problems).toEqual([]);
});

test('at the start a file without a worker, or that is wrong, is an error', async () => {
	write('# nobody');
	await expect(openWorkersFile({ path, token: undefined })).rejects.toMatchObject({
		code: 'invalid-input',
		message: `${path} has no worker in it`,
	});
	unlinkSync(path);
	await expect(openWorkersFile({ path, token: undefined })).rejects.toMatchObject({
		message: `${path} does not exist`,
	});
});

testUnless(withoutCommand('mkfifo'), 'what comes through a pipe is read once, and not followed', async () => {
	expect(spawnSync('mkfifo', [path]).status).toBe(0);
	const writer = spawn('sh', ['-c', `echo ${one} > '${path}'`]);
	const ended = new Promise((resolve) => writer.once('exit', resolve));
	const watch = await openWorkersFile({ path, token: 't' });
	await ended;
	expect([watch.isFile, members(watch)]).toEqual([false, [[one, 't', 1]]]);
	const { clock } = pausingClock();
	await watch.follow({
		clock,
		onChange: () => expect.unreachable(),
		onProblem: expect.unreachable,
		signal: abort.signal,
	});
});

test('ends with its signal', async () => {
	write(one!);
	const { following } = await followed();
	abort.abort();
	await following;
});
