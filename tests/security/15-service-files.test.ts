/** What deploy/ brings for systemd: without mistakes, as strict as its README says, and with every setting. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { settings } from '../../worker/config.ts';
import { describeUnless, withoutCommand } from '../requirements.ts';
import { deployed, UnitFile } from './unit-file.ts';

const services = ['pingpool-worker.service', 'pingpool-worker-awake.service'];
const env = { ...process.env, SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '', SYSTEMD_LOG_LEVEL: 'warning' };
const readme = readFileSync(deployed('README.md'), 'utf8');

describeUnless(withoutCommand('systemd-analyze'), '15: the units', () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'pingpool-units-'));
		for (const name of services) {
			const text = readFileSync(deployed(`systemd/${name}`), 'utf8');
			// Whether a command can be run is looked at as well.
			const installed = text.replace(/^ExecStart=\/opt\S+/m, `ExecStart=${process.execPath}`);
			writeFileSync(join(folder, name), installed);
		}
	});
	afterEach(() => rmSync(folder, { recursive: true, force: true }));

	function dropIn(name: string): void {
		const place = join(folder, 'pingpool-worker.service.d');
		mkdirSync(place, { recursive: true });
		copyFileSync(deployed(`systemd/${name}`), join(place, name));
	}

	function exposure(name: string): number {
		const args = ['security', '--offline=true', '--no-pager', join(folder, name)];
		const text = execFileSync('systemd-analyze', args, { encoding: 'utf8', env, stdio: 'pipe' });
		return Number(/Overall exposure level for \S+: ([\d.]+)/.exec(text)![1]);
	}

	/** What the README says in the row of its table. */
	function stated(row: string): number {
		const line = readme.split('\n').find((each) => each.startsWith(`| ${row} `))!;
		return Number(/\| +([\d.]+) +\|$/.exec(line)![1]);
	}

	test('have no mistake that systemd finds, with their drop-ins or without', () => {
		const verify = () => {
			const args = [
				'verify',
				'--man=no',
				'--recursive-errors=no',
				...services.map((name) => join(folder, name)),
			];
			const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8', env });
			return { status, text: stdout + stderr };
		};
		expect(verify()).toEqual({ status: 0, text: '' });
		dropIn('pingpool-worker-raw.conf');
		dropIn('pingpool-worker-credentials.conf');
		expect(verify()).toEqual({ status: 0, text: '' });
		writeFileSync(join(folder, services[0]!), '[Service]\nExecStart=/bin/true\nNoNewPrivilege=yes\n');
		expect(verify().text).toContain('NoNewPrivilege');
	});

	test('are exposed no more than the README says', () => {
		expect(exposure('pingpool-worker.service')).toBeLessThanOrEqual(stated('`pingpool-worker.service`'));
		expect(exposure('pingpool-worker-awake.service')).toBeLessThanOrEqual(
			stated('`pingpool-worker-awake.service`'),
		);
		dropIn('pingpool-worker-raw.conf');
		expect(exposure('pingpool-worker.service')).toBeLessThanOrEqual(stated('the same with `raw.conf`'));
	});
});

describe('15: the service', () => {
	const unit = new UnitFile(deployed('systemd/pingpool-worker.service'));

	test('has no privilege, and one capability with its drop-in', () => {
		for (const name of ['CapabilityBoundingSet', 'AmbientCapabilities']) {
			expect(unit.all('Service', name)).toEqual(['']);
			const raw = new UnitFile(deployed('systemd/pingpool-worker-raw.conf'));
			expect(raw.all('Service', name)).toEqual(['CAP_NET_RAW']);
		}
		expect(unit.last('Service', 'DynamicUser')).toBe('yes');
		expect(unit.last('Service', 'NoNewPrivileges')).toBe('yes');
	});

	test('names every setting of a worker in its example, none of them in force, each with a value that is taken', () => {
		const text = readFileSync(deployed('systemd/worker.env'), 'utf8');
		const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('# '));
		const examples = new Map(
			lines.map((line) => {
				const [, name, value] = /^#(PINGPOOL_\w+)=(.*)$/.exec(line)!;
				return [name!, value!];
			}),
		);
		const { probes: _ofCloudflare, noAuth: _ofLoopback, ...ofService } = settings;
		expect([...examples.keys()].sort()).toEqual(
			Object.values(ofService)
				.map(({ variable }) => variable)
				.sort(),
		);
		for (const { variable, parse } of Object.values(ofService)) {
			const value = examples.get(variable)!;
			if (value !== '') expect(() => parse(value), variable).not.toThrow();
		}
	});

	test('keeps the machine awake as long as it runs, and runs without that, too', () => {
		const awake = new UnitFile(deployed('systemd/pingpool-worker-awake.service'));
		expect(unit.last('Unit', 'Wants').split(' ')).toContain('pingpool-worker-awake.service');
		expect(unit.all('Unit', 'Requires')).toEqual([]);
		expect(awake.last('Unit', 'BindsTo')).toBe('pingpool-worker.service');
		expect(awake.last('Service', 'ExecStart')).toMatch(
			/^\/usr\/bin\/systemd-inhibit --what=sleep:idle --mode=block /,
		);
	});
});
