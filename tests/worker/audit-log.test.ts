import { describe, expect, it } from 'vitest';
import type { Clock } from '../../shared/clock.ts';
import { logAddressesMax, logFloodLinesMax, logFloodWindowMs } from '../../shared/limits.ts';
import { createAuditLog, droppedLine } from '../../worker/audit-log.node.ts';
import type { LogFormat, LogLevel } from '../../worker/config.ts';
import { logLevels } from '../../worker/config.ts';
import { noticeWriter } from '../../worker/notice-line.ts';
import type { RequestLog } from '../../worker/request-log.ts';

const served: RequestLog = {
	caller: '192.0.2.7',
	request: 'chunk-1',
	token: 2,
	outcome: 'ok',
	hosts: 1_024,
	denied: 3,
	probes: ['icmp', 'tcp'],
	ms: 12.345_678,
};
const refused: RequestLog = { ...served, token: 0, outcome: 'unauthorized', hosts: 0, denied: 0, probes: [] };

/** A log over a clock whose windows end when the test says so. */
function recorded(format: LogFormat, level: LogLevel = 'info') {
	const lines: string[] = [];
	let wake: (() => void)[] = [];
	let timers = 0;
	const clock: Clock = {
		wallMs: () => Date.UTC(2026, 10, 22, 6, 30),
		monotonicMs: () => 0,
		sleep(ms, signal) {
			expect(ms).toBe(logFloodWindowMs);
			timers += 1;
			return new Promise<void>((resolve, reject) => {
				wake.push(resolve);
				signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
			}).finally(() => {
				timers -= 1;
			});
		},
	};
	const log = createAuditLog({ format, level, clock, write: (line) => lines.push(line) });
	return {
		log,
		lines,
		timers: () => timers,
		async endWindows() {
			for (const one of wake) one();
			wake = [];
			await new Promise((resolve) => setImmediate(resolve));
		},
	};
}

describe('the log as text', () => {
	it('says when, who, how many, what became of it, and which token', () => {
		const { log, lines } = recorded('text');
		log.request(served);
		log.request({ ...served, request: undefined, token: 0, hosts: 1, denied: 0, probes: ['http'] });
		expect(lines).toEqual([
			'2026-11-22T06:30:00.000Z 192.0.2.7: 1024 hosts, 3 denied, ok, icmp+tcp, 12 ms, second token, request chunk-1\n',
			'2026-11-22T06:30:00.000Z 192.0.2.7: 1 host, ok, http, 12 ms\n',
		]);
		log.close();
	});

	it('shows nothing from the net that a terminal would obey', () => {
		const { log, lines } = recorded('text');
		log.request({ ...served, caller: '\u001b[2J\u202e', request: 'a\nb' });
		log.disturbance('no-http', '\u0007');
		log.fault(new Error('\u001b]0;title\u0007'));
		const text = lines.join('');
		expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
		expect(lines[0]!.split('\n')).toHaveLength(2);
		log.close();
	});
});

describe('the log as JSON', () => {
	it('is one object a line, with pino’s names', () => {
		const { log, lines } = recorded('json');
		log.request(served);
		log.disturbance('slow', '192.0.2.8');
		log.fault(new Error('of ours'));
		const objects = lines.map((line) => JSON.parse(line));
		expect(objects).toEqual([
			{
				level: 'info',
				time: '2026-11-22T06:30:00.000Z',
				caller: '192.0.2.7',
				request: 'chunk-1',
				token: 'second',
				outcome: 'ok',
				hosts: 1_024,
				denied: 3,
				probes: ['icmp', 'tcp'],
				ms: 12.346,
				msg: 'request',
			},
			expect.objectContaining({ level: 'warn', caller: '192.0.2.8', kind: 'slow' }),
			expect.objectContaining({ level: 'error', stack: expect.stringContaining('of ours') }),
		]);
		expect(JSON.parse(droppedLine('json', 1_234, { wallMs: () => 1_000 }))).toEqual({
			level: 'warn',
			time: '1970-01-01T00:00:01.000Z',
			lines: 1_234,
			msg: '1,234 lines of this log were dropped: nobody read them in time',
		});
		log.close();
	});
});

