import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseMasterConfig } from '../../master/config.ts';
import { ConfigExit } from '../../master/options.ts';

let stdout = '';
let stderr = '';

beforeEach(() => {
	stdout = '';
	stderr = '';
	for (const name of Object.keys(process.env)) if (name.startsWith('PINGPOOL_')) vi.stubEnv(name, undefined);
	vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
		stdout += String(text);
		return true;
	});
	vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
		stderr += String(text);
		return true;
	});
});
afterEach(() => {
	vi.unstubAllEnvs();
	vi.restoreAllMocks();
});

function config(argv: string, environment: Record<string, string> = {}) {
	for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
	return parseMasterConfig(argv === '' ? [] : argv.split(' '), '1.2.3');
}

function exitOf(argv: string, environment: Record<string, string> = {}): number {
	try {
		config(argv, environment);
	} catch (error) {
		if (error instanceof ConfigExit) return error.exitCode;
		throw error;
	}
	throw new Error('did not end');
}

describe('what is not said', () => {
	it('has its default', () => {
		expect(config('')).toEqual({
			hosts: 'hosts.txt',
			exclude: undefined,
			skipInvalid: false,
			db: 'hosts.db',
			durability: 'normal',
			fresh: false,
			workers: undefined,
			token: undefined,
			tls: { ca: undefined, cert: undefined, key: undefined },
			allowPlainHttp: false,
			probe: 'icmp',
			settings: { count: 1, attempts: 2, timeoutMs: 1_000, intervalMs: 1_000, refusedIsUp: false },
			ratePerSecond: undefined,
			chunkHosts: undefined,
			concurrency: undefined,
			workerTimeoutMs: 60_000,
			startWaitMs: 10_000,
			json: false,
			quiet: false,
			failOnDown: false,
			dashboard: { host: '127.0.0.1', port: 8787, isChosen: false },
			dashboardToken: undefined,
			view: 'compact',
			logFormat: 'text',
			logLevel: 'info',
		});
	});
});

describe('options', () => {
	it('are read from the command line', () => {
		const argv =
			'--hosts - --exclude no.txt --skip-invalid --db a.db --durability full --fresh --workers w.txt --probe tcp --port 443 --count 5 ' +
			'--timeout 250.5 --interval 0 --refused-is-up --rate 0 --chunk 10 --concurrency 3 ' +
			'--worker-timeout 0 --json --quiet --fail-on-down --tls-ca ca.pem --tls-cert c.pem --tls-key k.pem --allow-plain-http ' +
			'--dashboard localhost:9000 --view workers --log-format json --log-level debug';
		expect(config(argv)).toEqual({
			hosts: '-',
			exclude: 'no.txt',
			skipInvalid: true,
			db: 'a.db',
			durability: 'full',
			fresh: true,
			workers: 'w.txt',
			token: undefined,
			tls: { ca: 'ca.pem', cert: 'c.pem', key: 'k.pem' },
			allowPlainHttp: true,
			probe: 'tcp',
			settings: {
				count: 5,
				attempts: 2,
				timeoutMs: 250.5,
				intervalMs: 0,
				refusedIsUp: true,
				port: 443,
			},
			ratePerSecond: 0,
			chunkHosts: 10,
			concurrency: 3,
			workerTimeoutMs: 0,
			startWaitMs: 0,
			json: true,
			quiet: true,
			failOnDown: true,
			dashboard: { host: 'localhost', port: 9000, isChosen: true },
			dashboardToken: undefined,
			view: 'workers',
			logFormat: 'json',
			logLevel: 'debug',
		});
	});

	it('are read from the environment, and the command line wins', () => {
		const environment = {
			PINGPOOL_HOSTS: 'a.txt',
			PINGPOOL_TIMEOUT: '300',
			PINGPOOL_RATE: '50',
			PINGPOOL_DURABILITY: 'full',
			PINGPOOL_FRESH: 'yes',
			PINGPOOL_WORKER_TIMEOUT: '5',
			PINGPOOL_TOKEN: ' first-token , second-token ',
		};
		const parsed = config('--timeout 400', environment);
		expect(parsed).toMatchObject({
			hosts: 'a.txt',
			ratePerSecond: 50,
			durability: 'full',
			fresh: true,
			workerTimeoutMs: 5,
			startWaitMs: 5,
			token: 'first-token',
		});
		expect(parsed.settings.timeoutMs).toBe(400);
	});

	it.each(['first\nsecond', 'two words', 's\u00e4cret'])(
		'but no token that could not be sent: %j',
		(token) => {
			const parse = () => config('', { PINGPOOL_TOKEN: token });
			expect(parse).toThrow('PINGPOOL_TOKEN has white space or characters in it that no token has');
		},
	);

	it.each([
		['1', true],
		['true', true],
		['YES', true],
		['0', false],
		['false', false],
		['no', false],
		['', false],
	])('that are a yes or no may be %j in the environment', (value, expected) => {
		expect(config('', { PINGPOOL_JSON: value }).json).toBe(expected);
		expect(config('--json', { PINGPOOL_JSON: value }).json).toBe(true);
	});

	it('that are a yes or no may be nothing else', () => {
		expect(() => config('', { PINGPOOL_FAIL_ON_DOWN: 'maybe' })).toThrow(
			expect.objectContaining({
				code: 'usage',
				message: 'PINGPOOL_FAIL_ON_DOWN is "maybe"; 1 or 0 is expected',
			}),
		);
	});

	it.each([
		['--count 0', /1 to 1000/],
		['--count 1001', /1 to 1000/],
		['--count 1.5', /a whole number/],
		['--count x', /a whole number/],
		['--count -1', /1 to 1000/],
		['--attempts 11', /1 to 10/],
		['--timeout 0', /milliseconds, 1 to 60000/],
		['--timeout 1s', /milliseconds/],
		['--interval 60001', /0 to 60000/],
		['--rate -5', /0 to 999999999/],
		['--rate Infinity', /0 to 999999999/],
		['--port 65536 --probe tcp', /1 to 65535/],
		['--chunk 16385', /1 to 16384/],
		['--concurrency 129', /1 to 128/],
		['--probe udp', /icmp, tcp, http/],
		['--db --quiet', /Expected a file/],
		['--durability some', /full, normal/],
		['--hosts', /argument missing/],
		['--timeuot 5', /--timeout/],
		['--host a.txt', /--hosts/],
	])('%s ends with 2 and says what is expected', (argv, message) => {
		expect(exitOf(argv)).toBe(2);
		expect(stderr).toMatch(message);
		expect(stderr).toMatch(/^pingpool: /);
	});

	it('that are wrong in the environment end with 2 and name the variable', () => {
		expect(exitOf('', { PINGPOOL_COUNT: 'x' })).toBe(2);
		expect(stderr).toMatch(/PINGPOOL_COUNT/);
	});

	it('in the environment that do not exist are refused with a suggestion', () => {
		expect(() => config('', { PINGPOOL_TIMEUOT: '5' })).toThrow(
			expect.objectContaining({ code: 'usage', hint: 'did you mean PINGPOOL_TIMEOUT?' }),
		);
	});

	it('all exist in the environment', () => {
		exitOf('--help');
		const variables = [...stdout.matchAll(/env:\s+(PINGPOOL_[A-Z_]+)/g)].map(([, name]) => name!);
		expect(variables).toHaveLength(29);
		for (const name of variables) {
			// Whatever the value is refused for, it is not for the name.
			try {
				config('', { [name]: '' });
			} catch (error) {
				expect(String(error)).not.toMatch(/no setting of pingpool/);
			}
		}
	});
});

