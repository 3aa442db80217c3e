import { describe, expect, it } from 'vitest';
import type { RunOutcome } from '../../../master/run.ts';
import { jsonSummary, summaryLines } from '../../../master/view/summary.ts';

const byStatus = { up: 60, down: 30, unresolved: 5, denied: 4, error: 1 };
const outcome: RunOutcome = {
	runId: 7,
	state: 'finished',
	total: 100,
	doneBefore: 0,
	counts: { up: 60, down: 30, unresolved: 5, denied: 4, error: 1 },
	byReason: new Map([
		['no-permission', 1],
		['timeout', 30],
	]),
	workers: [{ name: 'http://10.0.0.1:8786', byStatus, failures: 2, setAside: undefined }],
	uncounted: 0,
	seconds: 2.00049,
	error: undefined,
};

describe('--json', () => {
	it('is one object with the keys that scripts rely on', () => {
		expect(jsonSummary(outcome, 'hosts.db')).toEqual({
			run: 7,
			state: 'finished',
			hosts: 100,
			up: 60,
			down: 30,
			unresolved: 5,
			denied: 4,
			error: 1,
			continued: 0,
			seconds: 2,
			hostsPerSecond: 50,
			db: 'hosts.db',
		});
	});

	it('has a rate of 0 for a run that took no time', () => {
		expect(jsonSummary({ ...outcome, seconds: 0 }, 'x').hostsPerSecond).toBe(0);
	});
});

describe('the summary', () => {
	it('says what came of the hosts, why, who asked them, and how to mend it', () => {
		expect(summaryLines(outcome, 'hosts.db')).toEqual([
			'run 7 finished: 100 hosts in 2.00 s (50/s)',
			'',
			'  up          60  60.0 %',
			'  down        30  30.0 %',
			'  unresolved   5   5.0 %',
			'  denied       4   4.0 %',
			'  error        1   1.0 %',
			'',
			'why not up',
			'  timeout        30',
			'  no-permission   1',
			'',
			'worker                  up  down  other  failures',
			'  http://10.0.0.1:8786  60    30     10         2',
			'',
			'no-permission: a worker may not send: on it, run: sudo sysctl -w net.ipv4.ping_group_range="0 2147483647"',
			'',
			'database: hosts.db',
		]);
	});

	it('says how far an interrupted run came', () => {
		const interrupted = { ...outcome, state: 'interrupted', total: 1_000 } as const;
		expect(summaryLines(interrupted, 'x')[0]).toBe('run 7 interrupted: 100 of 1,000 hosts in 2.00 s (50/s)');
	});

	it('of a continued run says what was done before, and the rate of the rest', () => {
		const continued = { ...outcome, doneBefore: 40, uncounted: 40 };
		expect(jsonSummary(continued, 'x')).toMatchObject({
			hosts: 100,
			up: 60,
			continued: 40,
			hostsPerSecond: 30,
		});
		const lines = summaryLines(continued, 'x');
		expect(lines.slice(0, 4)).toEqual([
			'run 7 finished: 100 hosts',
			'continued at 40: 60 hosts in 2.00 s (30/s)',
			'',
			'  up          60  60.0 %',
		]);
		expect(lines).toContain('why not up, since it was continued');
		expect(summaryLines({ ...continued, uncounted: 0 }, 'x')).toContain('why not up');
	});

	it('leaves out what there is none of', () => {
		const counts = { up: 0, down: 0, unresolved: 0, denied: 0, error: 0 };
		const empty = { ...outcome, total: 0, counts, byReason: new Map(), seconds: 0 };
		const text = summaryLines(empty, 'x').join('\n');
		expect(text).toMatch(/ {2}up {4}0 {2}0.0 %/);
		expect(text).not.toMatch(/denied|why not up|NaN/);
	});
});
