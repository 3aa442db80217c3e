import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../master/events.ts';
import type { LogEntry } from '../../../master/log/log-entry.ts';
import type { RunLogOptions } from '../../../master/log/run-log.ts';
import { RunLog } from '../../../master/log/run-log.ts';
import type { RunOutcome } from '../../../master/run.ts';
import { eventLevel, logLevelOf } from '../../../master/view/event-level.ts';
import { logLevels } from '../../../master/view/names.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import { everyEvent } from './every-event.ts';

const events: readonly RunEvent[] = Object.values(everyEvent);
const important = ['worker-unreachable', 'workers-met', 'workers-file-problem', 'waiting-for-workers'];

function recorded(options: Partial<RunLogOptions> = {}) {
	const said: LogEntry[] = [];
	const voice = { say: (entry: LogEntry) => said.push(entry) };
	const log = new RunLog({ voice, level: 'info', quiet: false, showTokens: false, ...options });
	return { log, said };
}

const outcome: RunOutcome = {
	runId: 7,
	state: 'finished',
	total: 9,
	doneBefore: 0,
	counts: { up: 9, down: 0, unresolved: 0, denied: 0, error: 0 },
	byReason: new Map(),
	uncounted: 0,
	workers: [],
	seconds: 2,
	error: undefined,
};

describe('a log', () => {
	it.each(logLevels)('at level %s says what is at least as important', (level) => {
		const { log, said } = recorded({ level });
		for (const event of events) log.event(event);
		log.entry({ level: 'debug', event: 'request-asked', msg: '' });
		const heard = logLevels.slice(0, logLevels.indexOf(level) + 1);
		const expected = events.filter((event) => heard.includes(logLevelOf(eventLevel(event))));
		const debug = level === 'debug' ? ['request-asked'] : [];
		expect(said.map(({ event }) => event)).toEqual([...expected.map(({ type }) => type), ...debug]);
		expect(logLevels.filter((each) => log.hears(each))).toEqual(heard);
	});

	it('that is quiet says errors, and what is wrong although the run goes on', () => {
		const { log, said } = recorded({ quiet: true, level: 'debug' });
		for (const event of events) log.event(event);
		log.entry({ level: 'info', event: 'progress', msg: '' });
		log.ended({ ...outcome, state: 'interrupted' }, 'hosts.db', true);
		expect(said.map(({ event }) => event).sort()).toEqual([...important].sort());
		expect(log.hears('error')).toBe(false);
		log.error(new PingpoolError('database', 'the disk is full', { hint: 'make room' }));
		log.ended({ ...outcome, state: 'failed' }, 'hosts.db', true);
		expect(said.slice(important.length).map(({ event }) => event)).toEqual(['error', 'run-ended']);
		// All of them have answered: nothing is wrong.
		log.event({ type: 'workers-met', met: 2, asked: 2 });
		expect(said.slice(important.length)).toHaveLength(2);
	});

	it('has the number of the run in everything, as soon as it is known', () => {
		const { log, said } = recorded();
		log.event(everyEvent['worker-back']);
		log.event(everyEvent['run-continued']);
		log.event(everyEvent['worker-back']);
		log.fault(new Error('of ours'));
		expect(said.map(({ fields }) => fields?.runId)).toEqual([null, 7, 7, 7]);
		expect(said.at(-1)?.fields?.stack).toContain('of ours');
	});

	it('shows the token of a dashboard to nobody but who sits at the terminal', () => {
		for (const showTokens of [true, false]) {
			const { log, said } = recorded({ showTokens });
			log.event(everyEvent['dashboard-ready']);
			expect(JSON.stringify(said).includes('the-secret-of-this-start')).toBe(showTokens);
			expect(said[0]!.msg).toContain('http://192.0.2.1:8787/?token=');
		}
	});

	it('says how the run ended, to people what the summary does not', () => {
		const { log, said } = recorded();
		log.ended(outcome, 'hosts.db', false);
		log.ended({ ...outcome, state: 'interrupted' }, 'hosts.db', true);
		log.ended({ ...outcome, state: 'failed' }, 'hosts.db', true);
		log.ended({ ...outcome, state: 'failed' }, 'hosts.db', false);
		const done = '9 of 9 hosts are in hosts.db';
		const goesOn = `${done}; the same command goes on where it stopped`;
		expect(said.map(({ level, msg, text }) => [level, msg, text])).toEqual([
			['info', `run 7 finished: ${done}`, null],
			['warn', `run 7 interrupted: ${goesOn}`, `interrupted: ${goesOn}`],
			['error', `run 7 failed: ${goesOn}`, `  ${goesOn}`],
			['error', `run 7 failed: ${done}`, null],
		]);
		expect(said[0]!.fields).toMatchObject({ state: 'finished', hosts: 9, up: 9, hostsPerSecond: 5 });
	});
});
