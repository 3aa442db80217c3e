/** `npm run bench` as a user has it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parts } from '../../bench/parts/list.ts';
import type { PartReport } from '../../bench/report.ts';
import { labUnavailable } from '../lab/lab.ts';
import type { Running } from '../process.ts';
import { startProcess } from '../process.ts';
import { describeUnless, notLong, sizeOf, testUnless, withoutCommand } from '../requirements.ts';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-bench-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Its own temporary files go where the test sees whether any stay. */
function start(...args: string[]): Running {
	return startProcess(process.execPath, [main, ...args], { env: { TMPDIR: folder } });
}

async function bench(...args: string[]) {
	await using running = start(...args);
	const code = await running.exited;
	return { code, stdout: running.output(), stderr: running.errors() };
}

describe('usage', () => {
	test('--help lists every part, with examples', async () => {
		const { code, stdout, stderr } = await bench('--help');
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
		for (const { name } of parts) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
		expect(stdout).toContain('npm run bench -- engine pipeline');
	});

	for (const [args, message, hint] of [
		[['engin'], 'there is no part "engin"', 'did you mean engine?'],
		[['nonsense'], 'there is no part "nonsense"', 'known are engine, pipeline,'],
		[['--round', '3'], 'there is no option --round', 'did you mean --rounds?'],
		[['--rounds', '0'], '--rounds: a whole number from 1 to 1000 is expected, not "0"', ''],
		[['--hosts', '1e3'], '--hosts: a whole number from 1 to 16000000 is expected, not "1e3"', ''],
		[['engine', '--hosts', '5000000'], '--hosts: engine can have 4194304 at most', ''],
		[['--json', ''], '--json: a file is expected', ''],
		[['--json', '/dev/null/x.json'], '--json: /dev/null/x.json can not be written: ', ''],
	] as const) {
		testUnless(
			args[0] === 'engin' ? undefined : notLong(),
			`${JSON.stringify(args)} is an error that says what is expected`,
			async () => {
				const { code, stdout, stderr } = await bench(...args);
				expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
				expect(stderr).toContain(`bench: ${message}`);
				expect(stderr).toContain(hint);
				expect(stderr).not.toMatch(/^ +at /m);
			},
		);
	}
});

/** Folders of the benchmark that were not removed. */
function leftovers(): string[] {
	return readdirSync(folder).filter((name) => name.startsWith('pingpool-bench-'));
}

function namespaces(): string[] {
	return execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n');
}

testUnless(
	withoutCommand('setpriv'),
	'where no lab can be built, it says why and what is needed',
	async () => {
		const withoutRights = ['--bounding-set', '-all', '--inh-caps', '-all', '--no-new-privs'];
		const root = process.getuid?.() === 0;
		await using running = root
			? startProcess('setpriv', [...withoutRights, process.execPath, main])
			: startProcess(process.execPath, [main]);
		expect(await running.exited).toBe(1);
		expect(running.errors()).toMatch(/^bench: no lab can be built here: .*\n {2}run it as root on Linux/);
	},
);

describeUnless(labUnavailable(), 'in a lab', () => {
	testUnless(notLong(), 'a part runs to its end, and keeps its figures', async () => {
		const json = join(folder, 'kept', 'figures.json');
		const wanted = sizeOf({ ci: 1, long: 2 });
		const { code, stdout, stderr } = await bench(
			...['delay', '--rounds', String(wanted), '--hosts', '500', '--json', json],
		);
		expect(stderr).toContain(`figures: ${json}`);
		expect(code).toBe(0);
		const { parts: reports } = JSON.parse(readFileSync(json, 'utf8')) as { parts: PartReport[] };
		expect(reports).toHaveLength(1);
		const { name, hosts, rounds, series, checks, machine } = reports[0]!;
		expect({ name, hosts, rounds }).toEqual({ name: 'delay', hosts: 500, rounds: wanted });
		expect(machine.node).toBe(process.versions.node);
		expect(series.map((one) => one.name)).toEqual(['worker 50 ms away', 'worker 0 ms away']);
		for (const { turns } of series) {
			expect(turns).toHaveLength(wanted);
			for (const turn of turns) {
				expect(turn).toMatchObject({ hosts: 500, up: 500 });
				expect(turn.figures!['peak MB']).toBeGreaterThan(20);
				expect(turn.figures!['CPU s']).toBeGreaterThan(0.1);
			}
		}
		// To meet the worker and to ask it once are two round trips.
		const [far, near] = series.map(({ turns }) => Math.min(...turns.map(({ seconds }) => seconds)));
		expect(far).toBeGreaterThan(0.1);
		expect(near).toBeGreaterThan(0);
		expect(checks[0]!.values).toHaveLength(wanted);
		expect(stdout).toContain('worker 50 ms away / worker 0 ms away');
		expect(leftovers()).toEqual([]);
	});

	testUnless(notLong(), 'Ctrl-C takes the lab and its files down', async () => {
		await using running = start('start');
		await running.says(/1\/11 {2}node -e 0/);
		const ours = `-${running.child.pid}-`;
		expect(namespaces().filter((name) => name.includes(ours))).toHaveLength(2);
		running.child.kill('SIGINT');
		expect(await running.exited).toBe(130);
		expect(namespaces().filter((name) => name.includes(ours))).toEqual([]);
		expect(leftovers()).toEqual([]);
		expect(running.errors()).not.toMatch(/^ +at /m);
	});
});
