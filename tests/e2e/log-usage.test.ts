/** What is wrong with a command line whose log is wanted in JSON: a line of JSON as well, and nothing else. */
import { describe, expect, it } from 'vitest';
import { main as master } from '../../master/cli.ts';
import { wantsJsonLog } from '../../shared/log-wish.ts';
import { main as worker } from '../../worker/cli.ts';
import { printed } from '../security/capture.ts';

const json = ['--log-format', 'json'];

function linesOf(text: string): Record<string, unknown>[] {
	expect(text.endsWith('\n')).toBe(true);
	return text
		.slice(0, -1)
		.split('\n')
		.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a log in JSON has in it what was wrong with the command line of', () => {
	it.each<[string, typeof master, readonly string[], Record<string, string>, object]>([
		['a master: an option', master, ['--hsots', 'x'], {}, { msg: expect.stringContaining('--hosts') }],
		[
			'a master: a value',
			master,
			['--timeout', '\u202ex'],
			{},
			{ msg: expect.stringContaining('\\u{202e}x') },
		],
		[
			'a master: a variable',
			master,
			[],
			{ PINGPOOL_TIMOUT: '5' },
			{ hint: 'did you mean PINGPOOL_TIMEOUT?' },
		],
		['a master: two together', master, ['--tls-cert', 'x'], {}, { hint: expect.stringContaining('workers') }],
		['a worker: an option', worker, ['--prot', '1'], {}, { msg: expect.stringContaining('--port') }],
		['a worker: two together', worker, ['--no-auth'], {}, { msg: expect.stringContaining('127.0.0.1') }],
		[
			'a worker: a file',
			worker,
			['--host', '127.0.0.1', '--tls-cert', 'none.pem', '--tls-key', 'none.pem'],
			{},
			{ msg: expect.stringContaining('none.pem does not exist') },
		],
	])('%s', async (_, main, args, environment, what) => {
		const { code, stdout, stderr } = await printed(main, [...json, ...args], environment);
		expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
		expect(linesOf(stderr)).toEqual([
			expect.objectContaining({ level: 'error', time: expect.stringMatching(/^20.*Z$/), ...what }),
		]);
	});

	it('a master, with the fields of its other errors', async () => {
		const { stderr } = await printed(master, ['stray'], { PINGPOOL_LOG_FORMAT: 'json' });
		const [line] = linesOf(stderr);
		expect(Object.keys(line!)).toEqual(['level', 'time', 'event', 'runId', 'code', 'hint', 'msg']);
		expect(line).toMatchObject({ event: 'error', runId: null, code: 'usage', msg: '"stray" is no option' });
	});
});

it.each([
	[[], {}, false],
	[['--log-format', 'json'], {}, true],
	[['--log-format=json'], {}, true],
	[['--log-format', 'json', '--log-format=text'], {}, false],
	[[], { PINGPOOL_LOG_FORMAT: 'json' }, true],
	[['--log-format', 'text'], { PINGPOOL_LOG_FORMAT: 'json' }, false],
	[['--log-format'], {}, false],
])('%j with %j wants JSON: %s', (argv, environment, isWanted) => {
	expect(wantsJsonLog(argv, environment)).toBe(isWanted);
});
