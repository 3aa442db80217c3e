import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../master/cli.ts';
import type { RunEvent } from '../../master/events.ts';
import { RunMonitor } from '../../master/monitor/run-monitor.ts';
import { untilItThrows } from '../../master/until-it-throws.ts';
import { notLong, testUnless, withoutEcho } from '../requirements.ts';

describe('what looks on at a run', () => {
	afterEach(() => {
		vi.restoreAllMocks();
		vi.unstubAllEnvs();
	});

	it('is done until it throws, which is said once', () => {
		const events: RunEvent[] = [];
		const done: number[] = [];
		const guard = untilItThrows((event) => events.push(event));
		guard(() => done.push(1));
		guard(() => {
			throw new Error('a fault');
		});
		guard(() => done.push(2));
		guard(() => {
			throw new Error('another one');
		});
		expect(done).toEqual([1]);
		expect(events).toEqual([
			{ type: 'notice', level: 'warning', message: expect.stringMatching(/a fault$/) },
		]);
	});

	for (const [name, faults] of [
		...(['event', 'begin', 'rows', 'end'] as const).map((one) => [one, 1] as const),
		// Nobody asks for them where nothing is drawn.
		...(['workers', 'run'] as const).map((one) => [one, 0] as const),
	]) {
		testUnless(notLong() ?? withoutEcho(), `ends no run by its faults: ${name}`, async () => {
			const folder = mkdtempSync(join(tmpdir(), 'pingpool-watched-'));
			try {
				const hosts = join(folder, 'hosts.txt');
				writeFileSync(hosts, '127.0.0.1\n127.0.0.2\n');
				// What tests are told is no setting of a master.
				for (const variable of Object.keys(process.env)) {
					if (variable.startsWith('PINGPOOL_')) vi.stubEnv(variable, undefined);
				}
				const said: string[] = [];
				vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
				vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
				vi.spyOn(RunMonitor.prototype, name).mockImplementation(() => {
					throw new Error(`no ${name}`);
				});
				const args = ['--hosts', hosts, '--db', join(folder, 'hosts.db'), '--view', 'workers'];
				expect(await main([...args, '--no-dashboard']), said.join('')).toBe(0);
				expect(said.join('').match(/what looks on .*/g) ?? []).toHaveLength(faults);
			} finally {
				rmSync(folder, { recursive: true });
			}
		});
	}
});
