/** A master whose database somebody removes while it runs. */
import { unlinkSync } from 'node:fs';
import { expect, vi } from 'vitest';
import { notLong, testUnless, withoutEcho } from '../requirements.ts';
import { Workspace, withoutProgress } from './command-line.ts';

testUnless(
	notLong() ?? withoutEcho(),
	'a run whose database is removed says so, fails, and goes on in the copy that it leaves',
	async () => {
		using space = new Workspace();
		space.write('hosts.txt', '127.0.0.0/20');
		// By itself it would go on for a minute and a half.
		await using master = space.start(['master', '--rate', '50']);
		await vi.waitFor(() => expect(space.count('SELECT count(*) FROM results')).toBeGreaterThan(0), 60_000);
		unlinkSync(space.path('hosts.db'));
		expect([await master.exited, withoutProgress(master.errors())]).toEqual([
			1,
			expect.stringContaining(
				'pingpool: hosts.db was removed while a run wrote to it; all that it had is in hosts.db.saved\n' +
					'  Give --db hosts.db.saved, or move it back. A run that is not finished goes on in it by the same command.\n',
			),
		]);
		const ended = await space.master(['--rate', '0', '--db', 'hosts.db.saved']);
		expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/continuing run 1: [1-9]/) });
		expect(space.rows('SELECT count(*) AS n FROM results', 'hosts.db.saved')).toEqual([{ n: 4_096 }]);
	},
);
