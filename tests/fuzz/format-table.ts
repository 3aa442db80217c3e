/** What came of the targets, one a line. */
import type { TargetSummary } from './messages.ts';

const titles = ['target', 'cases', 'cases/s', 'blocks', 'corpus', 'slowest', 'growth', 'finds'];

export function formatTable(summaries: readonly TargetSummary[]): string {
	const rows = summaries.map((summary) => [
		summary.target,
		String(summary.cases),
		Number.isNaN(summary.ms) ? '-' : String(Math.round((summary.cases / summary.ms) * 1_000)),
		`${summary.blocks.covered}/${summary.blocks.known}`,
		String(summary.corpus),
		Number.isNaN(summary.slowestMs) ? '-' : `${summary.slowestMs.toFixed(1)} ms`,
		`${(summary.grownBytes / 1_048_576).toFixed(1)} MB`,
		String(summary.findings.length),
	]);
	const widths = titles.map((title, column) =>
		Math.max(title.length, ...rows.map((cells) => cells[column]!.length)),
	);
	const line = (cells: readonly string[]): string =>
		cells
			.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
			.join('  ');
	return [titles, ...rows].map(line).join('\n');
}
