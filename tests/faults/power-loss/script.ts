/** What the process that is traced does to its database, known to it and to whoever looks at what was left. */
import type { StoredRows } from '../../../master/store/store.ts';
import { hostColumn } from '../../../shared/host-column.ts';
import { reasonCode, statusCode } from '../../../shared/outcome.ts';
import { createRandom } from '../../../shared/random.ts';

export interface ScriptSize {
	/** times that the database is opened and closed */
	readonly lives: number;
	/** commits of a life */
	readonly commits: number;
	/** the most rows of a commit */
	readonly rowsMax: number;
	/** characters that a host's text is filled up to; long ones fill the log sooner */
	readonly hostLength: number;
	/** the log is copied back by a second connection after so many commits; 0 leaves that to the store */
	readonly checkpointEvery: number;
}

export interface Script extends ScriptSize {
	/** rows in the database after each commit; the first entry is 0 */
	readonly rowsAfter: readonly number[];
}

export const runOptions = { probe: 'icmp', port: null };

export function createScript(seed: number, size: ScriptSize): Script {
	const random = createRandom(seed);
	const rowsAfter = [0];
	for (let commit = 0; commit < size.lives * size.commits; commit += 1) {
		rowsAfter.push(rowsAfter.at(-1)! + 1 + random.below(size.rowsMax));
	}
	return { ...size, rowsAfter };
}

/** Of each position: nothing of a row can be another's without being seen. */
export function hostOf(position: number, hostLength: number): string {
	if (hostLength === 0 && position % 5 !== 0)
		return `10.${position >> 16}.${(position >> 8) & 255}.${position & 255}`;
	return `h${position}.example.com`.padStart(hostLength, 'x');
}

/** Whole milliseconds; `undefined` for a host that is down. */
export function rttMsOf(position: number): number | undefined {
	return position % 7 === 0 ? undefined : 1 + (position % 1_000);
}

/** Rows of positions `from` to `to - 1`. */
export function rowsBetween(runId: number, from: number, to: number, hostLength: number): StoredRows {
	const positions = Uint32Array.from({ length: to - from }, (_, i) => from + i);
	const rtts = Array.from(positions, rttMsOf);
	const { length } = positions;
	return {
		runId,
		worker: 'w1',
		checkedAtMs: 2_000,
		positions,
		hosts: hostColumn(Array.from(positions, (position) => hostOf(position, hostLength))),
		block: {
			length,
			index: positions.map((_, i) => i),
			status: rtts.map((rtt) => statusCode(rtt === undefined ? 'down' : 'up')),
			reason: rtts.map((rtt) => reasonCode(rtt === undefined ? 'timeout' : '')),
			address: undefined,
			sent: new Uint16Array(length).fill(1),
			received: rtts.map((rtt) => (rtt === undefined ? 0 : 1)),
			rttMs: rtts.map((rtt) => rtt ?? Number.NaN),
			rtt: undefined,
		},
	};
}
