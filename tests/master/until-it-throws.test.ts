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

	testUnless(
		notLong() ?? withoutEcho(),
		'ends no run by its faults',
		async () => {
			const folder = mkdtempSync(join(tmpdir(), 'pingpool-watched-'));
			try {
				const hosts = join(folder, 'hosts.txt');
				writeFileSync(hosts, '127.0.0.1\n127.0.0.2\n');
				// What tests are told is no setting of a master.
				for (const name of Object.keys(process.env)) {
					if (name.startsWith('PINGPOOL_')) vi.stubEnv(name, undefined);
				}
				const said: string[] = [];
				vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
				vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
				for (const name of ['event', 'begin', 'rows', 'end', 'workers', 'run'] as const) {
					said.length = 0;
					vi.spyOn(RunMonitor.prototype, name).mockImplementation(() => {
						throw new Error(`no ${name}`);
					});
					const args = ['--hosts', hosts, '--db', join(folder, `${name}.db`), '--view', 'workers'];
					expect(await main([...args, '--no-dashboard']), said.join('')).toBe(0);
					const faults = said.join('').match(/what looks on .*/g) ?? [];
					expect(faults.length).toBe(['workers', 'run'].includes(name) ? 0 : 1);
					vi.mocked(RunMonitor.prototype[name]).mockRestore();
				}
			} finally {
				rmSync(folder, { recursive: true });
			}
		},
		60_000,
	);
});
