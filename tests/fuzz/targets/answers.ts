/**
 * Answers of a worker in their three forms. The same bytes are read twice, whole and in pieces: both must give the
 * same rows and come to the same end.
 */

import { AnswerReader } from '../../../master/answer-reader.ts';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { BlockMemory, encodeBlock } from '../../../shared/columns.ts';
import { markFrame } from '../../../shared/frames.ts';
import { hostAt, hostColumn } from '../../../shared/host-column.ts';
import { parseIp } from '../../../shared/ip.ts';
import { countMax, requestDefaults, requestMsMax } from '../../../shared/limits.ts';
import { reasonCode, reasons, statusCode, statuses } from '../../../shared/outcome.ts';
import { mediaTypes } from '../../../shared/protocol.ts';
import type { Random } from '../../../shared/random.ts';
import type { ResultBlock } from '../../../shared/results.ts';
import { hostResult, selectRows } from '../../../shared/results.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { promise } from '../fuzz-target.ts';
import { choice, choiceBytes, pick, pieces, promiseSafe, streamOf } from './pieces.ts';

const requestId = 'fuzz-request';
const instance = 'fuzz-worker';
const asked = { requestId, namesRequests: true, instance };
/** two of them are the same host, and two forms of one address stand side by side */
const hosts = [
	'10.0.0.1',
	'10.0.0.2',
	'example.com',
	'fd00::1',
	'10.0.0.1',
	'tcp://10.0.0.1:80',
	'::ffff:10.0.0.1',
];
const columns = [hostColumn(hosts), hostColumn(hosts.slice(0, 2)), hostColumn(hosts.slice(0, 1))];
const common = { attempts: 2, timeoutMs: 1_000, intervalMs: requestDefaults.intervalMs, refusedIsUp: false };
const settings = [
	{ ...common, count: 1 },
	{ ...common, count: 3 },
];
/** how far above the timeout an RTT may be */
const rttMsMax = 11_000;

const modules = [
	'master/answer-reader.ts',
	'master/answer-identity.ts',
	'master/result-objects.ts',
	'master/bounded-body.ts',
	'master/line-splitter.ts',
	'master/worker-failures.ts',
	'shared/frames.ts',
	'shared/columns.ts',
	'shared/outcome.ts',
];
const words = [
	'{"alive":true}',
	'{"sent":true,"waitMs":5}',
	'{"done":true,"results":',
	'{"done":true,"results":1}',
	'}\n',
	'\n',
	'{"results":[',
	']}',
	'"host":"',
	'"status":"',
	'"reason":"',
	'"sent":',
	'"received":',
	'"rttMs":',
	'"rttAvgMs":',
	'"rttMinMs":',
	'"rttMaxMs":',
	'"jitterMs":',
	'"lossPercent":',
	'"address":"',
	'"worker":"',
	'"request":"',
	...hosts,
	...statuses,
	...reasons,
	requestId,
	instance,
	'\0\0\0\0\x01\0\0\0',
	'\0\0\0\0\x02\0\0\0',
];

interface Reading {
	readonly rows: readonly string[];
	readonly end: string;
	readonly waitMs: number | undefined;
}

async function read(input: Uint8Array, type: string, cut: readonly Uint8Array[]): Promise<Reading> {
	const column = choice(input, 0, columns);
	const setting = choice(input, 1, settings);
	// A proxy may have left the header out, or it is of another answer.
	const named = choice(input, 3, [...Array.from({ length: 14 }, () => requestId), undefined, 'another']);
	const rows: string[] = [];
	const seen = new Set<number>();
	let waitMs: number | undefined;
	const reader = new AnswerReader({
		asked,
		memory: new BlockMemory(),
		call: {
			request: requestId,
			hosts: column,
			probe: 'icmp',
			settings: setting,
			signal: new AbortController().signal,
			onAlive: () => {},
			onRestarted: () => {},
			onLoad: () => {},
			onSent(ms) {
				promise(
					waitMs === undefined && ms >= 0 && ms <= requestMsMax,
					'a chunk is sent twice, or at no time',
				);
				waitMs = ms;
			},
			onBlock(block) {
				for (let row = 0; row < block.length; row += 1) {
					const index = block.index[row]!;
					checkRow(block, row, column.length, setting.count);
					promise(!seen.has(index), () => `host ${index} is answered twice`);
					seen.add(index);
					rows.push(JSON.stringify([index, hostResult(block, row, hostAt(column, index), undefined)]));
				}
			},
		},
	});
	try {
		await reader.read(streamOf(cut), type, named);
	} catch (error) {
		if (!(error instanceof WorkerFailure)) throw error;
		promise(error.message.length <= 500, () => `fails in ${error.message.length} characters`);
		promiseSafe(error.message);
		return { rows, end: `${error.kind}: ${error.message}`, waitMs };
	}
	promise(seen.size === column.length, () => `is done with ${seen.size} of ${column.length} hosts`);
	return { rows, end: 'done', waitMs };
}

