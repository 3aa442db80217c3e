/**
 * Rows as an Apache Parquet file: columns in row groups, compressed by Snappy, which every reader knows. A file is written
 * from front to back, its directory last, so it can be streamed; what is held is one row group.
 */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { columns } from './columns.ts';
import type { Encoded, RowEncoder } from './encoder.ts';
import type { ExportRow } from './read-rows.ts';

/** Small enough to be held, large enough to compress well: some megabytes. */
const groupRows = 32_768;

type Column = (typeof columns)[number];
type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
const milliseconds = { type: 'DOUBLE' } as const;
const number = { type: 'INT32' } as const;

/** `checked_at` is a time in UTC, to the millisecond; all others are what they are in the view `results`. */
const types: Readonly<Record<Column, Omit<SchemaElement, 'name'>>> = {
	run_id: number,
	host: text,
	status: text,
	reason: text,
	address: text,
	rtt_ms: milliseconds,
	sent: number,
	received: number,
	loss_percent: milliseconds,
	rtt_min_ms: milliseconds,
	rtt_max_ms: milliseconds,
	jitter_ms: milliseconds,
	worker: text,
	checked_at: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
};

const neverMissing: readonly Column[] = ['run_id', 'host', 'sent', 'received'];

const schema: SchemaElement[] = [
	{ name: 'results', num_children: columns.length },
	...columns.map((name) => ({
		name,
		repetition_type: neverMissing.includes(name) ? ('REQUIRED' as const) : ('OPTIONAL' as const),
		...types[name],
	})),
];

export function parquetEncoder(): RowEncoder {
	const bytes = new TakenBytes();
	const writer = new ParquetWriter({ writer: bytes, schema, createdBy: 'pingpool' });
	let held: ExportRow[] = [];
	const writeGroup = (): void => {
		const columnData = columns.map((name) => ({ name, data: held.map((row) => cellOf(row, name)) }));
		writer.write({ columnData, rowGroupSize: groupRows });
		held = [];
	};
	return {
		start: () => bytes.take(),
		rows(page) {
			for (const row of page) {
				held.push(row);
				if (held.length === groupRows) writeGroup();
			}
			return bytes.take();
		},
		end() {
			if (held.length > 0) writeGroup();
			writer.finish();
			return bytes.take();
		},
	};
}

function cellOf(row: ExportRow, name: Column): unknown {
	if (name !== 'checked_at' || row.checked_at === null) return row[name];
	return new Date(row.checked_at);
}

/** What was written since it was last taken. The offsets that the directory names go on counting. */
class TakenBytes extends ByteWriter {
	take(): Encoded {
		const taken = this.getBytes().slice();
		this.index = 0;
		return taken.length === 0 ? '' : taken;
	}
}
