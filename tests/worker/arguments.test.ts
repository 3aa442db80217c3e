import { CommanderError } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PingpoolError } from '../../shared/errors.ts';
import { parseCidr } from '../../shared/ip.ts';
import { parseWorkerArguments } from '../../worker/arguments.node.ts';

afterEach(() => {
	vi.restoreAllMocks();
});

describe('parseWorkerArguments', () => {
	it('has a default for everything', async () => {
		expect(await parseWorkerArguments([], {})).toEqual({
			host: undefined,
			port: 8786,
			ratePerSecond: 10_000,
			tokenFile: undefined,
			noAuth: false,
			allow: [],
			deny: [],
			hostsPerRequestMax: 16_384,
			hostsInFlightMax: 262_144,
			icmp: 'auto',
			allowFiles: [],
			denyFiles: [],
			optOutFiles: [],
			ports: undefined,
			prefixRatePerSecond: 256,
			prefixRateFor: 'public',
			callerRatePerSecond: 0,
			tls: { cert: undefined, key: undefined, selfSigned: false, clientCa: undefined },
			logFormat: 'text',
			logLevel: 'info',
			quiet: false,
		});
	});

	it('refuses a variable that is no setting, and says which was probably meant', async () => {
		await expect(parseWorkerArguments([], { PINGPOOL_ALOW: '127.0.0.0/8' })).rejects.toThrow(
			expect.objectContaining({ code: 'usage', hint: 'did you mean PINGPOOL_ALLOW?' }),
		);
	});

	it('takes everything from the command line', async () => {
		const argv =
			'--host [::1] --port 0 --rate 0.5 --token-file t --allow 127.0.0.0/8 --allow ::1,10.0.0.1 --deny 10.0.0.0/8 --batch 10 --max-hosts-in-flight 20 --icmp raw --allow-file a --deny-file d --deny-file e --opt-out-file o --ports 22,8000-8999 --prefix-rate 7 --prefix-rate-for all --caller-rate 8 --tls-cert c --tls-key k --tls-client-ca ca --log-format json --log-level warn --quiet';
		expect(await parseWorkerArguments(argv.split(' '), {})).toEqual({
			host: '::1',
			port: 0,
			ratePerSecond: 0.5,
			tokenFile: 't',
			noAuth: false,
			allow: ['127.0.0.0/8', '::1', '10.0.0.1'].map(parseCidr),
			deny: [parseCidr('10.0.0.0/8')],
			hostsPerRequestMax: 10,
			hostsInFlightMax: 20,
			icmp: 'raw',
			allowFiles: ['a'],
			denyFiles: ['d', 'e'],
			optOutFiles: ['o'],
			ports: [
				{ first: 22, last: 22 },
				{ first: 8000, last: 8999 },
			],
			prefixRatePerSecond: 7,
			prefixRateFor: 'all',
			callerRatePerSecond: 8,
			tls: { cert: 'c', key: 'k', selfSigned: false, clientCa: 'ca' },
			logFormat: 'json',
			logLevel: 'warn',
			quiet: true,
		});
	});

	it('takes everything from the environment, where the command line does not say it', async () => {
		const environment = {
			PINGPOOL_HOST: '127.0.0.1',
			PINGPOOL_PORT: '1234',
			PINGPOOL_RATE: '5',
			PINGPOOL_ALLOW: '127.0.0.0/8, ::1',
			PINGPOOL_DENY: '',
			PINGPOOL_BATCH: '10',
			PINGPOOL_MAX_HOSTS_IN_FLIGHT: '20',
			PINGPOOL_ICMP: 'off',
			PINGPOOL_ALLOW_FILE: 'a',
			PINGPOOL_DENY_FILE: 'd',
			PINGPOOL_OPT_OUT_FILE: 'o',
			PINGPOOL_PORTS: '443',
			PINGPOOL_PREFIX_RATE: '0',
			PINGPOOL_PREFIX_RATE_FOR: 'public',
			PINGPOOL_CALLER_RATE: '9',
			PINGPOOL_TLS_SELF_SIGNED: '1',
			PINGPOOL_LOG_FORMAT: 'json',
			PINGPOOL_LOG_LEVEL: 'warn',
			PINGPOOL_NO_AUTH: '1',
			PINGPOOL_QUIET: 'yes',
		};
		expect(await parseWorkerArguments(['--port', '99', '--allow', '10.0.0.1'], environment)).toEqual({
			host: '127.0.0.1',
			port: 99,
			ratePerSecond: 5,
			tokenFile: undefined,
			noAuth: true,
			allow: [parseCidr('10.0.0.1')],
			deny: [],
			hostsPerRequestMax: 10,
			hostsInFlightMax: 20,
			icmp: 'off',
			allowFiles: ['a'],
			denyFiles: ['d'],
			optOutFiles: ['o'],
			ports: [{ first: 443, last: 443 }],
			prefixRatePerSecond: 0,
			prefixRateFor: 'public',
			callerRatePerSecond: 9,
			tls: { cert: undefined, key: undefined, selfSigned: true, clientCa: undefined },
			logFormat: 'json',
			logLevel: 'warn',
			quiet: true,
		});
		expect(await parseWorkerArguments([], { PINGPOOL_NO_AUTH: '0', PINGPOOL_TOKEN_FILE: 'x' })).toMatchObject(
			{
				noAuth: false,
				tokenFile: 'x',
			},
		);
	});

	it.each([
		[['--prot', '80'], {}, /unknown option '--prot'\n\(Did you mean --port\?\)/],
		[['--port', '99999'], {}, /--port <n>' argument '99999'.*whole number from 0 to 65535/],
		[['--port', '-1'], {}, /--port <n>/],
		[['--port'], {}, /--port <n>' argument missing/],
		[['--rate', 'fast'], {}, /--rate <n>' argument 'fast'.*probes per second/],
		[['--allow', '10.0.0.0/33'], {}, /--allow.*10\.0\.0\.0\/33.*block/],
		[['--deny', '127.1'], {}, /--deny.*127\.1.*block/],
		[['--icmp', 'tun'], {}, /--icmp.*tun.*auto, datagram/],
		[['--host', 'tcp://1.2.3.4:5'], {}, /--host.*address of this machine/],
		[['--host', '127.1'], {}, /--host.*address of this machine/],
		[['--batch', '0'], {}, /--batch.*1 to 16384/],
		[['--batch', '1e3'], {}, /--batch.*1 to 16384/],
		[
			['--batch', '1000', '--max-hosts-in-flight', '999'],
			{},
			/--max-hosts-in-flight 999 is below --batch 1000/,
		],
		[['extra'], {}, /too many arguments/],
		[['--token', 'a-token-on-the-command-line'], {}, /unknown option '--token'/],
		[['--no-auth'], {}, /--no-auth.*only this machine/],
		[['--no-auth', '--host', '0.0.0.0'], {}, /--no-auth.*only this machine/],
		[['--no-auth', '--host', '::1', '--token-file', 'x'], {}, /--no-auth and a token/],
		[['--no-auth', '--host', 'localhost'], { PINGPOOL_TOKEN: 'abcdefghijklmnop' }, /--no-auth and a token/],
		[['--tls-cert', 'c'], {}, /^--tls-cert needs --tls-key as well/],
		[[], { PINGPOOL_TLS_KEY: 'k' }, /^--tls-key needs --tls-cert as well/],
		[['--tls-self-signed', '--tls-cert', 'c', '--tls-key', 'k'], {}, /self-signed and --tls-cert contradict/],
		[['--tls-self-signed'], { PINGPOOL_TLS_KEY: 'k' }, /self-signed and --tls-cert contradict/],
		[['--tls-client-ca', 'ca'], {}, /^--tls-client-ca goes with TLS/],
		[
			['--tls-client-ca', 'ca', '--tls-self-signed', '--no-auth', '--host', '::1'],
			{},
			/^--tls-client-ca and --no-auth contradict.*on top of the token/,
		],
		[[], { PINGPOOL_NO_AUTH: 'true' }, /--no-auth.*only this machine/],
		[[], { PINGPOOL_NO_AUTH: 'maybe' }, /PINGPOOL_NO_AUTH: expected 1 or 0, not "maybe"/],
		[[], { PINGPOOL_PORT: 'http' }, /PINGPOOL_PORT: expected a whole number from 0 to 65535, not "http"/],
		[[], { PINGPOOL_DENY: 'lan' }, /PINGPOOL_DENY: .*, not "lan"/],
		[[], { PINGPOOL_TOKEN: 'short' }, /PINGPOOL_TOKEN: .*16 to 1024 characters/],
		[[], { PINGPOOL_TOKEN: 'aaaaaaaaaaaaaaaaaaaaaaaa' }, /PINGPOOL_TOKEN: .*random/],
		[[], { PINGPOOL_TOKEN: 'ein-schöner-langer-schlüssel' }, /PINGPOOL_TOKEN: .*letters, digits/],
		[[], { PINGPOOL_TOKEN: 'abcdefghijklmnop,bcdefghijklmnopq,cdefghijklmnopqr' }, /at most two/],
	])('refuses %j with %j', async (args, environment, message) => {
		vi.spyOn(process.stderr, 'write').mockReturnValue(true);
		try {
			await parseWorkerArguments(args, environment);
		} catch (error) {
			expect(error instanceof CommanderError || error instanceof PingpoolError).toBe(true);
			expect((error as Error).message).toMatch(message);
			return;
		}
		expect.unreachable('it was accepted');
	});
});
