/** Faults 38 and 39: a disk that fills up, and one that fails. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Ended } from '../e2e/command-line.ts';
import { Workspace } from '../e2e/command-line.ts';
import {
	describeUnless,
	notLong,
	testUnless,
	withoutEchoSockets,
	withoutSmallDisk,
	withoutTracing,
} from '../requirements.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

/** The newest run is finished, and every host of it has one row. */
function expectFinished(hosts: number, db = 'hosts.db'): void {
	const sound = space.rows('PRAGMA integrity_check', db);
	const newest = space.rows(
		`SELECT state, total, count(*) AS n, count(DISTINCT host) AS hosts, min(status) AS status
		FROM results JOIN runs ON id = run_id WHERE id = (SELECT max(id) FROM runs)`,
		db,
	);
	expect([sound, newest]).toEqual([
		[{ integrity_check: 'ok' }],
		[{ state: 'finished', total: hosts, n: hosts, hosts, status: 'up' }],
	]);
}

testUnless(
	withoutEchoSockets() ?? withoutSmallDisk(),
	'a disk of 2 MB that fills up ends the run, and with more room the same command goes on to the end',
	async () => {
		const disk = space.path('disk');
		mkdirSync(disk);
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
		try {
			const hosts = 65_536;
			space.write('hosts.txt', '127.0.0.0/16');
			const args = ['--rate', '0', '--db', 'disk/hosts.db'];
			const full = await space.master(args);
			expect([full.code, full.stdout]).toEqual([1, '']);
			expect(full.stderr).toMatch(
				/^pingpool: disk\/hosts\.db\S* can not grow: the disk is full \(SQLITE_FULL\)\n {2}.+\n$/m,
			);
			expect(
				space.rows(
					`SELECT state, total, (SELECT count(*) FROM results) BETWEEN 1 AND 65535 AS some FROM runs`,
					'disk/hosts.db',
				),
			).toEqual([{ state: expect.not.stringMatching(/^finished$/), total: hosts, some: 1 }]);
			execFileSync('mount', ['-o', 'remount,size=64m', disk]);
			const resumed = await space.master(args);
			expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('continuing run 1: ')]);
			expectFinished(hosts, 'disk/hosts.db');
		} finally {
			execFileSync('umount', ['-l', disk]);
		}
	},
);

describeUnless(withoutEchoSockets() ?? withoutTracing(), 'a disk that fails', () => {
	const hosts = 4_096;
	const message =
		/^pingpool: hosts\.db\S* can not be read or written: the disk reports an error \(SQLITE_IOERR_\w+\)\n {2}.+\n$/m;
	beforeEach(() => void space.write('hosts.txt', '127.0.0.0/20'));

	/** A run whose calls on the database fail with EIO. @param fault which calls, and from which one on */
	function failing(fault: string, durability: string): Promise<Ended> {
		const files = ['hosts.db', 'hosts.db-wal'].flatMap((name) => ['-P', join(space.folder, name)]);
		const [calls] = fault.split(':');
		const strace = ['strace', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', ...files];
		const command = (...args: string[]): [string, ...string[]] => [
			...(strace as [string, ...string[]]),
			...['-e', `trace=${calls}`, '-e', `inject=${fault}`],
			...args,
		];
		return space.master(['--rate', '0', '--durability', durability], { lab: { command } });
	}

	for (const [what, fault, durability, whyNot] of [
		['a write in mid-run', 'pwrite64:error=EIO:when=60+', 'normal', notLong()],
		['the sync of a commit', 'fsync,fdatasync:error=EIO:when=4+', 'full', undefined],
	] as const) {
		const name = `${what} (${fault}, durability ${durability}): the run stops, and the same command brings it to its end`;
		testUnless(whyNot, name, async () => {
			const { code, stdout, stderr } = await failing(fault, durability);
			expect([code, stdout]).toEqual([1, '']);
			expect(stderr).toMatch(message);
			expect(space.count("SELECT count(*) FROM runs WHERE state = 'finished'")).toBe(0);
			expect(await space.master(['--rate', '0', '--durability', durability])).toMatchObject({ code: 0 });
			expectFinished(hosts);
		});
	}

	// The log is synced last when it is copied into the database, at the end of the run.
	testUnless(notLong(), 'the sync of the last checkpoint: the run is not finished', async () => {
		const { code, stdout, stderr } = await failing('fsync,fdatasync:error=EIO:when=3+', 'normal');
		expect([code, stdout]).toEqual([1, '']);
		expect(stderr).toMatch(message);
		expect(space.count("SELECT count(*) FROM runs WHERE state = 'finished'")).toBe(0);
		expect(await space.master(['--rate', '0'])).toMatchObject({ code: 0 });
		expectFinished(hosts);
	});
});