describe('a flood', () => {
	it.each(['text', 'json'] as const)('is a few lines and one that sums up the rest (%s)', async (format) => {
		const { log, lines, endWindows, timers } = recorded(format);
		for (let i = 0; i < 5_000; i += 1) log.request({ ...refused, caller: `192.0.2.${i % 3}` });
		for (let i = 0; i < 5_000; i += 1) log.disturbance('no-http', `10.0.${i >> 8}.${i & 255}`);
		expect(lines).toHaveLength(2 * logFloodLinesMax);
		await endWindows();
		const [tokens, garbage, ...none] = lines.slice(2 * logFloodLinesMax);
		expect(none).toEqual([]);
		if (format === 'text') {
			expect(tokens).toContain('and 4,990 more from 3 addresses: was refused for its token');
			expect(garbage).toContain(
				`and 4,990 more from over ${logAddressesMax.toLocaleString('en-US')} addresses`,
			);
		} else {
			expect(JSON.parse(tokens!)).toMatchObject({ kind: 'unauthorized', more: 4_990, addresses: 3 });
			expect(JSON.parse(garbage!)).toMatchObject({ addresses: logAddressesMax, moreAddresses: true });
		}
		// The next window begins anew.
		log.request(refused);
		expect(lines.at(-1)).toContain('unauthorized');
		expect(timers()).toBe(1);
		log.close();
		await endWindows();
		expect(timers()).toBe(0);
	});

	it('is told at the end of the log, and does not hold back what has a token', () => {
		const { log, lines } = recorded('text');
		for (let i = 0; i < 100; i += 1) log.request(refused);
		for (let i = 0; i < 100; i += 1) log.request(served);
		log.close();
		expect(lines.filter((line) => line.includes('second token'))).toHaveLength(100);
		expect(lines.at(-1)).toContain('and 90 more from 1 address');
	});
});

describe.each(['text', 'json'] as const)('levels of the log (%s)', (format) => {
	it.each([
		['error', ['internal', 'fault']],
		['warn', ['internal', 'fault', 'unauthorized', 'busy', 'slow']],
		['info', ['internal', 'fault', 'unauthorized', 'busy', 'slow', 'ok', 'cancelled']],
		['debug', ['internal', 'fault', 'unauthorized', 'busy', 'slow', 'ok', 'cancelled', 'begun']],
	] as const)('%s has what is at least as important', (level, expected) => {
		const words = {
			internal: /internal/,
			fault: /of ours/,
			unauthorized: /unauthorized/,
			busy: /busy/,
			slow: /slow/,
			ok: /ok\b/,
			cancelled: /cancelled/,
			begun: /begins with|begun/,
		};
		const { log, lines } = recorded(format, level);
		log.begun({ ...served, outcome: '' });
		for (const outcome of ['ok', 'cancelled', 'busy', 'internal']) log.request({ ...served, outcome });
		log.request(refused);
		log.disturbance('slow', '192.0.2.8');
		log.fault(new Error('of ours'));
		const text = lines.join('');
		const found = Object.entries(words).filter(([, word]) => word.test(text));
		expect(found.map(([name]) => name).sort()).toEqual([...expected].sort());
		expect(lines).toHaveLength(expected.length);
		log.close();
	});

	it('have the name of a request when it begins and when it has ended', () => {
		const { log, lines } = recorded(format, 'debug');
		log.begun(served);
		log.request(served);
		expect(lines).toHaveLength(2);
		for (const line of lines) expect(line).toContain('chunk-1');
		if (format === 'json') {
			expect(lines.map((line) => JSON.parse(line).level)).toEqual(['debug', 'info']);
			expect(JSON.parse(lines[0]!)).toMatchObject({ request: 'chunk-1', hosts: 1_024 });
		} else {
			expect(lines[0]).toBe(
				'2026-11-22T06:30:00.000Z 192.0.2.7: begins with 1024 hosts, icmp+tcp, request chunk-1\n',
			);
		}
		log.close();
	});
});

it('says what else there is to say in the form of its lines, by level', () => {
	const clock = { wallMs: () => Date.UTC(2026, 0, 2) };
	const said = (logFormat: LogFormat, logLevel: LogLevel): string[] => {
		const lines: string[] = [];
		const notice = noticeWriter({ logFormat, logLevel }, clock, (line) => lines.push(line));
		notice('warn', 'warning\u001b[2J');
		notice('info', 'stopping');
		return lines;
	};
	expect(said('text', 'info')).toEqual(['pingpool: warning\\u{1b}[2J\n', 'pingpool: stopping\n']);
	expect(said('json', 'info').map((line) => JSON.parse(line))).toEqual([
		{ level: 'warn', time: '2026-01-02T00:00:00.000Z', msg: 'warning\\u{1b}[2J' },
		{ level: 'info', time: '2026-01-02T00:00:00.000Z', msg: 'stopping' },
	]);
	expect(logLevels.map((level) => said('text', level).length)).toEqual([0, 1, 2, 2]);
});
