/** Databases to be exported: real files, written by the store. */
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../../master/store/sqlite.ts';
import { hostColumn } from '../../../shared/host-column.ts';
import { formatIpv4 } from '../../../shared/ip.ts';
import { reasonCode, statusCode } from '../../../shared/outcome.ts';
import type { ResultBlock } from '../../../shared/results.ts';

const checkedAtMs = Date.UTC(2026, 10, 22, 1, 2, 3, 4);

export interface FilledRun {
	readonly rows: number;
	/** Default: `finished`, or none for a run that is not over */
	readonly state?: 'finished' | 'failed' | 'running';
	/** Default: addresses */
	readonly hostAt?: (position: number) => string;
}

/** Adds a run in which every fifth host is down. @returns its id */
export async function addRun(
	path: string,
	{ rows, state = 'finished', hostAt = address }: FilledRun,
): Promise<number> {
	const store = openSqliteStore({ path });
	try {
		const run = { startedAtMs: checkedAtMs, total: rows, fingerprint: 'f', options: {} };
		const runId = await store.startRun(run);
		for (let from = 0; from < rows; from += 10_000) {
			const length = Math.min(10_000, rows - from);
			const positions = Uint32Array.from({ length }, (_, i) => from + i);
			const hosts = hostColumn(Array.from(positions, hostAt));
			const worker = 'http://10.9.9.9:8786';
			await store.append({ runId, worker, checkedAtMs, positions, hosts, block: block(length) });
		}
		await store.flush();
		if (state !== 'running') await store.finishRun(runId, { state, finishedAtMs: checkedAtMs + 1_000 });
		return runId;
	} finally {
		await store.close();
	}
}

function address(position: number): string {
	return formatIpv4(0x0a00_0000 + position);
}

function block(length: number): ResultBlock {
	const index = Uint32Array.from({ length }, (_, i) => i);
	const isDown = (row: number): boolean => row % 5 === 4;
	return {
		length,
		index,
		status: Uint8Array.from(index, (row) => statusCode(isDown(row) ? 'down' : 'up')!),
		reason: Uint8Array.from(index, (row) => (isDown(row) ? reasonCode('timeout')! : 0)),
		address: new Array<string | undefined>(length),
		sent: Uint16Array.from(index, (row) => (isDown(row) ? 2 : 1)),
		received: Uint16Array.from(index, (row) => (isDown(row) ? 0 : 1)),
		rttMs: Float64Array.from(index, (row) => (isDown(row) ? Number.NaN : 1.5)),
		rtt: undefined,
	};
}

/** Does to a database what nothing of ours would do. */
export function tamper(path: string, statements: readonly [sql: string, ...values: unknown[]][]): void {
	const db = new Database(path);
	try {
		for (const [sql, ...values] of statements) db.prepare(sql).run(...values);
	} finally {
		db.close();
	}
}

/** The fields of RFC 4180: what a spreadsheet's reader sees. */
export function parseCsv(text: string): string[][] {
	const records: string[][] = [];
	let record: string[] = [];
	for (const [, quoted, bare = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
		record.push(quoted?.replaceAll('""', '"') ?? bare);
		if (end === ',') continue;
		records.push(record);
		record = [];
	}
	return records;
}
