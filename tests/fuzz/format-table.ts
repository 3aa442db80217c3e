/** What came of the targets, one a line, as each is done. */
import type { TargetSummary } from './messages.ts';

const titles = ['target', 'cases', 'per s', 'per CPU s', 'blocks', 'corpus', 'slowest', 'growth', 'finds'];
const widths = [13, 9, 7, 9, 9, 6, 9, 8, 5];

export function formatTitles(): string {
	return lineOf(titles);
}

export function formatRow(summary: TargetSummary): string {
	const { cases, ms, cpuMs, blocks, corpus, slowestMs, grownBytes, findings } = summary;
	const rate = (per: number): string => (Number.isNaN(per) ? '-' : String(Math.round((cases / per) * 1_000)));
	return lineOf([
		summary.target,
		String(cases),
		rate(ms),
		rate(cpuMs),
		`${blocks.covered}/${blocks.known}`,
		String(corpus),
		Number.isNaN(slowestMs) ? '-' : `${slowestMs.toFixed(1)} ms`,
		`${(grownBytes / 1_048_576).toFixed(1)} MB`,
		String(findings.length),
	]);
}

function lineOf(cells: readonly string[]): string {
	return cells
		.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
		.join('  ');
}
