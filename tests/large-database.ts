/**
 * Writes a database with millions of rows, by the real store: for tests in a browser, and for measurements.
 *
 *   node tests/large-database.ts --rows 5000000 --out large.db [--runs 2] [--order random] [--seed 1] [--running]
 *
 * The hosts are those of 10.0.0.0/8 in ascending order (or in a random one), with names, ports, URLs and IPv6
 * addresses among them. Each /24 has a nature of its own: how many of it are up, how far away it is. The runs are of
 * one list, and in each some hosts and some subnets do otherwise than before.
 */
import { parseArgs } from 'node:util';
import type { RunEvent } from '../master/events.ts';
import type { SaidEvent } from '../master/store/said.ts';
import { openSqliteStore } from '../master/store/sqlite.ts';
import type { Store } from '../master/store/store.ts';
import { endSaid, saidOf } from '../master/view/said.ts';
import { HostColumnBuilder } from '../shared/host-column.ts';
import { formatIpv4 } from '../shared/ip.ts';
import type { Reason, Status } from '../shared/outcome.ts';
import { reasonCode, statusCode } from '../shared/outcome.ts';
import type { ResultBlock } from '../shared/results.ts';

export interface LargeDatabase {
	readonly path: string;
	/** of each run, at most 2^24 */
	readonly rows: number;
	/** Default: 1 */
	readonly runs?: number;
	/** Default: `ascending` */
	readonly order?: 'ascending' | 'random';
	/** Default: 1 */
	readonly seed?: number;
	/** whether the newest run is left as if it were under way. Default: false */
	readonly isRunning?: boolean;
}

const rowsMax = 2 ** 24;
/** 10.0.0.0 */
const firstAddress = 0x0a00_0000;
/** Rows that one worker answers at a time. */
const chunkRows = 512;
const rowsPerSecond = 50_000;
const firstStartMs = Date.UTC(2026, 10, 20, 8, 0, 0);
const dayMs = 86_400_000;
const workers = [
	'http://10.255.0.1:8786',
	'http://10.255.0.2:8786',
	'https://probe-3.example.test:8786',
	'https://probe-4.example.test:8786',
	'embedded',
];

/** @returns the ids of its runs */
export async function writeLargeDatabase({
	path,
	rows,
	runs = 1,
	order = 'ascending',
	seed = 1,
	isRunning = false,
}: LargeDatabase): Promise<readonly number[]> {
	if (rows > rowsMax) throw new RangeError(`at most ${rowsMax} rows are expected, not ${rows}`);
	const store = openSqliteStore({ path });
	const ids: number[] = [];
	try {
		// In a database that is there already, time goes on.
		const first = (await store.lastRun())?.id ?? 0;
		for (let run = first; run < first + runs; run += 1) {
			const startedAtMs = firstStartMs + run * dayMs;
			const fingerprint = mix(seed, rows, order === 'random' ? 1 : 0)
				.toString(16)
				.padStart(64, '0');
			const options = { hosts: 'hosts.txt', probe: 'icmp', timeoutMs: 1_000, count: 1 };
			const runId = await store.startRun({ startedAtMs, total: rows, fingerprint, options });
			store.say(runId, { events: eventsOf(runId, startedAtMs, rows), leftOut: 0 });
			await fill(store, { runId, run, startedAtMs, rows, order, seed });
			ids.push(runId);
			if (isRunning && run === first + runs - 1) continue;
			const finishedAtMs = startedAtMs + Math.ceil((1_000 * rows) / rowsPerSecond);
			const said = { atMs: finishedAtMs, ...endSaid(runId, 'finished') };
			await store.finishRun(runId, { state: 'finished', finishedAtMs, said });
		}
		await store.flush();
	} finally {
		await store.close();
	}
	return ids;
}

/** What its master said at the beginning, and of a worker that was away for a while. */
function eventsOf(runId: number, startedAtMs: number, total: number): SaidEvent[] {
	const [worker, other] = [workers[2]!, workers[3]!];
	const message = 'broke off the connection (ECONNRESET)';
	const events: readonly (readonly [afterMs: number, event: RunEvent])[] = [
		[-900, { type: 'list-read', total, invalid: 0, duplicates: 3, excluded: 0 }],
		[-500, { type: 'worker-joined', worker, probes: ['icmp', 'tcp'], icmp: 'datagram' }],
		[-400, { type: 'worker-joined', worker: other, probes: ['icmp', 'tcp', 'http'], icmp: 'raw' }],
		[0, { type: 'run-started', runId, total }],
		[700, { type: 'worker-set-aside', worker, message, forMs: 2_000 }],
		[2_900, { type: 'worker-back', worker }],
	];
	return events.map(([afterMs, event]) => ({ atMs: startedAtMs + afterMs, ...saidOf(event)! }));
}

interface Filling {
	readonly runId: number;
	/** 0 for the first */
	readonly run: number;
	readonly startedAtMs: number;
	readonly rows: number;
	readonly order: 'ascending' | 'random';
	readonly seed: number;
}

