/** Settings of a master that do not go with each other. */
import { PingpoolError } from '../shared/errors.ts';
import { requestMsMax } from '../shared/limits.ts';
import type { ParsedOptions } from './command-line.ts';

/**
 * @param spelled what the user wrote to set an option; `undefined` when it was not set
 * @throws PingpoolError `usage`, with what may have been meant
 */
export function checkContradictions(
	options: ParsedOptions,
	spelled: (name: keyof ParsedOptions) => string | undefined,
): void {
	const port = spelled('port');
	if (port !== undefined && options.probe === 'icmp') {
		throw new PingpoolError(
			'usage',
			`${port} goes with --probe tcp or --probe http: an echo request has no port`,
			{
				hint:
					port === '--port'
						? `did you mean --probe tcp --port ${options.port}?`
						: `is ${port} meant for a worker, as the port to listen on? To a master it is the port to probe`,
			},
		);
	}
	const attempts = spelled('attempts');
	if (attempts !== undefined && options.count > 1) {
		throw new PingpoolError(
			'usage',
			`${attempts} goes with a count of 1: with ${spelled('count')} ${options.count} every probe is sent`,
			{ hint: 'leave one of the two out' },
		);
	}
	const interval = spelled('interval');
	if (interval !== undefined && options.count === 1) {
		throw new PingpoolError(
			'usage',
			`${interval} goes with a --count above 1: it is the time between probes`,
			{ hint: `did you mean --count 10 --interval ${options.interval}?` },
		);
	}
	checkTls(options, spelled);
	const spanMs = (options.count - 1) * options.interval + options.timeout;
	if (spanMs > requestMsMax) {
		throw new PingpoolError(
			'usage',
			`--count, --interval and --timeout together take ${Math.round(spanMs / 1000)} s per host; at most ${requestMsMax / 1000} s`,
			{ hint: 'lower one of them' },
		);
	}
}

/** An embedded worker is reached over loopback. Variables may be meant for workers, too: they say nothing then. */
function checkTls(options: ParsedOptions, spelled: (name: keyof ParsedOptions) => string | undefined): void {
	if (options.workers === undefined) {
		const names = ['tlsCa', 'tlsCert', 'tlsKey', 'allowPlainHttp'] as const;
		const stray = names.map(spelled).find((spelling) => spelling?.startsWith('--'));
		if (stray === undefined) return;
		throw new PingpoolError('usage', `${stray} goes with --workers: an embedded worker needs none of it`, {
			hint: 'name the workers in a file, one URL a line, and give it with --workers',
		});
	}
	if ((options.tlsCert === undefined) === (options.tlsKey === undefined)) return;
	const [given, missing] =
		options.tlsKey === undefined
			? ([spelled('tlsCert'), '--tls-key'] as const)
			: [spelled('tlsKey'), '--tls-cert'];
	throw new PingpoolError('usage', `${given} needs ${missing} as well`, {
		hint: 'both may name the same file',
	});
}
