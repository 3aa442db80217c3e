/** Findings as tables: for a terminal and for Markdown. */
import type { Check, Findings, Series } from './bench.ts';
import type { Machine } from './machine.ts';
import { numberText } from './number-text.ts';
import { isMet, medianOf, rateOf, spreadOf } from './statistics.ts';

/** A part that was measured, as it is kept in JSON. */
export interface PartReport extends Findings {
	readonly name: string;
	readonly title: string;
	/** `undefined` where the part has no size */
	readonly hosts: number | undefined;
	readonly rounds: number;
	readonly commit: string;
	/** ISO 8601, UTC */
	readonly measuredAt: string;
	readonly machine: Machine;
}

type Row = readonly string[];

/** `1.02 (0.98–1.05)` */
function spreadText(values: readonly number[], unit = ''): string {
	const { median, min, max } = spreadOf(values);
	const range = values.length === 1 ? '' : ` (${numberText(min)}–${numberText(max)})`;
	return `${numberText(median)}${unit}${range}`;
}

/** Rows of the contenders, the heading first. */
function seriesRows(series: readonly Series[]): Row[] {
	const counted = series.some(({ turns }) => turns.some(({ hosts }) => hosts !== undefined));
	const probed = series.some(({ turns }) => turns.some(({ up }) => up !== undefined));
	const figures = [
		...new Set(series.flatMap(({ turns }) => turns.flatMap((turn) => Object.keys(turn.figures ?? {})))),
	];
	const heading = [
		'contender',
		's',
		...(counted ? ['hosts/s', 'hosts'] : []),
		...(probed ? ['found up'] : []),
		...figures,
	];
	const rows = series.map(({ name, turns }) => {
		const [first] = turns;
		const row = [name, spreadText(turns.map(({ seconds }) => seconds))];
		if (counted) {
			row.push(first!.hosts === undefined ? '' : spreadText(turns.map(rateOf)), optionalText(first!.hosts));
		}
		if (probed) row.push(foundText(turns));
		for (const figure of figures) {
			const values = turns.flatMap((turn) => turn.figures?.[figure] ?? []);
			row.push(values.length === 0 ? '' : numberText(medianOf(values)));
		}
		return row;
	});
	return [heading, ...rows];
}

function optionalText(value: number | undefined): string {
	return value === undefined ? '' : numberText(value);
}

/** How many were found up in the worst turn: a contender that is fast by losing answers is shown as such. */
function foundText(turns: Series['turns']): string {
	if (turns.some(({ up }) => up === undefined)) return '';
	if (turns.every(({ up, hosts }) => up === hosts)) return 'all';
	return numberText(Math.min(...turns.map(({ up }) => up!)));
}

function checkRows(checks: readonly Check[]): Row[] {
	return [
		['what', 'median (range)', 'target', 'met'],
		...checks.map((check) => {
			const { what, values, unit, target } = check;
			const met = isMet(check);
			return [
				what,
				spreadText(values, unit),
				target === undefined ? '' : `${target.relation} ${numberText(target.value)}${unit}`,
				met === undefined ? '' : met ? 'yes' : 'no',
			];
		}),
	];
}

function heading({ title, hosts, rounds }: PartReport): string {
	const size = hosts === undefined ? '' : `, ${numberText(hosts)} hosts`;
	return `${title}${size}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`;
}

/** For a terminal. */
export function reportText(part: PartReport): string {
	const blocks = [`${part.name}: ${heading(part)}`];
	if (part.series.length > 0) blocks.push(alignedTable(seriesRows(part.series)));
	if (part.checks.length > 0) blocks.push(alignedTable(checkRows(part.checks)));
	if (part.notes.length > 0) blocks.push(part.notes.map((note) => `  ${note}`).join('\n'));
	return `${blocks.join('\n\n')}\n`;
}

function alignedTable(rows: readonly Row[]): string {
	const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
	const line = (row: Row): string =>
		row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
	return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n');
}

/** For bench/README.md. */
export function reportMarkdown(part: PartReport): string {
	const blocks = [`### ${part.name}: ${heading(part)}`];
	if (part.checks.length > 0) blocks.push(markdownTable(checkRows(part.checks)));
	if (part.series.length > 0) blocks.push(markdownTable(seriesRows(part.series)));
	if (part.notes.length > 0) blocks.push(part.notes.map((note) => `- ${note}`).join('\n'));
	blocks.push(`Measured ${part.measuredAt.slice(0, 10)} at commit ${part.commit}.`);
	return `${blocks.join('\n\n')}\n`;
}

/** A table as the formatter writes it (`npm run format`), so that its check finds nothing to say. */
function markdownTable(rows: readonly Row[]): string {
	const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
	const padded = (cell: string, column: number): string =>
		column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
	const line = (row: Row): string => `| ${row.map(padded).join(' | ')} |`;
	const [head, ...body] = rows;
	const rule = widths.map((width, column) =>
		column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
	);
	return [line(head!), line(rule), ...body.map(line)].join('\n');
}
