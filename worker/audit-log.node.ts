/**
 * The log of a worker: one line per request, per refused token and per disturbance; on stderr, as text for people or
 * as pino's JSON for programs.
 *
 * Three things keep it from being a weapon. What comes from the net is made safe before it is written. Lines that
 * strangers cause pass a flood gate: the rest of a flood is one line every ten seconds. And writing never waits:
 * what the reader of the log is too slow for is dropped and counted.
 */
import { pino } from 'pino';
import type { Clock } from '../shared/clock.ts';
import { escapeLines, escapeUnsafe } from '../shared/display.ts';
import { formatCount, formatPlural } from '../shared/format.ts';
import type { LogFormat, LogLevel } from './config.ts';
import { logLevels } from './config.ts';
import type { HeldBack } from './flood-gate.ts';
import { FloodGate } from './flood-gate.ts';
import type { Disturbance, RequestLog, WorkerLog } from './request-log.ts';

/** What may be written without end, if nobody stops it. */
type Kind = Disturbance | 'unauthorized' | 'fault';

export interface AuditLogOptions {
	readonly format: LogFormat;
	/** the least important level that is written */
	readonly level: LogLevel;
	/** takes a line with its line feed */
	readonly write: (line: string) => void;
	readonly clock: Clock;
}

export interface AuditLog extends WorkerLog {
	/** Says what was held back, and leaves no timer behind. */
	close(): void;
}

const words: Record<Kind, string> = {
	'no-http': 'sent what is no HTTP',
	headers: 'sent headers that are refused',
	slow: 'was too slow with a request',
	ahead: 'sent too many requests ahead',
	tls: 'failed at the TLS handshake',
	displaced: 'was disconnected for a newcomer',
	unauthorized: 'was refused for its token',
	fault: 'met a fault of this worker',
};

/** What is well, what somebody should look at, and what is a fault of ours. */
function levelOf({ outcome }: RequestLog): LogLevel {
	if (outcome === 'ok' || outcome === 'cancelled') return 'info';
	return outcome === 'internal' ? 'error' : 'warn';
}

const ordinals = [undefined, 'first', 'second'] as const;

/** How one format says each thing. */
interface Voice {
	begun(entry: RequestLog): void;
	request(entry: RequestLog, level: LogLevel): void;
	disturbance(kind: Disturbance, caller: string | undefined): void;
	fault(text: string): void;
	heldBack(heldBack: HeldBack<Kind>): void;
}

export function createAuditLog(options: AuditLogOptions): AuditLog {
	const voice = options.format === 'json' ? jsonVoice(options) : textVoice(options);
	const gate = new FloodGate<Kind>(options.clock, (heldBack) => voice.heldBack(heldBack));
	const rank = logLevels.indexOf(options.level);
	const isHeard = (level: LogLevel): boolean => logLevels.indexOf(level) <= rank;
	return {
		begun(entry) {
			if (isHeard('debug')) voice.begun(entry);
		},
		request(entry) {
			const level = levelOf(entry);
			if (!isHeard(level)) return;
			if (entry.outcome === 'unauthorized' && !gate.passes('unauthorized', entry.caller)) return;
			voice.request(entry, level);
		},
		disturbance(kind, caller) {
			if (isHeard('warn') && gate.passes(kind, caller)) voice.disturbance(kind, caller);
		},
		fault(error) {
			if (!gate.passes('fault', undefined)) return;
			voice.fault(escapeLines(error instanceof Error ? (error.stack ?? String(error)) : String(error)));
		},
		close: () => gate.close(),
	};
}

/** The line that says that lines are missing, in the form of the others. */
export function droppedLine(format: LogFormat, lines: number, clock: Pick<Clock, 'wallMs'>): string {
	const msg = `${formatPlural(lines, 'line')} of this log were dropped: nobody read them in time`;
	const time = new Date(clock.wallMs()).toISOString();
	return format === 'json' ? `${JSON.stringify({ level: 'warn', time, lines, msg })}\n` : `${time} ${msg}\n`;
}

function textVoice({ write, clock }: AuditLogOptions): Voice {
	const say = (text: string): void => write(`${new Date(clock.wallMs()).toISOString()} ${text}\n`);
	return {
		begun({ caller, request, hosts, probes }) {
			const asked = `${caller ?? '?'}: begins with ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`;
			const named = request === undefined ? [] : [`request ${request}`];
			say(escapeUnsafe([asked, probes.join('+'), ...named].join(', ')));
		},
		request({ caller, request, token, outcome, hosts, denied, probes, ms }) {
			const parts = [
				`${caller ?? '?'}: ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`,
				...(denied > 0 ? [`${denied} denied`] : []),
				outcome,
				...(probes.length > 0 ? [probes.join('+')] : []),
				`${Math.round(ms)} ms`,
				...(ordinals[token] === undefined ? [] : [`${ordinals[token]} token`]),
				...(request === undefined ? [] : [`request ${request}`]),
			];
			say(escapeUnsafe(parts.join(', ')));
		},
		disturbance: (kind, caller) => say(escapeUnsafe(`${caller ?? '?'}: ${words[kind]}`)),
		// Set in, so that no line of it passes for one of the log's own.
		fault: (text) => say(`a fault of this worker: ${text.replaceAll('\n', '\n  ')}`),
		heldBack: (heldBack) => say(heldBackText(heldBack)),
	};
}

/** `and 1,234 more from 3 addresses: was refused for its token` */
function heldBackText({ kind, lines, addresses, moreAddresses }: HeldBack<Kind>): string {
	const over = moreAddresses ? 'over ' : '';
	const from = `${over}${formatCount(addresses)} ${addresses === 1 ? 'address' : 'addresses'}`;
	return `and ${formatCount(lines)} more from ${from}: ${words[kind]}`;
}

function jsonVoice({ write, clock }: AuditLogOptions): Voice {
	const logger = pino(
		{
			base: null,
			// What is important enough is chosen before.
			level: 'debug',
			timestamp: () => `,"time":"${new Date(clock.wallMs()).toISOString()}"`,
			formatters: { level: (level) => ({ level }) },
		},
		{ write },
	);
	const safe = (text: string | undefined): string | undefined => text && escapeUnsafe(text);
	return {
		begun({ caller, request, hosts, probes }) {
			logger.debug({ caller: safe(caller), request: safe(request), hosts, probes }, 'request begun');
		},
		request({ caller, request, token, outcome, hosts, denied, probes, ms }, level) {
			logger[level](
				{
					caller: safe(caller),
					request: safe(request),
					token: ordinals[token],
					outcome,
					hosts,
					denied,
					probes,
					ms: Math.round(ms * 1000) / 1000,
				},
				'request',
			);
		},
		disturbance: (kind, caller) => logger.warn({ caller: safe(caller), kind }, words[kind]),
		fault: (text) => logger.error({ kind: 'fault', stack: text }, 'a fault of this worker'),
		heldBack: ({ kind, lines, addresses, moreAddresses }) =>
			logger.warn({ kind, more: lines, addresses, moreAddresses }, `and more: ${words[kind]}`),
	};
}