it('words that belong to no option are refused, with what was probably meant', () => {
	expect(() => config('lan.txt')).toThrow(
		expect.objectContaining({
			code: 'usage',
			message: '"lan.txt" is no option',
			hint: 'did you mean --hosts lan.txt?',
		}),
	);
});

describe('contradictions', () => {
	it.each([
		['--port 80', {}, /^--port goes with/, 'did you mean --probe tcp --port 80?'],
		['', { PINGPOOL_PORT: '8786' }, /^PINGPOOL_PORT goes with/, expect.stringMatching(/meant for a worker/)],
		[
			'--count 5 --attempts 2',
			{},
			/^--attempts goes with a count of 1: with --count 5/,
			'leave one of the two out',
		],
		['--count 5', { PINGPOOL_ATTEMPTS: '1' }, /^PINGPOOL_ATTEMPTS goes with/, 'leave one of the two out'],
		['--interval 5', {}, /^--interval goes with/, 'did you mean --count 10 --interval 5?'],
		['--count 1000 --interval 60000', {}, /take 59941 s per host; at most 900 s/, 'lower one of them'],
	])('%s %j is refused with a hint', (argv, environment, message, hint) => {
		expect(() => config(argv, environment)).toThrow(
			expect.objectContaining({ code: 'usage', message: expect.stringMatching(message), hint }),
		);
	});
});

describe('help and version', () => {
	it('are printed on standard output and end with 0', () => {
		expect(exitOf('--help')).toBe(0);
		expect(stdout).toMatch(/Examples:\n {2}pingpool master/);
		expect(stdout).toMatch(/Exit codes:/);
		expect(stdout).toMatch(/--fail-on-down/);
		stdout = '';
		expect(exitOf('--version')).toBe(0);
		expect(stdout).toBe('1.2.3\n');
		expect(stderr).toBe('');
	});

	it('are printed whatever else is wrong in the environment', () => {
		expect(exitOf('--help', { PINGPOOL_TIMEUOT: '1' })).toBe(0);
	});
});