async function fill(store: Store, filling: Filling): Promise<void> {
	const { runId, run, startedAtMs, rows, order, seed } = filling;
	for (let from = 0; from < rows; from += chunkRows) {
		const length = Math.min(chunkRows, rows - from);
		const positions = new Uint32Array(length);
		const hosts = new HostColumnBuilder(length);
		const block = newBlock(length);
		for (let row = 0; row < length; row += 1) {
			const position = from + row;
			// Odd factors permute what is below a power of two.
			const place = order === 'random' ? (Math.imul(position, 0x9e37_79b1) >>> 0) & (rowsMax - 1) : position;
			positions[row] = position;
			const text = textAt(position, place);
			if (text === undefined) hosts.addIpv4(firstAddress + place);
			else hosts.addText(text);
			decide(block, row, { place, run, seed, text });
		}
		await store.append({
			runId,
			worker: workers[mix(seed, run, from) % workers.length]!,
			checkedAtMs: startedAtMs + Math.floor((1_000 * from) / rowsPerSecond) + (mix(seed, from, 7) % 300),
			positions,
			hosts: hosts.finish(),
			block,
		});
	}
}

function newBlock(length: number) {
	return {
		length,
		index: Uint32Array.from({ length }, (_, i) => i),
		status: new Uint8Array(length),
		reason: new Uint8Array(length),
		address: new Array<string | undefined>(length).fill(undefined),
		sent: new Uint16Array(length),
		received: new Uint16Array(length),
		rttMs: new Float64Array(length).fill(Number.NaN),
		rtt: undefined,
	} satisfies ResultBlock;
}

/** The host where it is no bare IPv4 address: one in 64 is not. */
function textAt(position: number, place: number): string | undefined {
	if (position % 64 !== 63) return undefined;
	switch (Math.floor(position / 64) % 4) {
		case 0:
			return `host-${place}.example.test`;
		case 1:
			return `fd00::${(place >>> 16).toString(16)}:${(place & 0xffff || 1).toString(16)}`;
		case 2:
			return `www-${place}.example.test:443`;
		default:
			return `https://api-${place}.example.test/Health?of=100%25_a`;
	}
}

interface Decided {
	readonly place: number;
	readonly run: number;
	readonly seed: number;
	readonly text: string | undefined;
}

function decide(block: ReturnType<typeof newBlock>, row: number, { place, run, seed, text }: Decided): void {
	const subnet = place >>> 8;
	const nature = mix(seed, subnet, 1);
	// In later runs, one host in 200 draws its lot anew, and one subnet in 100 is further away.
	const luck = run > 0 && mix(seed, place, 100 + run) % 200 === 0 ? run : 0;
	const slower = run > 0 && mix(seed, subnet, 200 + run) % 100 === 0 ? 3 : 1;
	const draw = mix(seed, place, 300 + luck);
	const put = (status: Status, reason: Reason | '', sent: number, received: number): void => {
		block.status[row] = statusCode(status);
		block.reason[row] = reasonCode(reason);
		block.sent[row] = sent;
		block.received[row] = received;
	};
	if (text?.includes('.test') === true) {
		if (draw % 10 === 0) {
			put('unresolved', draw % 3 === 0 ? 'dns-timeout' : 'dns-not-found', 0, 0);
			return;
		}
		block.address[row] = formatIpv4(0xc000_0200 + (draw & 0xff));
	}
	if (draw % 200_000 === 0) put('error', 'no-buffers', 0, 0);
	else if (nature % 97 === 0) put('denied', 'deny-list', 0, 0);
	else if (nature % 13 === 0) put('down', 'host-unreachable', 1, 0);
	else if (draw % 100 >= 20 + (nature % 80))
		put('down', draw % 5 === 0 ? 'net-unreachable' : 'timeout', 2, 0);
	else {
		const tries = draw % 50 === 0 ? 2 : 1;
		put('up', '', tries, 1);
		const baseMs = 0.2 * 2 ** ((nature >>> 8) % 10);
		const jitter = 1 + (mix(seed, place, 400 + run) % 1_000) / 4_000;
		block.rttMs[row] = Math.round(1_000 * baseMs * slower * jitter) / 1_000;
	}
}

/** A number from 0 to 2^32 - 1 that looks like chance: three rounds of murmur3's finalizer. */
function mix(seed: number, a: number, b: number): number {
	return scramble(scramble(scramble(seed ^ 0x5bd1_e995) ^ a) ^ b) >>> 0;
}

function scramble(value: number): number {
	let x = value | 0;
	x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
	x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
	return x ^ (x >>> 16);
}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			rows: { type: 'string' },
			out: { type: 'string' },
			runs: { type: 'string', default: '1' },
			order: { type: 'string', default: 'ascending' },
			seed: { type: 'string', default: '1' },
			running: { type: 'boolean', default: false },
		},
	});
	const { rows, out, runs, order, seed, running } = values;
	if (rows === undefined || out === undefined) throw new RangeError('--rows and --out are expected');
	const startMs = performance.now();
	const ids = await writeLargeDatabase({
		path: out,
		rows: Number(rows),
		runs: Number(runs),
		order: order === 'random' ? 'random' : 'ascending',
		seed: Number(seed),
		isRunning: running,
	});
	const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
	process.stdout.write(`${out}: runs ${ids.join(', ')} of ${rows} rows in ${seconds} s\n`);
}

if (import.meta.main) await main();
