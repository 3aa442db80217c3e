/** What a worker answers to POST /ping, read frame by frame or line by line, so that what a broken connection
 * delivered is kept. */
import type { BlockMemory } from '../shared/columns.ts';
import { decodeBlock } from '../shared/columns.ts';
import type { Frame } from '../shared/frames.ts';
import { FrameSplitter, frameKinds } from '../shared/frames.ts';
import type { HostColumn } from '../shared/host-column.ts';
import { hostTexts } from '../shared/host-column.ts';
import { heartbeatMs, requestDeadlineMsMax, requestMsMax } from '../shared/limits.ts';
import { statusCode } from '../shared/outcome.ts';
import type { StreamHead } from '../shared/protocol.ts';
import { mediaTypes } from '../shared/protocol.ts';
import type { ResultBlock } from '../shared/results.ts';
import { workerLoadSchema } from '../shared/worker-load.ts';
import type { AskedOfWorker } from './answer-identity.ts';
import { checkName, headIn } from './answer-identity.ts';
import { boundedBytes, readAll, smallBodyBytesMax } from './bounded-body.ts';
import type { PingCall } from './dispatch/worker-link.ts';
import { WorkerFailure } from './dispatch/worker-link.ts';
import { LineSplitter } from './line-splitter.ts';
import { blockOfResults } from './result-objects.ts';
import { invalid, parseJson, printable } from './worker-failures.ts';

/** A line is one result, a frame at most a whole batch: 16,384 hosts with statistics and IPv6 addresses. */
const lineCharsMax = 64 * 1024;
const frameBytesMax = 2 * 1024 * 1024;
/** Signs of life for as long as a request can take, of 320 bytes each: one that carries the worker's load has about
 * 200. */
const marksBytesMax = (320 * requestDeadlineMsMax) / heartbeatMs;
/** How far above the timeout a round-trip time may be: timers of a loaded worker are late. */
const lateMsMax = 10_000;

/** By how much times that were rounded to microseconds may be apart. */
const roundedMs = 0.002;

const answerForms = new Set<string>([mediaTypes.frames, mediaTypes.ndjson, mediaTypes.json]);

export interface AnswerReaderOptions {
	readonly call: PingCall;
	readonly asked: AskedOfWorker;
	/** what blocks are decoded into; may be shared, as each is taken before the next is decoded */
	readonly memory: BlockMemory;
}

/** Reads any of the three forms of an answer; every row is checked before it is believed. */
export class AnswerReader {
	readonly #call: PingCall;
	readonly #asked: AskedOfWorker;
	readonly #seen: Uint8Array;
	readonly #rttMsMax: number;
	readonly #memory: BlockMemory;
	#positions: Map<string, number[]> | undefined;
	#results = 0;
	#hasHead = false;
	#sent = false;
	#done = false;

	constructor({ call, asked, memory }: AnswerReaderOptions) {
		this.#memory = memory;
		this.#call = call;
		this.#asked = asked;
		this.#seen = new Uint8Array(call.hosts.length);
		this.#rttMsMax = call.settings.timeoutMs + lateMsMax;
	}

