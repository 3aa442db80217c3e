/** A master's run as a turn of a contender: its rate is that of the whole process, start and end included. */
import type { Turn } from '../bench.ts';
import type { MasterResult } from './master-process.ts';

export function masterTurn(result: MasterResult): Turn {
	const { hosts, up, seconds, runSeconds, cpuSeconds, memoryPeakBytes, databaseBytes } = result;
	return {
		...{ hosts, up, seconds },
		figures: {
			'run s': runSeconds,
			'CPU s': cpuSeconds,
			'peak MB': memoryPeakBytes / 1e6,
			'database bytes/host': databaseBytes / hosts,
		},
	};
}
