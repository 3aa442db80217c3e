import { describe, expect, it } from 'vitest';
import { createJsonVoice } from '../../../master/log/json-voice.ts';
import { RunLog } from '../../../master/log/run-log.ts';
import { createTextVoice } from '../../../master/log/text-voice.ts';
import { eventText } from '../../../master/view/event-text.ts';
import { ProgressView } from '../../../master/view/progress.ts';
import { terminalTraits } from '../../../master/view/terminal.ts';
import { escapeLines } from '../../../shared/display.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import { everyEvent, nasty } from './every-event.ts';

const clock = { wallMs: () => Date.UTC(2026, 10, 22, 9, 12, 0, 5), monotonicMs: () => 0 };
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

function json() {
	const lines: string[] = [];
	const voice = createJsonVoice({ write: (line) => lines.push(line), clock });
	const log = new RunLog({ voice, level: 'debug', quiet: false, showTokens: false });
	return { log, lines, last: () => JSON.parse(lines.at(-1)!) };
}

describe('a log as JSON', () => {
	it.each(Object.values(everyEvent))('has an object on a line for $type', (event) => {
		const { log, lines, last } = json();
		log.event(event);
		expect(lines).toHaveLength(1);
		const line = lines[0]!;
		expect(line.slice(0, -1)).not.toMatch(unsafe);
		expect(line.indexOf('\n')).toBe(line.length - 1);
		const object = last();
		expect(object).toMatchObject({
			level: expect.stringMatching(/^(error|warn|info)$/),
			time: '2026-11-22T09:12:00.005Z',
			event: event.type,
			msg: expect.stringMatching(/./),
		});
		// Taken out again, it is still safe to show.
		for (const value of Object.values(object)) expect(String(value).replaceAll('\n', '')).not.toMatch(unsafe);
		// None of pino's own names twice.
		for (const name of ['level', 'time', 'event', 'msg', 'runId']) {
			expect(line.match(new RegExp(`[{,]"${name}":`, 'g'))).toHaveLength(1);
		}
	});

	it('has the fields of an event as they are', () => {
		const { log, last } = json();
		log.event(everyEvent['worker-joined']);
		expect(last()).toEqual({
			level: 'info',
			time: '2026-11-22T09:12:00.005Z',
			event: 'worker-joined',
			runId: null,
			worker: escapeLines(nasty),
			probes: ['icmp', 'tcp'],
			icmp: 'raw',
			msg: escapeLines(`worker ${nasty}: icmp (raw), tcp`),
		});
		log.event(everyEvent['denied-by-default']);
		expect(last()).toMatchObject({ level: 'warn', counts: { loopback: 2 } });
		log.event(everyEvent['run-started']);
		expect(last()).toMatchObject({ event: 'run-started', runId: 7, total: 9, msg: 'run 7 begins' });
	});

	it('has an error with its code and how to mend it', () => {
		const { log, last } = json();
		log.error(new PingpoolError('no-worker', 'none of the workers can be used', { hint: 'start one' }));
		expect(last()).toMatchObject({
			level: 'error',
			event: 'error',
			code: 'no-worker',
			hint: 'start one',
			msg: 'none of the workers can be used',
		});
	});
});

function text(isTerminal: boolean, environment = {}) {
	const written: string[] = [];
	const terminal = terminalTraits(isTerminal, environment);
	const view = new ProgressView({ output: { write: (piece) => written.push(piece) }, terminal, clock });
	const voice = createTextVoice({ view, colour: terminal.hasColour });
	const log = new RunLog({ voice, level: 'debug', quiet: false, showTokens: false });
	return { log, written };
}

describe('a log as text', () => {
	it.each(Object.values(everyEvent))('says of $type what it is for people, and nothing else', (event) => {
		const { log, written } = text(false);
		log.event(event);
		const hidden = 'token=<not for a log: choose it with PINGPOOL_DASHBOARD_TOKEN>';
		const said = eventText(event)?.replace('token=the-secret-of-this-start', hidden);
		expect(written).toEqual(said === undefined ? [] : [`${escapeLines(said)}\n`]);
	});

	it('has colours by level on a terminal, unless that is dumb or nobody wants them', () => {
		const say = (isTerminal: boolean, environment: Record<string, string>): string => {
			const { log, written } = text(isTerminal, environment);
			log.event(everyEvent['worker-removed']);
			log.event(everyEvent['embedded-worker-ended']);
			log.entry({ level: 'debug', event: 'x', msg: 'debug' });
			log.error(new PingpoolError('database', 'the disk is full', { hint: 'make room' }));
			return written.join('');
		};
		const coloured = say(true, { TERM: 'xterm' });
		expect(coloured).toContain('\x1b[33mthe embedded worker has ended; starting another one\x1b[0m\n');
		expect(coloured).toContain('\x1b[31mpingpool: the disk is full\x1b[0m\n  make room\n');
		expect(coloured).toContain('\x1b[2mdebug\x1b[0m\n');
		expect(coloured.split('\n')[0]).not.toContain('\x1b');
		const plain = coloured.replaceAll(/\x1b\[\d+m/g, '');
		expect(say(true, { TERM: 'xterm', NO_COLOR: '1' })).toBe(plain);
		expect(say(true, { TERM: 'dumb' })).toBe(plain);
		expect(say(false, { TERM: 'xterm' })).toBe(plain);
		expect(say(true, { TERM: 'xterm', NO_COLOR: '' })).toBe(coloured);
	});
});
