/**
 * A line per worker, in columns: as many as fit a terminal, however narrow it is. Where there is little room, what
 * matters least is left out first (`rank`), then names are cut.
 */
import type { LiveWorker, WorkerState } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { cutTo, displayWidth, padTo } from './display-width.ts';
import { count, plural } from './format.ts';

export interface WorkerLinesOptions {
	/** columns that a line may take, and lines that there may be */
	readonly width: number;
	readonly lines: number;
	readonly colour: boolean;
	readonly nowMs: number;
}

interface Look {
	readonly symbol: string;
	/** SGR parameters; `undefined` for none */
	readonly colour?: string;
}

const looks: Readonly<Record<WorkerState, Look>> = {
	healthy: { symbol: '●', colour: '32' },
	slowed: { symbol: '◐', colour: '33' },
	aside: { symbol: '○', colour: '31' },
	unmet: { symbol: '·', colour: '2' },
	draining: { symbol: '◌', colour: '2' },
	gone: { symbol: '✕', colour: '2' },
};

const nameMin = 6;
const nameMax = 32;
/** The fewest columns in which a reason says anything. */
const whyMin = 12;
const gap = 2;

/** One column behind symbol and name. The lowest rank goes first. */
interface Column {
	readonly rank: number;
	readonly isText?: boolean;
	of(worker: LiveWorker, nowMs: number): string;
}

const columns: readonly Column[] = [
	{ rank: 2, isText: true, of: stateWord },
	{ rank: 6, of: ({ ratePerSecond }) => `${count(ratePerSecond)}/s` },
	{ rank: 4, of: ({ inFlight, windowHosts }) => `${count(inFlight)}/${count(windowHosts)} in flight` },
	{ rank: 5, of: ({ done }) => `${count(done)} done` },
	{ rank: 3, of: ({ failures }) => plural(failures, 'failure') },
	{ rank: 1, of: ({ latencyMs }) => (latencyMs === null ? '' : `p50 ${latency(latencyMs.p50)}`) },
];

/** @returns lines that are safe to print; none takes more than the width */
export function workerLines(workers: readonly LiveWorker[], options: WorkerLinesOptions): string[] {
	const { width, lines, colour, nowMs } = options;
	if (workers.length === 0 || lines < 1 || width < 1) return [];
	const isWhole = workers.length <= lines;
	const shown = isWhole ? workers : workers.slice(0, lines - 1);
	const names = shown.map(({ name }) => escapeUnsafe(name));
	const cells = columns.map((column) => shown.map((worker) => column.of(worker, nowMs)));
	const widths = cells.map((column) => Math.max(0, ...column.map((cell) => cell.length)));
	const nameWidth = Math.min(nameMax, Math.max(0, ...names.map(displayWidth)));
	const chosen = choose(widths, width - 2 - Math.min(nameWidth, nameMin));
	const taken = chosen.reduce((sum, i) => sum + gap + widths[i]!, 2);
	const nameRoom = Math.max(0, Math.min(nameWidth, width - taken));
	const rendered = shown.map((worker, row) => {
		const { symbol, colour: code } = looks[worker.state];
		const parts = [padTo(names[row]!, nameRoom)];
		for (const i of chosen) {
			const cell = cells[i]![row]!;
			parts.push(columns[i]!.isText ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!));
		}
		const text = parts.join(' '.repeat(gap));
		const room = width - 2 - displayWidth(text) - gap;
		const why =
			worker.why !== null && room >= whyMin
				? `${' '.repeat(gap)}${cutTo(escapeUnsafe(worker.why), room)}`
				: '';
		const line = cutTo(` ${text}${why}`.trimEnd(), width - 1);
		return colour && code !== undefined ? `\x1b[${code}m${symbol}\x1b[0m${line}` : `${symbol}${line}`;
	});
	return isWhole ? rendered : [...rendered, cutTo(restText(workers.slice(shown.length)), width)];
}

/** Which columns fit the room, the most important ones first; in their order. */
function choose(widths: readonly number[], room: number): number[] {
	const byRank = widths.map((_, i) => i).sort((a, b) => columns[b]!.rank - columns[a]!.rank);
	const chosen: number[] = [];
	let left = room;
	for (const i of byRank) {
		if (widths[i] === 0) continue;
		left -= gap + widths[i]!;
		if (left < 0) break;
		chosen.push(i);
	}
	return chosen.sort((a, b) => a - b);
}

/** `… and 12 more: 11 healthy, 1 aside` */
function restText(rest: readonly LiveWorker[]): string {
	const states = new Map<WorkerState, number>();
	for (const { state } of rest) states.set(state, (states.get(state) ?? 0) + 1);
	const parts = [...states].map(([state, workers]) => `${count(workers)} ${state}`);
	return `… and ${count(rest.length)} more: ${parts.join(', ')}`;
}

function stateWord({ state, asideUntilAtMs }: LiveWorker, nowMs: number): string {
	if (state !== 'aside' || asideUntilAtMs === null) return state;
	return `aside ${Math.max(0, Math.ceil((asideUntilAtMs - nowMs) / 1000))} s`;
}

/** `12 ms`, `3.4 s` */
function latency(ms: number): string {
	return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
