/**
 * A later walk over a list: parses it again, and asks the survey's record which candidates are targets. It
 * holds one buffer of the file and one batch.
 */
import { formatIpv4, formatIpv6 } from '../../shared/ip.ts';
import { targetBatchMax } from '../../shared/limits.ts';
import type { AddressRange, ProbeName } from '../../shared/target.ts';
import { addToIpv6, probeNames, probeOf } from '../../shared/target.ts';
import { LineCursor, lineKinds } from './line-cursor.ts';
import type { ListFile } from './list-file.ts';
import { changed } from './list-file.ts';
import type { SkipRuns } from './skip-runs.ts';
import { SkipReader } from './skip-runs.ts';
import type { TargetBatch } from './target-list.ts';

export interface WalkOptions {
	readonly file: ListFile;
	readonly skips: SkipRuns;
	/** targets that the survey counted */
	readonly total: number;
	readonly probe: ProbeName;
	readonly signal: AbortSignal;
}

/** @throws PingpoolError `invalid-input` when the file is not the one that was surveyed, or the signal's reason */
export async function* walk(options: WalkOptions): AsyncGenerator<TargetBatch, void, undefined> {
	const { file, total, probe, signal } = options;
	const cursor = new LineCursor(file);
	const skips = new SkipReader(options.skips);
	const asked = probeNames.indexOf(probe);
	const batch = new BatchBuilder();
	for (;;) {
		const kind = cursor.next();
		if (kind === lineKinds.ipv4 || kind === lineKinds.name) {
			const { taking } = skips;
			if (skips.take(1) === 0) throw changed(file.name);
			if (taking) batch.add(cursor.text, asked);
		} else if (kind === lineKinds.target) {
			const { taking } = skips;
			if (skips.take(1) === 0) throw changed(file.name);
			if (taking) batch.add(cursor.target!.text, probeNames.indexOf(probeOf(cursor.target!, probe)));
		} else if (kind === lineKinds.range) {
			const range = cursor.range!;
			for (let offset = 0; offset < range.count; ) {
				const { taking } = skips;
				const count = skips.take(taking ? Math.min(range.count - offset, batch.room) : range.count - offset);
				if (count === 0) throw changed(file.name);
				if (taking) batch.addRange(range, offset, count, asked);
				offset += count;
				if (batch.room === 0) {
					signal.throwIfAborted();
					yield batch.finish();
				}
			}
		} else if (kind === lineKinds.more) {
			signal.throwIfAborted();
			await cursor.fill();
			await file.checkUnchanged();
		} else if (kind === lineKinds.end) break;
		if (batch.room === 0) {
			signal.throwIfAborted();
			yield batch.finish();
		}
	}
	if (batch.nextPosition !== total) throw changed(file.name);
	if (batch.room < targetBatchMax) yield batch.finish();
}

class BatchBuilder {
	#texts: string[] = [];
	#probes = new Uint8Array(targetBatchMax);
	#firstPosition = 0;

	get room(): number {
		return targetBatchMax - this.#texts.length;
	}

	/** position of the target that is added next */
	get nextPosition(): number {
		return this.#firstPosition + this.#texts.length;
	}

	add(text: string, probe: number): void {
		this.#probes[this.#texts.length] = probe;
		this.#texts.push(text);
	}

	/** Adds `count` addresses of a range; there must be room. */
	addRange(range: AddressRange, offset: number, count: number, probe: number): void {
		this.#probes.fill(probe, this.#texts.length, this.#texts.length + count);
		if (range.family === 4) this.#addIpv4(range.first + offset, count);
		else {
			for (let i = 0; i < count; i += 1) this.#texts.push(formatIpv6(addToIpv6(range.first, offset + i)));
		}
	}

	#addIpv4(first: number, count: number): void {
		let prefix = '';
		for (let value = first; value < first + count; value += 1) {
			const last = value % 256;
			// The first three octets are the same for up to 256 addresses.
			if (prefix === '' || last === 0) prefix = formatIpv4(value - last).slice(0, -1);
			this.#texts.push(prefix + last);
		}
	}

	finish(): TargetBatch {
		const { length } = this.#texts;
		const batch = {
			firstPosition: this.#firstPosition,
			texts: this.#texts,
			probes: this.#probes.subarray(0, length),
		};
		this.#firstPosition += length;
		this.#texts = [];
		this.#probes = new Uint8Array(targetBatchMax);
		return batch;
	}
}