function checkRow(block: ResultBlock, row: number, length: number, count: number): void {
	const status = statuses[block.status[row]!];
	const [sent, received, rttMs] = [block.sent[row]!, block.received[row]!, block.rttMs[row]!];
	const index = block.index[row]!;
	promise(Number.isInteger(index) && index >= 0 && index < length, () => `a row is of host ${index}`);
	promise(status !== undefined && reasons[block.reason[row]!] !== undefined, 'a status or reason is unknown');
	promise(Number.isInteger(sent) && sent >= 0 && sent <= countMax, () => `${sent} probes were sent`);
	promise(
		Number.isInteger(received) && received >= 0 && received <= sent,
		() => `${received} of ${sent} came back`,
	);
	promise(Number.isNaN(rttMs) || (rttMs >= 0 && rttMs <= rttMsMax), () => `an RTT of ${rttMs} ms`);
	promise(status !== 'down' || sent > 0, 'a host is down without a probe');
	promise((status === 'up') === received > 0, 'a host is up without an answer, or answered and is not');
	const address = block.address?.[row];
	promise(
		address === undefined || parseIp(address) !== undefined,
		() => `an address is ${JSON.stringify(address)}`,
	);
	promise(block.rtt === undefined || count > 1, 'statistics of one probe');
	for (const column of block.rtt === undefined ? [] : [block.rtt.min, block.rtt.max, block.rtt.jitter]) {
		const ms = column[row]!;
		promise(Number.isNaN(ms) || (ms >= 0 && ms <= rttMsMax), () => `a statistic of ${ms} ms`);
	}
}

async function readTwice(input: Uint8Array, type: string): Promise<void> {
	const body = input.subarray(choiceBytes);
	const whole = await read(input, type, [body]);
	const cut = await read(input, type, pieces(body, (input[2] ?? 0) * 256 + (input[3] ?? 0)));
	promise(whole.end === cut.end, () => `ends as "${whole.end}", and in pieces as "${cut.end}"`);
	promise(whole.waitMs === cut.waitMs, 'says when it was sent, and in pieces otherwise');
	promise(
		whole.rows.join() === cut.rows.join(),
		() => `gives ${whole.rows.length} rows, and in pieces ${cut.rows.length}`,
	);
}

/** A plausible answer for all hosts, as blocks; now and then one that is not. */
function blocks(random: Random, length: number, count: number): ResultBlock[] {
	const column = (value: () => number): number[] => Array.from({ length }, value);
	const rows = Array.from({ length }, (_, index) => index);
	const status = column(() =>
		statusCode(pick(random, ['up', 'up', 'down', 'error', 'denied', 'unresolved'] as const)),
	);
	const isUp = (row: number): boolean => status[row] === statusCode('up');
	const isProbed = (row: number): boolean => isUp(row) || status[row] === statusCode('down');
	const wrong = random.below(20);
	const times = (): number[] => rows.map((row) => (isUp(row) ? random.below(1_000) / 10 : Number.NaN));
	const rttMs = times();
	const whole: ResultBlock = {
		length,
		index: rows.map((row) => (wrong === 0 ? 0 : row)),
		status,
		reason: rows.map((row) => (isUp(row) ? 0 : reasonCode('timeout'))),
		address:
			random.below(2) === 0
				? undefined
				: rows.map(() => pick(random, [undefined, '10.0.0.9', 'fd00::9', wrong === 1 ? 'x' : '::1'])),
		sent: rows.map((row) => (isProbed(row) ? count : 0)),
		received: rows.map((row) => (isUp(row) ? 1 : 0)),
		rttMs,
		rtt: count > 1 ? { min: rttMs, max: rttMs, jitter: times() } : undefined,
	};
	const at = random.below(length);
	return at === 0 ? [whole] : [selectRows(whole, rows.slice(0, at)), selectRows(whole, rows.slice(at))];
}

/** Choices, and the blocks of an answer that fits them. */
function answer(random: Random): { head: number[]; length: number; made: ResultBlock[]; texts: string[] } {
	const head = Array.from({ length: choiceBytes }, () => random.below(256));
	const { length } = columns[head[0]! % columns.length]!;
	const made = blocks(random, length, settings[head[1]! % settings.length]!.count);
	const texts = made.flatMap((block) =>
		Array.from({ length: block.length }, (_, row) =>
			JSON.stringify(hostResult(block, row, hosts[block.index[row]!]!, undefined)),
		),
	);
	return { head, length, made, texts };
}

const encoder = new TextEncoder();

export const answerJson: FuzzTarget = {
	name: 'answer-json',
	modules,
	dictionary: words,
	generate(random) {
		const { head, texts } = answer(random);
		return Uint8Array.from([...head, ...encoder.encode(`{"results":[${texts.join()}]}`)]);
	},
	run: (input) => readTwice(input, mediaTypes.json),
};

export const answerNdjson: FuzzTarget = {
	name: 'answer-ndjson',
	modules,
	dictionary: words,
	generate(random) {
		const { head, texts, length } = answer(random);
		if (random.below(2) === 0) texts.splice(random.below(length + 1), 0, '{"sent":true,"waitMs":3}');
		texts.push(`{"done":true,"results":${length}}`, '');
		return Uint8Array.from([...head, ...encoder.encode(texts.join('\n'))]);
	},
	run: (input) => readTwice(input, mediaTypes.ndjson),
};

export const answerFrames: FuzzTarget = {
	name: 'answer-frames',
	modules,
	dictionary: words,
	generate(random) {
		const { head, made, length } = answer(random);
		const frames = [
			markFrame({ worker: pick(random, [instance, instance, 'another']), hosts: length, request: requestId }),
			...made.map(encodeBlock),
			markFrame({ done: true, results: length }),
		];
		if (random.below(2) === 0) frames.splice(1 + random.below(2), 0, markFrame({ alive: true }));
		if (random.below(2) === 0) frames.splice(frames.length - 1, 0, markFrame({ sent: true, waitMs: 3 }));
		return Uint8Array.from([...head, ...frames.flatMap((frame) => [...frame])]);
	},
	run: (input) => readTwice(input, mediaTypes.frames),
};
