/** What is said of a chunk, and of many of them. */
import type { ChunkEnd, ChunkKind, LiveChunk } from '../../../shared/dashboard-api.ts';
import { formatCount, formatMs, formatPlural, formatRate } from '../../../shared/format.ts';
import { timeLabel } from './time-ticks.ts';

export const kindWords: Readonly<Record<ChunkKind, string>> = {
	first: 'first',
	again: 'asked again',
	hedge: 'hedge',
};

export const endWords: Readonly<Record<ChunkEnd, string>> = {
	open: 'open',
	ok: 'ok',
	failed: 'failed',
	late: 'late',
	cancelled: 'cancelled',
};

export interface Fact {
	readonly name: string;
	readonly value: string;
}

/** Everything that is known of a chunk. Texts from outside are as they are. */
export function chunkFacts(chunk: LiveChunk, workerName: string, nowMs: number): Fact[] {
	const tookMs = (chunk.endMs ?? nowMs) - chunk.startMs;
	const facts: Fact[] = [
		{ name: 'Request', value: chunk.request },
		{ name: 'Worker', value: workerName },
		{ name: 'Probe', value: chunk.probe },
		{ name: 'Sent as', value: kindWords[chunk.kind] },
		{ name: 'End', value: endWords[chunk.end] },
		{ name: 'Hosts', value: formatCount(chunk.hosts) },
		{ name: 'Answered', value: formatCount(chunk.answered) },
		{ name: 'Not up', value: formatCount(chunk.notUp) },
		{ name: 'Started at', value: timeLabel(chunk.startMs, 1) },
		{
			name: 'All sent after',
			value: chunk.sentMs === null ? 'not said' : formatMs(chunk.sentMs - chunk.startMs),
		},
		{ name: chunk.endMs === null ? 'Open for' : 'Took', value: formatMs(tookMs) },
		{ name: 'Rate', value: tookMs > 0 ? formatRate((chunk.answered / tookMs) * 1_000) : '–' },
	];
	if (chunk.failure !== null) facts.push({ name: 'Failure', value: chunk.failure });
	return facts;
}

/** One sentence about a chunk, to be read aloud. */
export function chunkSentence(chunk: LiveChunk, workerName: string, nowMs: number): string {
	const tookMs = (chunk.endMs ?? nowMs) - chunk.startMs;
	const failure = chunk.failure === null ? '' : ` Failure: ${chunk.failure}.`;
	return (
		`${workerName}, ${kindWords[chunk.kind]}, ${endWords[chunk.end]}, ${formatPlural(chunk.hosts, 'host')}, ` +
		`${formatCount(chunk.answered)} answered, at ${timeLabel(chunk.startMs, 100)}, ` +
		`${chunk.endMs === null ? 'open for' : 'took'} ${formatMs(tookMs)}.${failure}`
	);
}

export interface ChunkCounts {
	readonly all: number;
	readonly ends: Readonly<Record<ChunkEnd, number>>;
	readonly kinds: Readonly<Record<ChunkKind, number>>;
}

export function countChunks(chunks: Iterable<LiveChunk>): ChunkCounts {
	let all = 0;
	const ends: Record<ChunkEnd, number> = { ok: 0, open: 0, failed: 0, late: 0, cancelled: 0 };
	const kinds: Record<ChunkKind, number> = { first: 0, again: 0, hedge: 0 };
	for (const chunk of chunks) {
		all += 1;
		ends[chunk.end] += 1;
		kinds[chunk.kind] += 1;
	}
	return { all, ends, kinds };
}

/** What the picture shows, for those who do not see it. */
export function tasksSummary(counts: ChunkCounts, workers: number, fromMs: number, toMs: number): string {
	const { ends, kinds } = counts;
	const parts = [
		`${formatCount(ends.ok)} ok`,
		`${formatCount(ends.open)} open`,
		`${formatCount(ends.failed)} failed`,
		`${formatCount(ends.late)} late`,
		`${formatCount(ends.cancelled)} cancelled`,
	];
	return (
		`${formatPlural(counts.all, 'chunk')} of ${formatPlural(workers, 'worker')}, ` +
		`from ${timeLabel(fromMs, 1_000)} to ${timeLabel(toMs, 1_000)} of the run: ${parts.join(', ')}. ` +
		`${formatCount(kinds.again)} asked again, ${formatPlural(kinds.hedge, 'hedge')}.`
	);
}
