/**
 * Rows of one run between two commits, in columns, in the order in which workers answered, and what the run said
 * meanwhile. The numbers are on shared memory, so that the thread that writes the database reads them where the
 * master's put them; the few texts beside them go along as messages.
 */
import { hostAt } from '../../shared/host-column.ts';
import { formatIp } from '../../shared/ip.ts';
import type { ResultBlock } from '../../shared/results.ts';
import { parseTarget } from '../../shared/target.ts';
import { packOutcome } from './outcome-code.ts';
import type { Said } from './said.ts';
import { SaidList } from './said.ts';
import type { StoredRows } from './store.ts';

/** Rows of one transaction: twice what the dispatcher shuffles together, so that most rows are appended. More would
 * sort better still, but wait longer to be committed and hold more when a process dies. */
export const rowsPerCommit = 32_768;

/** Round-trip statistics of one row, in µs; NaN for none. */
export interface RowStats {
	readonly minUs: number;
	readonly maxUs: number;
	readonly jitterUs: number;
}

/** What a buffer holds beyond its shared memory: everything by place, most places have nothing. */
export interface RowTexts {
	/** hosts that are no bare IPv4 addresses, joined by line feeds, which no canonical target has in it */
	readonly hosts: string | undefined;
	readonly addresses: readonly (readonly [number, string])[];
	readonly stats: readonly (readonly [number, RowStats])[];
	/** what the run said meanwhile */
	readonly said: Said;
}

export class RowBuffer {
	length = 0;
	readonly memory: SharedArrayBuffer;
	/** whole numbers below 2^53 (outcome-code.ts) */
	readonly outcome: Float64Array;
	readonly checkedAtMs: Float64Array;
	/** NaN for none */
	readonly rttUs: Float64Array;
	readonly position: Uint32Array;
	/** a bare IPv4 host, unless there is a text */
	readonly ipv4: Uint32Array;
	#text: (string | undefined)[] | undefined;
	/** most addresses are the host itself */
	readonly address: Map<number, string>;
	/** only runs with count above 1 have them */
	readonly stats: Map<number, RowStats>;
	/** what the run said between the two commits */
	readonly said = new SaidList();

	/** @param shared another buffer's memory and texts, to read its `length` rows */
	constructor(shared?: { memory: SharedArrayBuffer; length: number; texts: RowTexts }) {
		this.memory = shared?.memory ?? new SharedArrayBuffer(rowsPerCommit * (3 * 8 + 2 * 4));
		const doubles = (column: number) =>
			new Float64Array(this.memory, column * 8 * rowsPerCommit, rowsPerCommit);
		const words = (column: number) =>
			new Uint32Array(this.memory, (3 * 8 + column * 4) * rowsPerCommit, rowsPerCommit);
		this.outcome = doubles(0);
		this.checkedAtMs = doubles(1);
		this.rttUs = doubles(2);
		this.position = words(0);
		this.ipv4 = words(1);
		this.length = shared?.length ?? 0;
		this.#text = shared?.texts.hosts?.split('\n').map((text) => text || undefined);
		this.address = new Map(shared?.texts.addresses);
		this.stats = new Map(shared?.texts.stats);
		if (shared !== undefined) this.said.addAll(shared.texts.said);
	}

	get isEmpty(): boolean {
		return this.length === 0 && this.said.isEmpty;
	}

	get full(): boolean {
		return this.length === rowsPerCommit;
	}

	/** The text of the host at a place; `undefined` for a bare IPv4 address. */
	textAt(place: number): string | undefined {
		return this.#text?.[place];
	}

	/** What goes along with the memory. */
	texts(): RowTexts {
		return {
			hosts: this.#text?.map((text) => text ?? '').join('\n'),
			addresses: [...this.address],
			stats: [...this.stats],
			said: { events: this.said.events, leftOut: this.said.leftOut },
		};
	}

	/**
	 * Adds row `row` of some; the buffer must not be full.
	 *
	 * @param worker what the outcome keeps of the worker: a number below 2^23
	 * @throws RangeError for a row that no database should hold; the buffer is as before
	 */
	add({ block, hosts, positions, checkedAtMs }: StoredRows, row: number, worker: number): void {
		const outcome = packOutcome(
			block.status[row]!,
			block.reason[row]!,
			block.sent[row]!,
			block.received[row]!,
			worker,
		);
		const place = this.length;
		const at = block.index[row]!;
		const text = hosts.texts?.[at];
		this.outcome[place] = outcome;
		this.checkedAtMs[place] = checkedAtMs;
		this.rttUs[place] = Math.round(block.rttMs[row]! * 1000);
		this.position[place] = positions[at]!;
		this.ipv4[place] = hosts.ipv4[at]!;
		if (text !== undefined) this.#text ??= new Array<string | undefined>(place).fill(undefined);
		this.#text?.push(text);
		const probed = block.address?.[row];
		if (text !== undefined || probed !== undefined) {
			const address = addressToKeep(hostAt(hosts, at), probed);
			if (address !== undefined) this.address.set(place, address);
		}
		if (block.rtt !== undefined) this.stats.set(place, statsOf(block.rtt, row));
		this.length += 1;
	}

	clear(): void {
		this.#text = undefined;
		this.address.clear();
		this.stats.clear();
		this.said.clear();
		this.length = 0;
	}
}

function statsOf({ min, max, jitter }: NonNullable<ResultBlock['rtt']>, row: number): RowStats {
	return {
		minUs: Math.round(min[row]! * 1000),
		maxUs: Math.round(max[row]! * 1000),
		jitterUs: Math.round(jitter[row]! * 1000),
	};
}

/** The address that was probed, unless it is the host's own text; read from it where it stands beside a port. */
function addressToKeep(host: string, probed: string | undefined): string | undefined {
	if (probed !== undefined) return probed === host ? undefined : probed;
	if (!host.includes(':')) return undefined;
	const { address } = parseTarget(host);
	const text = address === undefined ? undefined : formatIp(address);
	return text === host ? undefined : text;
}
