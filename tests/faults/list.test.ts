/**
 * Fault 44 as a user meets it: what must not be in a list is refused by its line, with the reason, before anything is
 * sent or written; what is odd but a host is normalised. tests/master/targets/ has the reader alone.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Workspace } from '../e2e/command-line.ts';
import { labUnavailable } from '../lab/lab.ts';
import { notLong, testUnless, withoutCommand, withoutEchoSockets } from '../requirements.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

/** Runs a program where there is nothing but loopback: names that are no names are asked of nobody. */
const offline = {
	command: (...args: string[]): [string, ...string[]] => [
		...(['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'] as const),
		...args,
	],
};

/** What is wrong with a line, as the message says it; none of it reaches the terminal as it is. */
const wrong: readonly (readonly [string | Buffer, RegExp])[] = [
	['-c 9', /"-c 9" has white space in it/],
	['-f', /"-f" is not an address/],
	['$(id)', /"\$\(id\)" is not an address/],
	['`id`', /"`id`" is not an address/],
	['127.0.0.1;id', /"127\.0\.0\.1;id" is not an address/],
	['=cmd', /"=cmd" is not an address/],
	['\u001b[31mred\u001b[0m', /"\\u\{1b\}\[31mred\\u\{1b\}\[0m" has control/],
	['\u202Emoc.elpmaxe', /"\\u\{202e\}moc\.elpmaxe" has control or invisible characters/],
	['a\u2066b', /"a\\u\{2066\}b" has control or invisible characters/],
	['a\u0000b', /"a\\u\{0\}b" has control or invisible characters/],
	['0.0.0.0/0', /"0\.0\.0\.0\/0" stands for 4,294,967,296 addresses/],
	['::/0', /"::\/0" stands for/],
	[Buffer.from([0x61, 0xff, 0xfe, 0x62]), /is not valid UTF-8/],
	['x'.repeat(300), /a name of 300 characters; at most 253/],
	['../../etc/passwd', /"\.\.\/\.\.\/etc\/passwd" is not/],
	["'; DROP TABLE hosts; --", /has white space in it/],
];

test('every line that is no host is named with its number and its reason, and nothing is begun', async () => {
	// The first ten of a list are shown: two lists show them all.
	for (const half of [wrong.slice(0, 8), wrong.slice(8)]) {
		const lines = half.flatMap(([line]) => [Buffer.from(line as string), Buffer.from('\n')]);
		writeFileSync(space.path('hosts.txt'), Buffer.concat([Buffer.from('127.0.0.1\n'), ...lines]));
		const { code, stdout, stderr } = await space.master([]);
		expect([code, stdout]).toEqual([2, '']);
		const said = stderr.replace(/^pingpool: /, '').split('\n');
		for (const [i, [, reason]] of half.entries()) {
			expect(said[i]).toMatch(new RegExp(`^hosts\\.txt:${i + 2}: `));
			expect(said[i]).toMatch(reason);
		}
		expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e\u2066]/);
		expect(existsSync(space.path('hosts.db'))).toBe(false);
	}
});

testUnless(labUnavailable(), 'what is odd but right is pinged once, by its plain name', async () => {
	const odd = [
		'\uFEFF127.0.0.1',
		'127.0.0.1',
		'\t127.0.0.2  ',
		'::ffff:127.0.0.3',
		'127.0.0.3 # again',
		'127.0.0.2-3',
		'__proto__',
		'constructor',
		'__proto__',
		'',
	];
	space.write('hosts.txt', odd.join('\r\n'));
	const { code, stderr } = await space.master([], { lab: offline });
	expect([code, stderr]).toEqual([0, expect.stringContaining('5 hosts (5 duplicates left out)\n')]);
	expect(space.rows('SELECT host, status FROM results ORDER BY position')).toEqual([
		...['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((host) => ({ host, status: 'up' })),
		...['__proto__', 'constructor'].map((host) => ({ host, status: 'unresolved' })),
	]);
});

test('a folder is refused by name', async () => {
	mkdirSync(space.path('hosts.txt'));
	expect(await space.master([])).toMatchObject({
		code: 2,
		stdout: '',
		stderr: expect.stringMatching(
			/^pingpool: hosts\.txt is a folder; a file with one host per line is expected\n/,
		),
	});
});

testUnless(
	withoutCommand('mkfifo') ?? withoutEchoSockets(),
	'a FIFO is read to its end, and refused by its line',
	async () => {
		const pipe = space.path('hosts.txt');
		execFileSync('mkfifo', [pipe]);
		for (const [text, expected] of [
			['127.0.0.1\n127.0.0.2\n', [0, '']],
			[
				'127.0.0.1\n10.0.0.256\n',
				[2, 'pingpool: hosts.txt:2: "10.0.0.256" is not an IPv4 address: 256 is over 255'],
			],
		] as const) {
			await using master = space.start(['master', '--quiet']);
			const writer = await open(pipe, 'w');
			await writer.write(text);
			await writer.close();
			expect([await master.exited, master.errors().split('\n')[0]]).toEqual(expected);
		}
		expect(space.rows('SELECT count(*) AS n FROM results')).toEqual([{ n: 2 }]);
	},
);

testUnless(notLong(), 'a line of a gigabyte is refused by its number, in little memory', async () => {
	space.write('hosts.txt', '127.0.0.1\n');
	truncateSync(space.path('hosts.txt'), 1024 ** 3);
	// It says itself at its end, which is soon, what it has needed.
	const preload = new URL('./peak-memory.ts', import.meta.url).href;
	const env = { PEAK_MEMORY: space.path('peak'), NODE_OPTIONS: `--import=${preload}` };
	const { code, stderr } = await space.master([], { env });
	expect(code).toBe(2);
	expect(stderr).toMatch(/^pingpool: hosts\.txt:2: the line is longer than 65536 bytes\n/);
	const peaks = space.read('peak').trimEnd().split('\n').map(Number);
	expect(Math.min(...peaks)).toBeGreaterThan(0);
	expect(Math.max(...peaks)).toBeLessThan(200 * 1024 ** 2);
});
