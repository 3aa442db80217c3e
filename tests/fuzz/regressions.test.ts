/** What the fuzzer has found: every input in `regressions/`, and what takes long only when there is much of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseWorkers } from '../../master/workers-file.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { parsePingSettings } from '../../shared/protocol.ts';
import { parsePingOutput } from '../../worker/icmp/command-output.ts';
import { parseHostsServices } from '../../worker/resolve/system-config.ts';
import { cpuMs } from '../cpu-time.ts';
import { loadTarget } from './registry.ts';

const folder = new URL('regressions/', import.meta.url);
const loopback = { family: 4, value: 0x7f00_0001 } as const;

describe.each(readdirSync(folder))('%s', (name) => {
	it.each(readdirSync(new URL(`${name}/`, folder)))('%s', async (file) => {
		const target = await loadTarget(name);
		// Throws what was found, should it be back.
		await target.run(readFileSync(new URL(`${name}/${file}`, folder)));
	});
});

/** Far above what a linear reading takes, far below what a quadratic one does. */
const msMax = 2_000;

function takes(action: () => unknown): number {
	const startMs = cpuMs();
	action();
	return cpuMs() - startMs;
}

describe('a text of megabytes is read in time', () => {
	const lines = '\n'.repeat(200_000);
	it.each([
		['nsswitch.conf of empty lines', () => parseHostsServices(lines)],
		[
			'nsswitch.conf of brackets without an end',
			() => parseHostsServices(`hosts: ${'[NO '.repeat(100_000)}`),
		],
		['ping output of empty lines', () => parsePingOutput('unix', lines, loopback)],
		[
			'workers.txt with a path of slashes',
			() => {
				const text = `http://10.0.0.1${'/'.repeat(200_000)}x`;
				expect(() => parseWorkers(text, 'workers.txt', { folder: '/' })).toThrow('characters long');
			},
		],
		[
			'workers.txt of wrong lines',
			() => {
				const text = 'no worker\n'.repeat(100_000);
				expect(() => parseWorkers(text, 'workers.txt', { folder: '/' })).toThrow('At least 1000 lines');
			},
		],
		[
			'workers.txt with a comment that does not end where its line does',
			() => {
				const text = `http://10.0.0.1 ${'# '.repeat(100_000)}\u2028x`;
				expect(() => parseWorkers(text, 'workers.txt', { folder: '/' })).not.toThrow();
			},
		],
	])('%s', (_, action) => {
		expect(takes(action)).toBeLessThan(msMax);
	});
});

it('services behind brackets, closed or not', () => {
	expect(parseHostsServices('passwd: x\n\thosts: files[NOTFOUND=return]dns # [c\n')).toEqual([
		'files',
		'dns',
	]);
	expect(parseHostsServices('hosts: files [a] [b] dns [c')).toEqual(['files', 'dns', '[c']);
	expect(parseHostsServices('hosts:')).toEqual(['']);
});

it('a setting whose name is megabytes of what moves the cursor is refused in a line', () => {
	const key = '\u001b[2J'.repeat(500_000);
	try {
		parsePingSettings({ [key]: 1 });
		expect.unreachable();
	} catch (error) {
		expect(error).toBeInstanceOf(PingpoolError);
		const { message, details } = error as PingpoolError;
		expect(message).toMatch(/^[ -~]{1,1000}$/);
		expect(JSON.stringify(details).length).toBeLessThan(1_000);
	}
});

it.each(['1.2.3', '.', '1'.repeat(400), '1e9', '-1'])('ping says that an answer took %s ms', (time) => {
	const text = `64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=${time} ms\n1 packets transmitted, 1 received`;
	expect(parsePingOutput('unix', text, loopback)).toEqual({ status: 'down', reason: 'timeout' });
});
