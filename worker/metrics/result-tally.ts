/** Counts what became of hosts, by probe, status and reason, and their round-trip times: block by block, in numbers that
 * lie side by side, so that a row costs two additions. */
import { reasons, statuses } from '../../shared/outcome.ts';
import type { ResultBlock } from '../../shared/results.ts';
import type { ProbeName } from '../../shared/target.ts';
import { probeNames } from '../../shared/target.ts';
import type { BatchPlan } from '../plan.ts';
import { LogHistogram } from './log-histogram.ts';

/** From 64 µs to 67 s, which is above the longest timeout. */
const rttBuckets = { first: 6, last: 26 };

export class ResultTally {
	/** of each probe, how often each status came with each reason */
	readonly #outcomes = probeNames.map(() => new Float64Array(statuses.length * reasons.length));
	readonly #rtts = probeNames.map(() => new LogHistogram(rttBuckets));

	/** @returns takes the blocks of results of a request */
	taker(plan: BatchPlan): (block: ResultBlock) => void {
		const named = plan.others.find(({ probe }) => probe !== plan.settings.probe);
		if (named === undefined) return this.#takerOf(plan.settings.probe);
		return this.#mixedTaker(plan);
	}

	/** Hosts that had this status for this reason; position 0 of `reasons` stands for none. */
	hostsOf(probe: ProbeName, status: number, reason: number): number {
		return this.#outcomes[probeNames.indexOf(probe)]![status * reasons.length + reason]!;
	}

	/** Round-trip times of hosts that were up: of several probes of one host, their mean. */
	rtts(probe: ProbeName): LogHistogram {
		return this.#rtts[probeNames.indexOf(probe)]!;
	}

	#takerOf(probe: ProbeName): (block: ResultBlock) => void {
		const code = probeNames.indexOf(probe);
		const outcomes = this.#outcomes[code]!;
		const rtts = this.#rtts[code]!;
		return ({ length, status, reason, rttMs }) => {
			for (let row = 0; row < length; row += 1) {
				outcomes[status[row]! * reasons.length + reason[row]!]! += 1;
				const ms = rttMs[row]!;
				if (ms >= 0) rtts.observe(ms);
			}
		};
	}

	/** For a request whose hosts are for several probes: row by row it is asked which. */
	#mixedTaker({ others, copies, settings, hosts }: BatchPlan): (block: ResultBlock) => void {
		const probes = new Uint8Array(hosts.length).fill(probeNames.indexOf(settings.probe));
		for (const { index, probe } of others) {
			const code = probeNames.indexOf(probe);
			probes[index] = code;
			for (const copy of copies.get(index) ?? []) probes[copy] = code;
		}
		return ({ length, index, status, reason, rttMs }) => {
			for (let row = 0; row < length; row += 1) {
				const code = probes[index[row]!]!;
				this.#outcomes[code]![status[row]! * reasons.length + reason[row]!]! += 1;
				const ms = rttMs[row]!;
				if (ms >= 0) this.#rtts[code]!.observe(ms);
			}
		};
	}
}
