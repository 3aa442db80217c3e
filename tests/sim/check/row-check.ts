/** What must hold of rows that are kept: invariants 1, 3, 6, 7, 10, 13 and 15. */
import type { AnsweredRows } from '../../../master/dispatch/rules/rules-io.ts';
import { reasons, statuses } from '../../../shared/outcome.ts';
import type { Fault } from '../swarm.ts';
import type { World } from '../world/world.ts';
import type { Life } from './life.ts';
import { mustHold } from './violation.ts';

/** Requests in which a host may be lost before it is an error. */
const dispatchesMax = 3;
/** Faults by which hosts that went out may have no answer. Without them, only what is their own is lost. */
const losingFaults: readonly Fault[] = [
	'request-lost',
	'answer-lost',
	'cut',
	'rejected',
	'server-error',
	'invalid',
	'drip',
	'crash',
	'vanish',
	'freeze',
	'slow',
	'troubled',
	'blackhole',
	'leave',
	'blind-spots',
];

/** @returns how many of the rows are errors */
export function checkRows(
	world: World,
	life: Life,
	rows: AnsweredRows,
	id: number | undefined,
	activeMs: number,
): number {
	const { positions, hosts, block, worker } = rows;
	const flight = id === undefined ? undefined : life.flights.get(id);
	mustHold(id === undefined || flight !== undefined, 6, () => `late words of request #${id} count`);
	mustHold(
		(worker === 'master') === (id === undefined),
		3,
		() => `rows of ${worker} come from somebody else`,
	);
	mustHold(block.length > 0, 3, 'no rows are kept');
	let errors = 0;
	for (let row = 0; row < block.length; row += 1) {
		const at = block.index[row]!;
		const position = positions[at]!;
		mustHold(life.listed[position] === 1, 3, () => `host ${position} has a row, and was never read`);
		mustHold(
			id === undefined || life.askedOf[position] !== 0,
			3,
			() => `host ${position} has a row, and was not asked`,
		);
		mustHold(
			world.truths.isHostOf(position, hosts, at),
			3,
			() => `position ${position} has the row of another host`,
		);
		mustHold(life.rows[position] === 0, 1, () => `host ${position} has two rows`);
		life.rows[position] = 1;
		if (statuses[block.status[row]!] === 'error') {
			errors += 1;
			checkError(world, life, { position, rows, row, activeMs });
		} else checkAnswer(world, position, rows, row);
	}
	return errors;
}

/** What a worker found out is true, and reaches the store as it said it. */
function checkAnswer({ truths, swarm }: World, position: number, { block }: AnsweredRows, row: number): void {
	const truth = truths.of(position);
	const status = statuses[block.status[row]!];
	mustHold(status === truth, 15, () => `host ${position} is ${truth}, and recorded as ${status}`);
	const { count, attempts, timeoutMs } = swarm.settings;
	const [sent, rttMs] = [block.sent[row]!, block.rttMs[row]!];
	if (truth === 'denied') mustHold(sent === 0, 10, () => `host ${position} is denied, and was probed`);
	if (truth === 'down') {
		const expected = count > 1 ? count : attempts;
		mustHold(sent === expected && sent > 0, 7, () => `host ${position} is down, with ${sent} probes`);
	}
	if (truth === 'up') {
		mustHold(
			rttMs === truths.rttMsOf(position) && rttMs <= timeoutMs,
			13,
			() => `host ${position} answered in ${rttMs} ms`,
		);
	} else mustHold(Number.isNaN(rttMs), 13, () => `host ${position} did not answer, and took ${rttMs} ms`);
}

interface ErrorRow {
	readonly position: number;
	readonly rows: AnsweredRows;
	readonly row: number;
	readonly activeMs: number;
}

/** A host is an error only where there is a reason for it. */
function checkError(world: World, life: Life, { position, rows, row, activeMs }: ErrorRow): void {
	const { truths, swarm, time } = world;
	const { block, worker } = rows;
	const reason = reasons[block.reason[row]!];
	const truth = truths.of(position);
	const lost = life.lost[position]! + life.flying[position]!;
	if (reason === 'worker-failed') {
		const requestsMin = dispatchesMax - life.hedged[position]!;
		mustHold(lost >= requestsMin, 15, () => `host ${position} is given up after ${lost} requests`);
		const isOwnFault = truth === 'poisonous' || truth === 'unacceptable';
		const mayBeLost =
			losingFaults.some((fault) => swarm.faults.has(fault)) ||
			swarm.workers.some(({ vice }) => vice !== undefined);
		mustHold(
			isOwnFault || mayBeLost,
			15,
			() => `host ${position} is ${truth}, and given up for what others did`,
		);
		return;
	}
	const { lanes } = life.master.rules;
	if (reason === 'no-worker') {
		for (const { name, health, isLeaving, isMet, probes } of lanes.values()) {
			if (isLeaving || health.state === 'out') continue;
			if (isMet && !probes.has(truths.probeOf(position))) continue;
			const unwellMs = time.nowMs - (health.unwellSinceMs ?? time.nowMs);
			mustHold(
				unwellMs >= swarm.workerTimeoutMs,
				15,
				() => `host ${position} is given up, and ${name} was unwell for ${unwellMs} ms only`,
			);
		}
		return;
	}
	mustHold(life.troubledAt[position] !== 0, 15, () => `host ${position} has ${reason}, which no worker said`);
	// Somebody who has not been asked could do better.
	if (lost + life.hedged[position]! >= dispatchesMax || !life.meter.hasRoom(time.nowMs)) return;
	for (const lane of lanes.values()) {
		if (lane.name === worker || !lane.usable || lane.isSilent || !lane.probes.has(truths.probeOf(position)))
			continue;
		const bit = 1 << Number(lane.name.slice(1));
		const isUntried = ((life.askedOf[position]! | life.failedAt[position]!) & bit) === 0;
		mustHold(
			!isUntried,
			15,
			() => `host ${position} is an error, and ${lane.name} was never asked (${activeMs} ms)`,
		);
	}
}
