/** `pingpool report` on real databases. How the page looks in a browser is tested with the dashboard's pages. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ceilNice, rttChart } from '../../../master/report/charts.ts';
import { main } from '../../../master/report/cli.ts';
import { printed } from '../../security/capture.ts';
import { addRun, tamper } from '../export/export-fixture.ts';

const script = '<script>alert(1)</script>';
let folder: string;
let db: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-report-'));
	db = join(folder, 'hosts.db');
	await addRun(db, { rows: 300 });
	await addRun(db, { rows: 300 });
	await addRun(db, { rows: 20, hostAt: (i) => `${script}\u001b[2J\u202e${i}"'&` });
	await addRun(db, { rows: 0, state: 'running' });
	// Of the second run: one host that was up is down, and one that was down is up.
	const second = 2 ** 33;
	tamper(db, [
		[
			'UPDATE answers SET outcome = (SELECT outcome FROM answers WHERE id = ?), rtt_us = NULL WHERE id = ?',
			second + 4,
			second,
		],
		[
			'UPDATE answers SET outcome = (SELECT outcome FROM answers WHERE id = ?), rtt_us = 1500 WHERE id = ?',
			second + 1,
			second + 9,
		],
	]);
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
	return printed(main, ['--db', db, ...args]);
}

describe('the page', () => {
	it('has the counts, the pictures, and what has changed since the run before', async () => {
		const file = join(folder, 'report.html');
		expect(await run('--run', '2', '-o', file)).toEqual({ code: 0, stdout: '', stderr: `run 2: ${file}\n` });
		const page = readFileSync(file, 'utf8');
		expect(page).toContain('<h1>Run 2</h1>');
		expect(page).toMatch(/up<\/span><strong>240<\/strong><span class="faint">80 %/);
		expect(page).toMatch(/down<\/span><strong>60<\/strong>/);
		expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(4);
		expect(page).toContain('<bdi>timeout</bdi>');
		expect(page).toContain('<h2>Since run 1</h2>');
		expect(page).toContain('1 newly down, 1 newly up');
		// The map is that of the addresses' longest prefix.
		expect(page).toContain('10.0.0.0/16: a square per /24');
		expect(page).toContain('<td><bdi>10.0.0.4</bdi></td>');
	});

	it('loads nothing and runs nothing, whatever hosts are called', async () => {
		const { code, stdout } = await run('--run', '3');
		expect(code).toBe(0);
		expect(stdout).not.toContain('<script');
		expect(stdout).toContain('&lt;script&gt;alert(1)&lt;/script&gt;\\u{1b}[2J\\u{202e}4&quot;&#39;&amp;');
		expect(stdout).not.toMatch(/(?:src|href|style)=/);
		expect(stdout).toMatch(/content="default-src 'none'; style-src 'sha256-[\w+/=]{44}'"/);
		expect(stdout).toContain('Since run 2');
	});

	it('of a run that has no answer yet says so much', async () => {
		const { code, stdout } = await run('--run', '4');
		expect(code).toBe(0);
		expect(stdout).toContain('not over');
		expect(stdout).not.toContain('<figure>');
	});

	it('names how many hosts it leaves out', async () => {
		const many = join(folder, 'many.db');
		await addRun(many, { rows: 6_000 });
		const { stdout } = await printed(main, ['--db', many]);
		expect(stdout).toContain('The first 1,000 of 1,200; pingpool export --run 1 --status');
	});
});

describe('what is refused', () => {
	it.each([
		[['--run', '9'], /has no run 9\n {2}It has run 4/],
		[['--run', '2', '--since', '2'], /run 2 can not be compared with itself/],
		[['--since', '8'], /has no run 8/],
		[['--run', 'x'], /Expected the number of a run/],
	])('%j', async (args, message) => {
		const { code, stdout, stderr } = await run(...args);
		expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
		expect(stderr).toMatch(message);
	});

	it('its own database as the file, or a file that can not be written', async () => {
		const before = readFileSync(db);
		expect((await run('-o', db)).stderr).toContain('belongs to the database that is read');
		expect(readFileSync(db)).toEqual(before);
		const nowhere = join(folder, 'nowhere', 'report.html');
		expect((await run('-o', nowhere)).code).toBe(2);
		writeFileSync(join(folder, 'old.html'), 'old');
		expect((await run('-o', join(folder, 'old.html'))).code).toBe(0);
		expect(existsSync(nowhere)).toBe(false);
	});
});

it('lets an axis end at a round number', () => {
	expect([0, 0.4, 1, 7, 12, 480, 1001].map(ceilNice)).toEqual([1, 1, 1, 10, 20, 500, 2000]);
});

it.each([
	[1, ['0', '1']],
	[2, ['0', '1', '2']],
	[5, ['0', '5']],
	[9, ['0', '5', '10']],
])('writes numbers beside an axis of %i hosts that are what they stand for', (most, numbers) => {
	const picture = rttChart({ edgesMs: [1, 2, 4], counts: [1, most, 0] })!;
	const beside = picture.matchAll(/text-anchor="end">([\d,]+)<\/text>/g);
	expect(Array.from(beside, ([, number]) => number)).toEqual(numbers);
});
