/** Fault 37: a machine that permits no ICMP socket and has no ping command. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CommandOptions } from '../e2e/command-line.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import { describeUnless, withoutCommand } from '../requirements.ts';

/**
 * Hides the ping commands in a mount namespace of its own, then starts a program without capabilities: root by
 * name, who can still read this checkout, but may do nothing that others may not.
 */
const powerless = `for name in /usr/bin/ping /bin/ping /usr/sbin/ping /sbin/ping; do
	if [ -e $name ]; then mount --bind /dev/null $name; fi
done
exec setpriv --bounding-set -all --inh-caps -all --no-new-privs "$@"`;

const mending = /sudo sysctl -w net\.ipv4\.ping_group_range="0 2147483647"/;

describeUnless(
	labUnavailable() ?? withoutCommand('setpriv') ?? withoutCommand('unshare'),
	'a machine that permits no echo requests',
	() => {
		let lab: Lab;
		let options: CommandOptions;
		let space: Workspace;
		beforeAll(async () => {
			lab = await createLab({ pingGroupRange: '1 0' });
			const command = (...args: [string, ...string[]]) =>
				lab.command('unshare', '--mount', 'sh', '-c', powerless, 'sh', ...args);
			options = { lab: { command }, env: { PINGPOOL_TOKEN: token } };
		});
		beforeEach(() => {
			space = new Workspace();
		});
		afterEach(() => space[Symbol.dispose]());
		afterAll(() => lab?.close());

		test.each([
			['datagram', 'datagram IPv4: errno 13'],
			['raw', 'raw IPv4: errno 1'],
			['command', 'there is no ping command'],
		])('a worker that is to use --icmp %s does not start, and says what would mend it', async (mode, why) => {
			const args = ['worker', '--host', '127.0.0.1', '--port', '0', '--icmp', mode];
			const { code, stdout, stderr } = await space.run(args, options);
			expect([code, stdout]).toEqual([1, '']);
			expect(stderr).toContain(`pingpool: --icmp ${mode} is not possible here: ${why}`);
			expect(stderr).toMatch(mending);
		});

		test('a worker that may choose starts without icmp, and says at its start why and what would mend it', async () => {
			const { running } = await space.worker([], options);
			await using _running = running;
			await running.says(/icmp {2}not offered\n +datagram IPv4: errno 13.*there is no ping command\n/);
			await running.says(mending);
		});

		test('a run calls nobody down, and says what would mend it', async () => {
			space.write('hosts.txt', ['127.0.0.1', '127.0.0.2']);
			const { code, stdout, stderr } = await space.master([], options);
			expect(code).toBe(1);
			expect(stderr).toContain('worker embedded: tcp, http\n');
			expect(space.rows('SELECT host, status, reason, sent FROM results ORDER BY position')).toEqual([
				{ host: '127.0.0.1', status: 'error', reason: 'no-worker', sent: 0 },
				{ host: '127.0.0.2', status: 'error', reason: 'no-worker', sent: 0 },
			]);
			expect(stdout).toMatch(mending);
		});
	},
);