	/** @param named which request the header of the answer says that it is to */
	async read(body: AsyncIterable<Uint8Array>, contentType: string, named: unknown): Promise<void> {
		const type = contentType.split(';')[0]!.trim().toLowerCase();
		if (!answerForms.has(type)) {
			throw invalid(`answered with ${printable(type) || 'no content type'}: not a pingpool worker`);
		}
		// The head of the frames says it as well; a proxy may have left the header out.
		if (type !== mediaTypes.frames || named !== undefined) checkName(named, this.#asked);
		this.#call.onAlive(false);
		const bounded = boundedBytes(body, this.#call.hosts.length * 4096 + smallBodyBytesMax + marksBytesMax);
		if (type === mediaTypes.json) {
			this.#takeWhole(await readAll(bounded));
		} else if (type === mediaTypes.frames) {
			const frames = new FrameSplitter(frameBytesMax);
			for await (const bytes of bounded) {
				for (const frame of frames.push(bytes)) this.#takeFrame(frame);
				if (frames.isBroken) throw invalid('sent what is no stream of frames');
			}
		} else {
			const lines = new LineSplitter(lineCharsMax);
			for await (const bytes of bounded) {
				for (const text of lines.push(bytes)) this.#takeLine(text);
				if (lines.isBroken) throw invalid('sent a longer line than a result can have');
			}
		}
		if (!this.#done) throw new WorkerFailure('broken', 'broke off its answer');
		if (this.#results !== this.#call.hosts.length) {
			throw invalid(`answered for ${this.#results} of ${this.#call.hosts.length} hosts`);
		}
	}

	#takeFrame({ kind, payload }: Frame): void {
		if (this.#done) throw invalid('went on after the end of its answer');
		if (kind === frameKinds.mark) {
			const mark = parseJson(Buffer.from(payload).toString('utf8'), 'POST /ping');
			if (typeof mark !== 'object' || mark === null) throw invalid('answered nonsense: a mark is no object');
			const head = headIn(mark);
			if (!this.#hasHead) this.#takeHead(head);
			else if (head === undefined) this.#takeMark(mark);
			else throw invalid('sent the head of another answer');
			return;
		}
		// A newer worker may have more to say; what this one has to, its end proves.
		if (kind !== frameKinds.block) return;
		if (!this.#hasHead) throw invalid('sent results before it said whose they are');
		const block = decodeBlock(payload, this.#call.hosts.length, this.#rttMsMax, this.#memory);
		if (typeof block === 'string') throw invalid(`answered nonsense: ${block}`);
		this.#takeBlock(block);
	}

	#takeHead(head: StreamHead | undefined): void {
		if (head === undefined) throw invalid('answered nonsense: its answer has no head');
		checkName(head.request, this.#asked);
		if (head.hosts !== this.#call.hosts.length) throw invalid('answered another request than ours');
		this.#hasHead = true;
		this.#call.onAlive(false);
		if (this.#asked.instance !== undefined && head.worker !== this.#asked.instance) this.#call.onRestarted();
	}

	#takeLine(text: string): void {
		if (text === '') return;
		if (this.#done) throw invalid('went on after the end of its answer');
		const line = parseJson(text, 'POST /ping');
		if (!this.#takeMark(line)) this.#takeObjects([line]);
	}

	#takeWhole(text: string): void {
		let value: unknown;
		try {
			value = JSON.parse(text);
		} catch (error) {
			// Without a length, an answer that was cut looks like one that ended.
			throw new WorkerFailure('broken', 'broke off its answer', { cause: error });
		}
		const results = (value as { results?: unknown } | null)?.results;
		if (!Array.isArray(results)) throw invalid('is not a pingpool worker (POST /ping has no results)');
		if (results.length > 0) this.#takeObjects(results);
		this.#done = true;
	}

	#takeObjects(results: readonly unknown[]): void {
		this.#positions ??= positionsByHost(this.#call.hosts);
		const block = blockOfResults(results, this.#positions, this.#rttMsMax);
		if (typeof block === 'string') throw invalid(`answered nonsense: ${block}`);
		this.#takeBlock(block);
	}

	/** The lines that are no results: signs of life, "all sent", and the end. */
	#takeMark(line: unknown): boolean {
		if (typeof line !== 'object' || line === null) return false;
		type MarkKey = 'alive' | 'holding' | 'done' | 'sent' | 'results' | 'waitMs' | 'load';
		const mark = line as { [key in MarkKey]?: unknown };
		const isEnd = mark.done === true;
		if (!isEnd && mark.sent !== true && mark.alive !== true) return false;
		this.#call.onAlive(mark.holding === true);
		if (!this.#sent && typeof mark.waitMs === 'number' && mark.waitMs >= 0 && mark.waitMs <= requestMsMax) {
			this.#sent = true;
			this.#call.onSent(mark.waitMs);
		}
		if (mark.load !== undefined) {
			const load = workerLoadSchema.safeParse(mark.load);
			if (!load.success) throw invalid('says nonsense of its load');
			this.#call.onLoad(load.data);
		}
		if (isEnd) {
			if (mark.results !== this.#results) {
				// Not any value as text: an object can be made whose text is an error.
				const said = typeof mark.results === 'number' ? mark.results : 'no number of';
				throw invalid(`says it sent ${said} results, ${this.#results} arrived`);
			}
			this.#done = true;
		}
		return true;
	}

	#takeBlock(block: ResultBlock): void {
		const { count, attempts } = this.#call.settings;
		if (block.rtt !== undefined && count === 1) throw invalid('answered nonsense: statistics of one probe');
		const sentMax = count > 1 ? count : attempts;
		for (let row = 0; row < block.length; row += 1) {
			const position = block.index[row]!;
			if (this.#seen[position] === 1) throw invalid('answered twice for one host');
			this.#seen[position] = 1;
			const problem = implausible(block, row, sentMax) ?? implausibleTimes(block, row);
			if (problem !== undefined) throw invalid(`answered nonsense: ${problem}`);
		}
		this.#results += block.length;
		this.#call.onAlive(false);
		this.#call.onBlock(block);
	}
}

const [up, down, error] = [statusCode('up'), statusCode('down'), statusCode('error')];

/**
 * What can not be, whatever the host did. Above all, nobody is down without a probe that left; but one may have
 * left before an error.
 *
 * @param sentMax probes that were asked for
 */
function implausible(block: ResultBlock, row: number, sentMax: number): string | undefined {
	const status = block.status[row]!;
	const sent = block.sent[row]!;
	const received = block.received[row]!;
	const isTimed = !Number.isNaN(block.rttMs[row]!);
	if (sent > sentMax) return 'more probes than were asked for';
	if (received > sent) return 'more answers than probes';
	if (status === up) {
		if (received === 0) return 'a host is up without an answer';
		if (!isTimed) return 'a host is up without a round-trip time';
		return block.reason[row] === 0 ? undefined : 'a host is up, with a reason why not';
	}
	if (received > 0 || isTimed) return 'a host has answered and is not up';
	if (status === down) return sent === 0 ? 'a host is down without a probe' : undefined;
	return sent > 0 && status !== error ? 'a host was probed that could not be' : undefined;
}

/** Of a series, the mean lies between the lowest and the highest time, and without it there are none. */
function implausibleTimes({ rttMs, rtt }: ResultBlock, row: number): string | undefined {
	if (rtt === undefined) return undefined;
	const [mean, min, max] = [rttMs[row]!, rtt.min[row]!, rtt.max[row]!];
	if (Number.isNaN(mean)) return Number.isNaN(min) && Number.isNaN(max) ? undefined : 'times of no answers';
	const isWithin = min <= mean + roundedMs && mean <= max + roundedMs;
	return isWithin ? undefined : 'a mean round-trip time is beyond the others';
}

function positionsByHost(hosts: HostColumn): Map<string, number[]> {
	const positions = new Map<string, number[]>();
	for (const [position, host] of hostTexts(hosts).entries()) {
		const known = positions.get(host);
		if (known === undefined) positions.set(host, [position]);
		else known.push(position);
	}
	return positions;
}
