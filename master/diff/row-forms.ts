/** Changes as rows: for a spreadsheet, and for programs. */
import type { Change, ChangeSide } from '../../shared/dashboard-api.ts';
import { csvField, jsonText } from '../../shared/display.ts';

export interface RowForm {
	/** what comes before the first row */
	readonly head: string;
	/** a change, with its line break */
	row(change: Change): string;
}

const sideColumns = ['status', 'reason', 'rtt_ms', 'worker'] as const;

export const rowForms: Readonly<Record<'csv' | 'jsonl', RowForm>> = {
	/** RFC 4180; what is not there is empty */
	csv: {
		head: `${['kind', 'host', ...sides('before'), ...sides('after')].join(',')}\r\n`,
		row: ({ kind, host, before, after }) =>
			`${[kind, csvField(host), ...csvSide(before), ...csvSide(after)].join(',')}\r\n`,
	},
	/** texts are exactly what they are in the database */
	jsonl: {
		head: '',
		row: ({ kind, host, before, after }) =>
			`${jsonText({ kind, host, before: jsonSide(before), after: jsonSide(after) })}\n`,
	},
};

function sides(prefix: string): string[] {
	return sideColumns.map((column) => `${prefix}_${column}`);
}

function csvSide(side: ChangeSide | null): (string | number)[] {
	if (side === null) return sideColumns.map(() => '');
	const { status, reason, rttMs, worker } = side;
	return [csvField(status), csvField(reason ?? ''), rttMs ?? '', csvField(worker ?? '')];
}

function jsonSide(side: ChangeSide | null): object | null {
	if (side === null) return null;
	const { status, reason, rttMs, worker } = side;
	return { status, reason, rtt_ms: rttMs, worker };
}
