/** Gathers results into blocks: one row a block would cost a frame of the stream each. */
import { noLongerNeeded } from '../../shared/abort.ts';
import type { Clock } from '../../shared/clock.ts';
import { formatIp } from '../../shared/ip.ts';
import type { Reason, Status } from '../../shared/outcome.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import type { ResultBlock } from '../../shared/results.ts';
import { rttStats } from '../../shared/stats.ts';
import type { ProbeHost } from './probe.ts';

/** A block goes out when it has this many rows, or its first row has waited this long. */
const rowsMax = 256;
const waitMsMax = 5;

export interface HostTally {
	readonly status: Status;
	readonly reason: Reason | '';
	readonly sent: number;
	/** round-trip times of the received, in the order of sending */
	readonly rttsMs: readonly number[];
}

export interface ResultRowsOptions {
	readonly report: (block: ResultBlock) => void;
	/** whether blocks carry round-trip statistics */
	readonly statistics: boolean;
	readonly clock: Clock;
}

export class ResultRows {
	readonly #report: (block: ResultBlock) => void;
	readonly #statistics: boolean;
	readonly #clock: Clock;
	#rows: { host: ProbeHost; tally: HostTally }[] = [];
	#timer: AbortController | undefined;

	constructor({ report, statistics, clock }: ResultRowsOptions) {
		this.#report = report;
		this.#statistics = statistics;
		this.#clock = clock;
	}

	add(host: ProbeHost, tally: HostTally): void {
		this.#rows.push({ host, tally });
		if (this.#rows.length >= rowsMax) this.flush();
		else if (this.#timer === undefined) this.#flushSoon();
	}

	/** Reports what has been gathered. */
	flush(): void {
		const rows = this.#rows;
		this.discard();
		if (rows.length > 0) this.#report(blockOf(rows, this.#statistics));
	}

	/** Forgets what has been gathered; no timer is left. */
	discard(): void {
		this.#rows = [];
		this.#timer?.abort(noLongerNeeded);
		this.#timer = undefined;
	}

	#flushSoon(): void {
		const timer = new AbortController();
		this.#timer = timer;
		this.#clock.sleep(waitMsMax, timer.signal).then(
			() => this.flush(),
			() => undefined,
		);
	}
}

function blockOf(rows: readonly { host: ProbeHost; tally: HostTally }[], statistics: boolean): ResultBlock {
	const stats = rows.map(({ tally }) => rttStats(tally.rttsMs));
	// An address that the host was written as is left out: the reader has it already.
	const address = rows.map(({ host }) =>
		host.target.address === undefined && host.address !== undefined ? formatIp(host.address) : undefined,
	);
	return {
		length: rows.length,
		index: rows.map(({ host }) => host.index),
		status: rows.map(({ tally }) => statusCode(tally.status)),
		reason: rows.map(({ tally }) => reasonCode(tally.reason)),
		address: address.some((text) => text !== undefined) ? address : undefined,
		sent: rows.map(({ tally }) => tally.sent),
		received: rows.map(({ tally }) => tally.rttsMs.length),
		rttMs: stats.map((stat) => stat?.rttAvgMs ?? Number.NaN),
		rtt: statistics
			? {
					min: stats.map((stat) => stat?.rttMinMs ?? Number.NaN),
					max: stats.map((stat) => stat?.rttMaxMs ?? Number.NaN),
					jitter: stats.map((stat) => stat?.jitterMs ?? Number.NaN),
				}
			: undefined,
	};
}
