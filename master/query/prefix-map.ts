/**
 * How the IPv4 hosts of a run are spread over a prefix. Hosts count that are written as addresses: what a name led to
 * says more of the name. Whole numbers of /16 come from the run's summary; below, the rows of the prefix are read from
 * those blocks that have any.
 */
import type { MapSquare, PrefixMap } from '../../shared/dashboard-api.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { formatIpv4, parseCidr } from '../../shared/ip.ts';
import { statusOf } from '../store/answer-kind.ts';
import { textRange } from './address-block.ts';
import { AnswerColumns, slicePositions } from './answer-columns.ts';
import { blockPositions } from './block-summary.ts';
import type { QueryContext } from './context.ts';
import { PrefixCounts } from './prefix-counts.ts';
import { isOver, readRun } from './run-rows.ts';
import type { RunSummary } from './run-summary.ts';
import type { Steps } from './steps.ts';
import { ipv4In } from './text-columns.ts';

/** Lengths of prefixes that have a map, the longest first. */
const lengths: readonly number[] = [24, 16, 8, 0];

interface Prefix {
	/** the first address */
	readonly first: number;
	readonly bits: number;
}

/** @throws PingpoolError `not-found`, or `bad-request` for another prefix than the contract allows */
export function* prefixMap(context: QueryContext, runId: number, text: string | undefined): Steps<PrefixMap> {
	const asked = text === undefined ? undefined : parsePrefix(text);
	const run = readRun(context.db, runId);
	const begun = context.maps.begin();
	const summary = yield* context.summaries.fresh(runId);
	const prefix = asked ?? commonPrefix(summary);
	const name = `${formatIpv4(prefix.first)}/${prefix.bits}`;
	const key = `${runId} ${name}`;
	const kept = context.maps.get(key);
	if (kept !== undefined) return kept;
	const squares =
		prefix.bits < 16 ? fromSummary(summary, prefix) : yield* fromRows(context, runId, summary, prefix);
	const map = { prefix: name, squares, elsewhere: summary.rows - summary.ipv4Rows };
	context.maps.put(key, map, begun, isOver(run));
	return map;
}

function parsePrefix(text: string): Prefix {
	const cidr = parseCidr(text);
	if (cidr?.address.family !== 4 || !lengths.includes(cidr.prefix)) {
		throw new PingpoolError('bad-request', 'a prefix of IPv4 of 0, 8, 16 or 24 bits is expected');
	}
	return { first: firstOf(cidr.address.value, cidr.prefix), bits: cidr.prefix };
}

function firstOf(value: number, bits: number): number {
	return bits === 0 ? 0 : (value & (-1 << (32 - bits))) >>> 0;
}

/** The longest prefix that has all hosts. */
function commonPrefix({ ipv4Rows, ipv4Min, ipv4Max }: RunSummary): Prefix {
	if (ipv4Rows === 0) return { first: 0, bits: 0 };
	const bits = lengths.find((length) => firstOf(ipv4Min, length) === firstOf(ipv4Max, length)) ?? 0;
	return { first: firstOf(ipv4Min, bits), bits };
}

/** Of 0 or 8 bits. */
function fromSummary({ prefixes }: RunSummary, { first, bits }: Prefix): MapSquare[] {
	// The squares of /8 below 0.0.0.0/0 are sums; those of /16 below a /8 are what was counted.
	return prefixes.squares((high) => {
		if (bits === 0) return high >>> 8;
		return high >>> 8 === first >>> 24 ? high & 255 : undefined;
	});
}

/** Of 16 or 24 bits. */
function* fromRows(
	{ db, summaries }: QueryContext,
	runId: number,
	summary: RunSummary,
	{ first, bits }: Prefix,
): Steps<MapSquare[]> {
	const size = 2 ** (32 - bits);
	const columns = new AnswerColumns({
		db,
		wanted: ['rtt', 'host'],
		where: { sql: 'host >= ? AND host < ?', params: textRange(first, bits) },
	});
	const counts = new PrefixCounts(256);
	const isOverKnown = summaries.known(runId)?.isOver === true;
	for (const [number, block] of summary.blocks) {
		const isKnown = block.isFull || isOverKnown;
		if (isKnown && (block.ipv4Min >= first + size || block.ipv4Max < first)) continue;
		const from = number * blockPositions;
		for (let start = from; start < from + blockPositions; start += slicePositions) {
			columns.read(runId, start, start + slicePositions);
			addRows(counts, columns, first, size);
			yield;
		}
	}
	return counts.squares((index) => index);
}

function addRows(counts: PrefixCounts, columns: AnswerColumns, first: number, size: number): void {
	const { rows, hosts, hostEnds, kinds, rttUs } = columns;
	for (let row = 0; row < rows; row += 1) {
		const value = ipv4In(hosts, columns.hostStart(row), hostEnds[row]!);
		// Names may begin as addresses do.
		if (value < first || value >= first + size) continue;
		counts.add(Math.floor((256 * (value - first)) / size), statusOf(kinds[row]!), rttUs[row]!);
	}
}
