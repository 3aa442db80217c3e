/**
 * A later walk over a list: parses it again, and asks the survey's record which candidates are targets. It
 * holds one buffer of the file and one batch. Pages of targets that are not wanted are not read: the walk goes
 * on where the next one starts (page-marks.ts).
 */
import { HostColumnBuilder } from '../../shared/host-column.ts';
import { formatIpv6 } from '../../shared/ip.ts';
import { targetBatchMax } from '../../shared/limits.ts';
import type { AddressRange, ProbeName, Target } from '../../shared/target.ts';
import { addToIpv6, probeNames, probeOf } from '../../shared/target.ts';
import { pagePositions } from '../dispatch/rules/ledger.ts';
import { LineCursor, lineKinds } from './line-cursor.ts';
import type { ListFile } from './list-file.ts';
import { changed } from './list-file.ts';
import type { PageMarks } from './page-marks.ts';
import type { SkipRuns } from './skip-runs.ts';
import { SkipReader } from './skip-runs.ts';
import type { TargetBatch } from './target-list.ts';

export interface WalkOptions {
	readonly file: ListFile;
	readonly skips: SkipRuns;
	readonly marks: PageMarks;
	/** targets that the survey counted */
	readonly total: number;
	readonly probe: ProbeName;
	readonly signal: AbortSignal;
	/** whether a page is not wanted; asked when the walk comes to it */
	readonly isDone: (page: number) => boolean;
}

/** @throws PingpoolError `invalid-input` when the file is not the one that was surveyed, or the signal's reason */
export async function* walk(options: WalkOptions): AsyncGenerator<TargetBatch, void, undefined> {
	const { total, isDone } = options;
	const pages = Math.ceil(total / pagePositions);
	const cursor = new LineCursor(options.file);
	for (let page = 0; page < pages; ) {
		if (isDone(page)) page += 1;
		else page = yield* stretch(options, cursor, page);
	}
}

/** Walks from the start of a page to one that is not wanted, or to the end. @returns the page that it came to */
async function* stretch(
	{ file, skips: skipRuns, marks, total, probe, signal, isDone }: WalkOptions,
	cursor: LineCursor,
	from: number,
): AsyncGenerator<TargetBatch, number, undefined> {
	const mark = marks.at(from);
	cursor.seek(mark.byte, mark.lines);
	const skips = new SkipReader(skipRuns, mark.skipByte);
	const asked = probeNames.indexOf(probe);
	const batch = new BatchBuilder(from * pagePositions);
	/** of the first line, what is another page's */
	let { rangeOffset } = mark;
	/** pages start where batches do */
	const leaving = (): boolean =>
		batch.nextPosition % pagePositions === 0 && isDone(batch.nextPosition / pagePositions);
	for (;;) {
		const kind = cursor.next();
		if (kind === lineKinds.ipv4) {
			const { taking } = skips;
			if (skips.take(1) === 0) throw changed(file.name);
			if (taking) batch.addIpv4(cursor.ipv4, asked);
		} else if (kind === lineKinds.name) {
			const { taking } = skips;
			if (skips.take(1) === 0) throw changed(file.name);
			if (taking) batch.addText(cursor.text, asked);
		} else if (kind === lineKinds.target) {
			const { taking } = skips;
			if (skips.take(1) === 0) throw changed(file.name);
			if (taking) batch.addTarget(cursor.target!, probeNames.indexOf(probeOf(cursor.target!, probe)));
		} else if (kind === lineKinds.range) {
			const range = cursor.range!;
			for (let offset = rangeOffset; offset < range.count; ) {
				const { taking } = skips;
				const count = skips.take(taking ? Math.min(range.count - offset, batch.room) : range.count - offset);
				if (count === 0) throw changed(file.name);
				if (taking) batch.addRange(range, offset, count, asked);
				offset += count;
				if (batch.room === 0) {
					signal.throwIfAborted();
					yield batch.finish();
					if (leaving()) return batch.nextPosition / pagePositions;
				}
			}
			rangeOffset = 0;
		} else if (kind === lineKinds.more) {
			signal.throwIfAborted();
			await cursor.fill();
			await file.checkUnchanged();
		} else if (kind === lineKinds.end) break;
		if (batch.room === 0) {
			signal.throwIfAborted();
			yield batch.finish();
			if (leaving()) return batch.nextPosition / pagePositions;
		}
	}
	if (batch.nextPosition !== total) throw changed(file.name);
	if (batch.room < targetBatchMax) yield batch.finish();
	return Math.ceil(total / pagePositions);
}

class BatchBuilder {
	#hosts = new HostColumnBuilder(targetBatchMax);
	#probes = new Uint8Array(targetBatchMax);
	#firstPosition: number;

	constructor(firstPosition: number) {
		this.#firstPosition = firstPosition;
	}

	get room(): number {
		return targetBatchMax - this.#hosts.length;
	}

	/** position of the target that is added next */
	get nextPosition(): number {
		return this.#firstPosition + this.#hosts.length;
	}

	addIpv4(value: number, probe: number): void {
		this.#probes[this.#hosts.length] = probe;
		this.#hosts.addIpv4(value);
	}

	/** Adds a text that is no bare IPv4 address. */
	addText(text: string, probe: number): void {
		this.#probes[this.#hosts.length] = probe;
		this.#hosts.addText(text);
	}

	addTarget({ text, address, scheme, port }: Target, probe: number): void {
		const isBare = scheme === undefined && port === undefined;
		if (isBare && address?.family === 4) this.addIpv4(address.value, probe);
		else this.addText(text, probe);
	}

	/** Adds `count` addresses of a range; there must be room. */
	addRange(range: AddressRange, offset: number, count: number, probe: number): void {
		for (let i = 0; i < count; i += 1) {
			if (range.family === 4) this.addIpv4(range.first + offset + i, probe);
			else this.addText(formatIpv6(addToIpv6(range.first, offset + i)), probe);
		}
	}

	finish(): TargetBatch {
		const { length } = this.#hosts;
		const batch = {
			firstPosition: this.#firstPosition,
			hosts: this.#hosts.finish(),
			probes: this.#probes.subarray(0, length),
		};
		this.#firstPosition += length;
		this.#hosts = new HostColumnBuilder(targetBatchMax);
		this.#probes = new Uint8Array(targetBatchMax);
		return batch;
	}
}
