/**
 * A line per worker, in columns below their headings: as many as fit a terminal, however narrow it is. Where there is
 * little room, what matters least is left out first (`rank`), then names are cut.
 */
import type { LiveWorker, WorkerState } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { formatCount } from '../../shared/format.ts';
import { cutTo, displayWidth, padTo } from './display-width.ts';

export interface WorkerLinesOptions {
	/** columns that a line may take, and lines that there may be */
	readonly width: number;
	readonly lines: number;
	readonly colour: boolean;
	readonly nowMs: number;
}

interface Look {
	readonly symbol: string;
	/** SGR parameter */
	readonly colour: string;
}

const faint = '2';
const looks: Readonly<Record<WorkerState, Look>> = {
	healthy: { symbol: '●', colour: '32' },
	slowed: { symbol: '◐', colour: '33' },
	aside: { symbol: '○', colour: '31' },
	unmet: { symbol: '·', colour: faint },
	draining: { symbol: '◌', colour: faint },
	gone: { symbol: '✕', colour: faint },
};

/** Columns for names: as many as they need up to here, and not fewer than that (or a third) for the sake of others. */
const nameMax = 32;
const nameKept = 15;
/** The fewest columns in which a reason says anything. */
const whyMin = 12;
const gap = 2;
/** Of the symbol and the space behind it. */
const margin = 2;
/** With fewer lines, workers matter more than what stands above them. */
const linesWithHeadings = 4;

/** One column behind symbol and name. The lowest rank goes first. */
interface Column {
	readonly heading: string;
	readonly rank: number;
	readonly isText?: boolean;
	of(worker: LiveWorker, nowMs: number): string;
}

const columns: readonly Column[] = [
	{ heading: 'state', rank: 4, isText: true, of: stateWord },
	{ heading: 'hosts/s', rank: 6, of: ({ ratePerSecond }) => formatCount(ratePerSecond) },
	// What a worker has not sent on yet, of what it may have: how busy it is, whatever its hosts take to answer.
	{
		heading: 'window',
		rank: 3,
		of: ({ unsentHosts, windowHosts }) => `${formatCount(unsentHosts)}/${formatCount(windowHosts)}`,
	},
	{ heading: 'done', rank: 5, of: ({ done }) => formatCount(done) },
	{ heading: 'failed', rank: 2, of: ({ failures }) => formatCount(failures) },
	{ heading: 'p50', rank: 1, of: ({ latencyMs }) => (latencyMs === null ? '-' : latency(latencyMs.p50)) },
];

/** @returns lines that are safe to print; none takes more than the width */
export function workerLines(workers: readonly LiveWorker[], options: WorkerLinesOptions): string[] {
	const { width, colour } = options;
	if (workers.length === 0 || width < 1) return [];
	const hasHeadings = options.lines >= linesWithHeadings;
	const lines = options.lines - (hasHeadings ? 1 : 0);
	if (lines < 1) return [];
	const isWhole = workers.length <= lines;
	const shown = isWhole ? workers : workers.slice(0, lines - 1);
	const table = layOut(shown, options, hasHeadings);
	const rendered = shown.map((worker, i) => {
		const { symbol, colour: code } = looks[worker.state];
		return painted(symbol, colour ? code : undefined) + cutTo(` ${table.rows[i]!}`.trimEnd(), width - 1);
	});
	if (!isWhole)
		rendered.push(painted(cutTo(restText(workers.slice(shown.length)), width), colour ? faint : undefined));
	if (!hasHeadings || shown.length === 0) return rendered;
	return [painted(cutTo(`  ${table.headings}`.trimEnd(), width), colour ? faint : undefined), ...rendered];
}

/** The texts behind the symbols, in columns. */
function layOut(
	workers: readonly LiveWorker[],
	{ width, nowMs }: WorkerLinesOptions,
	hasHeadings: boolean,
): { readonly headings: string; readonly rows: readonly string[] } {
	const names = workers.map(({ name }) => escapeUnsafe(name.replace(/^https?:\/\//, '')));
	const cells = columns.map((column) => workers.map((worker) => column.of(worker, nowMs)));
	const widths = cells.map((column, i) =>
		Math.max(hasHeadings ? columns[i]!.heading.length : 0, ...column.map((cell) => cell.length)),
	);
	const nameWidth = Math.min(
		nameMax,
		Math.max(hasHeadings ? 'worker'.length : 0, ...names.map(displayWidth)),
	);
	const kept = Math.min(nameWidth, nameKept, Math.ceil(width / 3));
	const chosen = choose(widths, width - margin - kept);
	const taken = chosen.reduce((sum, i) => sum + gap + widths[i]!, margin);
	const nameRoom = Math.max(0, Math.min(nameWidth, width - taken));
	const lineOf = (name: string, cellOf: (column: number) => string): string =>
		[
			padTo(name, nameRoom),
			...chosen.map((i) =>
				columns[i]!.isText ? cellOf(i).padEnd(widths[i]!) : cellOf(i).padStart(widths[i]!),
			),
		].join(' '.repeat(gap));
	const rows = workers.map(({ why }, row) => {
		const line = lineOf(names[row]!, (i) => cells[i]![row]!);
		const room = width - margin - displayWidth(line) - gap;
		const isSaid = why !== null && chosen.length === columns.length && room >= whyMin;
		return isSaid ? `${line}${' '.repeat(gap)}${cutTo(escapeUnsafe(why), room)}` : line;
	});
	return { headings: lineOf('worker', (i) => columns[i]!.heading), rows };
}

/** Which columns fit the room, the most important ones first; in their order. */
function choose(widths: readonly number[], room: number): number[] {
	const byRank = widths.map((_, i) => i).sort((a, b) => columns[b]!.rank - columns[a]!.rank);
	const chosen: number[] = [];
	let left = room;
	for (const i of byRank) {
		left -= gap + widths[i]!;
		if (left < 0) break;
		chosen.push(i);
	}
	return chosen.sort((a, b) => a - b);
}

function painted(text: string, code: string | undefined): string {
	return code === undefined ? text : `\x1b[${code}m${text}\x1b[0m`;
}

/** `… and 12 more: 11 healthy, 1 aside` */
function restText(rest: readonly LiveWorker[]): string {
	const states = new Map<WorkerState, number>();
	for (const { state } of rest) states.set(state, (states.get(state) ?? 0) + 1);
	const parts = [...states].map(([state, workers]) => `${formatCount(workers)} ${state}`);
	return `… and ${formatCount(rest.length)} more: ${parts.join(', ')}`;
}

function stateWord({ state, asideUntilAtMs }: LiveWorker, nowMs: number): string {
	if (state !== 'aside' || asideUntilAtMs === null) return state;
	return `aside ${Math.max(0, Math.ceil((asideUntilAtMs - nowMs) / 1000))} s`;
}

/** `12 ms`, `3.4 s` */
function latency(ms: number): string {
	return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
