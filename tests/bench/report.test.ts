import { expect, test } from 'vitest';
import type { PartReport } from '../../bench/report.ts';
import { reportMarkdown, reportText } from '../../bench/report.ts';
import { markers, mergeReports, withTables } from '../../bench/results.ts';

const report: PartReport = {
	name: 'engine',
	title: 'ICMP engine alone',
	hosts: 400_000,
	rounds: 3,
	commit: '0123456789',
	measuredAt: '2026-01-02T03:04:05.678Z',
	machine: {
		...{ cpu: 'a cpu', cores: 2, memoryBytes: 2 ** 30, system: 'a system', kernel: '6.1', node: '24.0.0' },
		peers: { fping: '5.1', zmap: null },
	},
	series: [
		{
			name: 'pingpool',
			turns: [
				{ hosts: 400_000, up: 400_000, seconds: 4, figures: { 'CPU s': 5 } },
				{ hosts: 400_000, up: 400_000, seconds: 2, figures: { 'CPU s': 6 } },
				{ hosts: 400_000, up: 400_000, seconds: 5, figures: { 'CPU s': 7 } },
			],
		},
		{
			name: 'other',
			turns: [
				{ hosts: 400_000, up: 399_000, seconds: 2 },
				{ hosts: 400_000, up: 390_000, seconds: 2 },
				{ hosts: 400_000, up: 400_000, seconds: 2 },
			],
		},
	],
	checks: [
		{
			what: 'pingpool / other',
			values: [0.5, 1, 0.4],
			unit: ' ×',
			target: { relation: '≥', value: 0.95 },
		},
	],
	notes: ['zmap is not installed'],
};

test('the terminal shows medians, ranges, what was lost, and whether targets were met', () => {
	expect(reportText(report)).toBe(`engine: ICMP engine alone, 400,000 hosts, 3 rounds

  contender        s                    hosts/s    hosts  found up  CPU s
  pingpool   4 (2–5)   100,000 (80,000–200,000)  400,000       all      6
  other      2 (2–2)  200,000 (200,000–200,000)  400,000   390,000

  what                 median (range)     target  met
  pingpool / other  0.500 × (0.400–1)  ≥ 0.950 ×   no

  zmap is not installed
`);
});

test('Markdown has the same tables', () => {
	const padded = reportMarkdown(report).split('\n');
	const lines = padded.map((line) => line.replace(/ +/g, ' '));
	expect(lines).toContain('| pingpool / other | 0.500 × (0.400–1) | ≥ 0.950 × | no |');
	expect(lines).toContain('| pingpool | 4 (2–5) | 100,000 (80,000–200,000) | 400,000 | all | 6 |');
	expect(lines).toContain('Measured 2026-01-02 at commit 0123456789.');
	// As the formatter has them: the lines of a table are equally long.
	const tables = padded
		.map((line) => (line.startsWith('|') ? line.length : 0))
		.filter((length, i, all) => length !== all[i - 1]);
	expect(tables.filter((length) => length > 0)).toHaveLength(2);
});

test('a part that is measured again takes the place of its older figures, in the order of the parts', () => {
	const named = (name: string, commit: string): PartReport => ({ ...report, name, commit });
	const merged = mergeReports(
		[named('start', 'old'), named('engine', 'old'), named('gone', 'old')],
		[named('engine', 'new')],
		['engine', 'master', 'start'],
	);
	expect(merged.map(({ name, commit }) => `${name} ${commit}`)).toEqual(['engine new', 'start old']);
});

test('only what stands between the markers of the README is replaced', () => {
	const readme = `before\n${markers.begin}\nold\n${markers.end}\nafter\n`;
	const written = withTables(readme, [report]);
	expect(written.startsWith(`before\n${markers.begin}\n`)).toBe(true);
	expect(written.endsWith(`${markers.end}\nafter\n`)).toBe(true);
	expect(written).toContain('### engine: ICMP engine alone, 400,000 hosts, 3 rounds');
	expect(written).toContain('zmap not installed');
	expect(written).not.toContain('old');
	expect(withTables(written, [report])).toBe(written);
	expect(() => withTables('no markers', [report])).toThrow('markers');
});
