/**
 * The requests of a run, for its task stream: all that are under way, and the newest thousands of those that have ended.
 * Requests that come faster than anybody could see are not held: of those that go well, a few hundred per second are.
 *
 * What is new is found by versions (run-monitor.ts): each request carries that of its last change. Those under way are
 * few, and all looked at; those that have ended stand in the order of their last change, and are looked at from the
 * newest back.
 */
import type { ChunkEnd, LiveChunk } from '../../shared/dashboard-api.ts';
import { chunksKeptMax, chunksKeptPerSecondMax } from '../../shared/limits.ts';
import { statusCode } from '../../shared/outcome.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { AskedChunk } from '../dispatch/observer.ts';

const failureCharsMax = 300;

const up = statusCode('up');

/** A request as it is counted. Times in ms from the start. */
export interface ChunkRecord {
	readonly asked: AskedChunk;
	/** LiveWorker.index */
	readonly worker: number;
	readonly startMs: number;
	sentMs: number | null;
	endMs: number | null;
	end: ChunkEnd;
	answered: number;
	notUp: number;
	failure: string | null;
	isShown: boolean;
	/** of its last change */
	version: number;
}

export class ChunkLog {
	readonly #open = new Map<number, ChunkRecord>();
	/** that are shown, around the end */
	readonly #ended: ChunkRecord[] = [];
	#endedCount = 0;
	/** versions at which requests were left out, around the end */
	readonly #skipped = new Float64Array(chunksKeptMax);
	#skippedCount = 0;
	/** of the first that can be told from */
	#forgottenVersion = Number.NEGATIVE_INFINITY;
	#allowed = chunksKeptPerSecondMax;
	#allowedMs = 0;

	/** @param atMs from the start */
	asked(asked: AskedChunk, worker: number, atMs: number, version: number): void {
		this.#open.set(asked.id, {
			asked,
			worker,
			startMs: atMs,
			sentMs: null,
			endMs: null,
			end: 'open',
			answered: 0,
			notUp: 0,
			failure: null,
			isShown: this.#mayShow(atMs) || asked.kind !== 'first',
			version,
		});
	}

	sent(id: number, atMs: number, version: number): void {
		const chunk = this.#changed(id, version);
		if (chunk !== undefined) chunk.sentMs ??= atMs;
	}

	answered(id: number, { length, status }: ResultBlock, version: number): void {
		const chunk = this.#changed(id, version);
		if (chunk === undefined) return;
		let notUp = 0;
		for (let row = 0; row < length; row += 1) if (status[row] !== up) notUp += 1;
		chunk.answered += length;
		chunk.notUp += notUp;
	}

	/** @returns it, if it is under way and was not late already */
	late(id: number, version: number): ChunkRecord | undefined {
		const chunk = this.#changed(id, version);
		if (chunk?.end !== 'open') return undefined;
		chunk.end = 'late';
		chunk.isShown = true;
		return chunk;
	}

	/** @returns it as it was, its end apart */
	closed(
		id: number,
		{ end, failure }: { readonly end: 'ok' | 'failed' | 'cancelled'; readonly failure: string | undefined },
		atMs: number,
		version: number,
	): { readonly chunk: ChunkRecord; readonly wasLate: boolean } | undefined {
		const chunk = this.#changed(id, version);
		if (chunk === undefined) return undefined;
		const wasLate = chunk.end === 'late';
		this.#open.delete(id);
		// With the last answer of all a run ends, before the end of the stream that brought it.
		const isWhole = end === 'cancelled' && chunk.answered === chunk.asked.hosts;
		chunk.end = isWhole ? 'ok' : end;
		chunk.endMs = atMs;
		chunk.failure = failure?.slice(0, failureCharsMax) ?? null;
		chunk.isShown ||= end === 'failed';
		if (chunk.isShown) this.#keep(chunk);
		else this.#skip(version);
		return { chunk, wasLate };
	}

	/** All that are held, by their beginnings. */
	all(): LiveChunk[] {
		return this.#live(this.#endedSince(Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY);
	}

	/** Those that changed behind a version, by their beginnings; `undefined` when some are not held any more. */
	since(version: number): { readonly chunks: LiveChunk[]; readonly skipped: number } | undefined {
		if (version < this.#forgottenVersion) return undefined;
		return { chunks: this.#live(this.#endedSince(version), version), skipped: this.#skippedSince(version) };
	}

	#changed(id: number, version: number): ChunkRecord | undefined {
		const chunk = this.#open.get(id);
		if (chunk !== undefined) chunk.version = version;
		return chunk;
	}

	#mayShow(atMs: number): boolean {
		const more = ((atMs - this.#allowedMs) * chunksKeptPerSecondMax) / 1000;
		this.#allowed = Math.min(chunksKeptPerSecondMax, this.#allowed + more);
		this.#allowedMs = atMs;
		if (this.#allowed < 1) return false;
		this.#allowed -= 1;
		return true;
	}

	#keep(chunk: ChunkRecord): void {
		const at = this.#endedCount % chunksKeptMax;
		const before = this.#ended[at];
		if (before !== undefined) this.#forgottenVersion = Math.max(this.#forgottenVersion, before.version);
		this.#ended[at] = chunk;
		this.#endedCount += 1;
	}

	#skip(version: number): void {
		this.#skipped[this.#skippedCount % chunksKeptMax] = version;
		this.#skippedCount += 1;
	}

	#endedSince(version: number): ChunkRecord[] {
		const found: ChunkRecord[] = [];
		const oldest = Math.max(0, this.#endedCount - chunksKeptMax);
		for (let at = this.#endedCount - 1; at >= oldest; at -= 1) {
			const chunk = this.#ended[at % chunksKeptMax]!;
			if (chunk.version <= version) break;
			found.push(chunk);
		}
		return found;
	}

	#skippedSince(version: number): number {
		const oldest = Math.max(0, this.#skippedCount - chunksKeptMax);
		let at = this.#skippedCount;
		while (at > oldest && this.#skipped[(at - 1) % chunksKeptMax]! > version) at -= 1;
		return this.#skippedCount - at;
	}

	#live(ended: readonly ChunkRecord[], version: number): LiveChunk[] {
		const found = ended.map(liveChunk);
		for (const chunk of this.#open.values()) {
			if (chunk.isShown && chunk.version > version) found.push(liveChunk(chunk));
		}
		return found.sort((a, b) => a.id - b.id);
	}
}

function liveChunk({ asked, worker, startMs, sentMs, endMs, ...rest }: ChunkRecord): LiveChunk {
	const { id, request, probe, kind, hosts } = asked;
	const { end, answered, notUp, failure } = rest;
	return {
		...{ id, request, worker, probe, kind, end },
		startMs: tenth(startMs),
		sentMs: sentMs === null ? null : tenth(sentMs),
		endMs: endMs === null ? null : tenth(endMs),
		...{ hosts, answered, notUp, failure },
	};
}

/** As exact as anybody can see, in as few digits. */
function tenth(ms: number): number {
	return Math.round(ms * 10) / 10;
}
