/**
 * What is known of all answers of a run: counts, round-trip times, times, prefixes, and a summary of every block. Each
 * row is counted once, when it is first seen; rows never change, so the summary of a run that goes on only grows. It
 * takes some kilobytes per block of 65,536 rows, and two megabytes at most for the prefixes.
 */
import { PingpoolError } from '../../shared/errors.ts';
import { answerKindsMax } from '../../shared/limits.ts';
import { RttCounts } from '../monitor/rtt-histogram.ts';
import { TimeCounts } from '../monitor/time-counts.ts';
import { statusOf } from '../store/answer-kind.ts';
import type { AnswerColumns } from './answer-columns.ts';
import { BlockSummary, blockPositions } from './block-summary.ts';
import { PrefixCounts } from './prefix-counts.ts';
import { ipv4In, ipv6In } from './text-columns.ts';

export class RunSummary {
	rows = 0;
	/** by number of the block; one that was never looked at is missing */
	readonly blocks = new Map<number, BlockSummary>();
	/** every kind of answer that there is (answer-kind.ts), in the order in which they were found */
	readonly kinds: number[] = [];
	readonly kindRows: number[] = [];
	readonly rtt = new RttCounts();
	readonly times = new TimeCounts();
	/** hosts that are IPv4 addresses, and of these the lowest and the highest */
	ipv4Rows = 0;
	ipv4Min = Number.POSITIVE_INFINITY;
	ipv4Max = Number.NEGATIVE_INFINITY;
	/** by the first 16 bits of such hosts */
	readonly prefixes = new PrefixCounts(65_536);
	readonly #kindNumbers = new Map<number, number>();

	/**
	 * Counts the rows of a slice that are new.
	 *
	 * @param columns all of them, read from positions of one block
	 */
	add(block: number, columns: AnswerColumns): void {
		if (columns.rows === 0) return;
		let summary = this.blocks.get(block);
		if (summary === undefined) {
			summary = new BlockSummary();
			this.blocks.set(block, summary);
		}
		const { rows, positions, kinds, rttUs, checkedMs } = columns;
		const first = block * blockPositions;
		for (let row = 0; row < rows; row += 1) {
			if (!summary.see(positions[row]! - first)) continue;
			const kind = kinds[row]!;
			this.#addKind(summary, kind);
			const status = statusOf(kind);
			if (rttUs[row]! >= 0) this.#addRtt(summary, rttUs[row]!);
			const atMs = checkedMs[row]!;
			if (atMs < summary.checkedMsMin) summary.checkedMsMin = atMs;
			if (atMs > summary.checkedMsMax) summary.checkedMsMax = atMs;
			this.times.add(atMs, status);
			this.#addHost(summary, columns, row, status);
		}
		this.#addAddresses(summary, columns.addresses);
	}

	/** The block has been read to its end. */
	settle(block: number): void {
		this.blocks.get(block)?.settle();
	}

	#addKind(summary: BlockSummary, kind: number): void {
		let number = this.#kindNumbers.get(kind);
		if (number === undefined) {
			// With one for every row, as nobody but an attacker makes them, this thread would take the process with it.
			if (this.kinds.length >= answerKindsMax) {
				throw new PingpoolError('database', `the run has over ${answerKindsMax} kinds of answers`);
			}
			number = this.kinds.push(kind) - 1;
			this.kindRows.push(0);
			this.#kindNumbers.set(kind, number);
		}
		this.kindRows[number]! += 1;
		summary.kindRows.set(number, (summary.kindRows.get(number) ?? 0) + 1);
		this.rows += 1;
	}

	#addRtt(summary: BlockSummary, us: number): void {
		this.rtt.add(us / 1_000);
		summary.rttRows += 1;
		if (us < summary.rttUsMin) summary.rttUsMin = us;
		if (us > summary.rttUsMax) summary.rttUsMax = us;
	}

	#addHost(summary: BlockSummary, columns: AnswerColumns, row: number, status: number): void {
		const { hosts, hostEnds, rttUs } = columns;
		const start = columns.hostStart(row);
		const end = hostEnds[row]!;
		const value = ipv4In(hosts, start, end);
		if (value < 0) {
			const bytes = ipv6In(hosts, start, end);
			if (bytes !== undefined) summary.seeIpv6(bytes);
			return;
		}
		summary.seeIpv4(value);
		this.ipv4Rows += 1;
		if (value < this.ipv4Min) this.ipv4Min = value;
		if (value > this.ipv4Max) this.ipv4Max = value;
		this.prefixes.add(value >>> 16, status, rttUs[row]!);
	}

	/** What names led to. */
	#addAddresses(summary: BlockSummary, text: Uint8Array): void {
		let start = 0;
		while (start < text.length) {
			const lineEnd = text.indexOf(0x0a, start);
			const end = lineEnd < 0 ? text.length : lineEnd;
			const value = ipv4In(text, start, end);
			if (value >= 0) summary.seeIpv4(value);
			else {
				const bytes = ipv6In(text, start, end);
				if (bytes !== undefined) summary.seeIpv6(bytes);
			}
			start = end + 1;
		}
	}
}
