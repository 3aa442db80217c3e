/** The columns of an export, in their order. */
import type { ExportRow } from './read-rows.ts';

export const columns = [
	'run_id',
	'host',
	'status',
	'reason',
	'address',
	'rtt_ms',
	'sent',
	'received',
	'loss_percent',
	'rtt_min_ms',
	'rtt_max_ms',
	'jitter_ms',
	'worker',
	'checked_at',
] as const satisfies readonly (keyof ExportRow)[];
