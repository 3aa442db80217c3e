/** `pingpool export --format parquet`, read again by a reader that knows nothing of us. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../../../master/export/cli.ts';
import { sizeOf } from '../../requirements.ts';
import { printed } from '../../security/capture.ts';
import { addRun } from './export-fixture.ts';

/** More than one row group. */
const rows = sizeOf({ usual: 35_000, ci: 70_000, long: 70_000 });
const rowsOfGroup = 32_768;
let folder: string;
let db: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-parquet-'));
	db = join(folder, 'hosts.db');
	await addRun(db, {
		rows,
		hostAt: (i) => (i % 1_000 === 0 ? `=😀\u202e${i}.test` : `10.0.${i >> 8}.${i & 255}`),
	});
	await addRun(db, { rows: 0 });
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
	return printed(main, ['--db', db, ...args]);
}

it('holds what the lines of JSON hold, in groups of rows, with times as times', async () => {
	const file = join(folder, 'run.parquet');
	expect(await run('--run', '1', '--format', 'parquet', '-o', file)).toMatchObject({ code: 0 });
	const json = await run('--run', '1', '--format', 'jsonl');
	const source = await asyncBufferFromFile(file);
	const read = await parquetReadObjects({ file: source });
	expect(read).toHaveLength(rows);
	const lines = json.stdout.trimEnd().split('\n');
	// A Date becomes the text that the lines have.
	expect(read.map((row) => JSON.stringify(row))).toEqual(
		lines.map((line) => JSON.stringify(JSON.parse(line))),
	);
	const { row_groups, created_by } = await parquetMetadataAsync(source);
	const full = Math.floor(rows / rowsOfGroup);
	expect(row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([
		...Array(full).fill(rowsOfGroup),
		rows - full * rowsOfGroup,
	]);
	expect(created_by).toBe('pingpool');
	// A file with a run of this size as CSV has some megabytes.
	expect(source.byteLength).toBeLessThan(1_500_000);
});

it('has the rows of the statuses that were asked for, and its columns when there is none', async () => {
	const file = join(folder, 'down.parquet');
	expect((await run('--run', '1', '--status', 'down', '--format', 'parquet', '-o', file)).code).toBe(0);
	const read = await parquetReadObjects({ file: await asyncBufferFromFile(file) });
	expect(read).toHaveLength(rows / 5);
	expect(new Set(read.map(({ status }) => status))).toEqual(new Set(['down']));
	expect((await run('--run', '2', '--format', 'parquet', '-o', file)).code).toBe(0);
	const empty = await asyncBufferFromFile(file);
	expect(await parquetReadObjects({ file: empty })).toEqual([]);
	expect((await parquetMetadataAsync(empty)).schema.map(({ name }) => name)).toContain('checked_at');
	expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('is not written to a terminal', async () => {
	const { isTTY } = process.stdout;
	process.stdout.isTTY = true;
	try {
		const { code, stdout, stderr } = await run('--format', 'parquet');
		expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
		expect(stderr).toContain('pingpool export --format parquet -o results.parquet');
	} finally {
		process.stdout.isTTY = isTTY;
	}
});
