/** What must hold of a request when it leaves: invariants 3, 5, 8, 9 and 12. */
import type { Step } from '../../../master/dispatch/rules/rules-io.ts';
import { connectionsPerWorkerMax } from '../../../shared/limits.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import type { World } from '../world/world.ts';
import type { Life, SeenFlight } from './life.ts';
import { mustHold } from './violation.ts';

/** Requests that a host may be in. */
const dispatchesMax = 3;
/** Hosts of a request to a worker on trial. */
const trialHostsMax = 64;
/** The shortest pause after a request was lost. */
const backoffMsMin = 100;
/** Bytes of a request that are no hosts. */
const settingsBytes = 512;

interface Asker {
	readonly said: Capabilities;
	readonly workerBit: number;
	readonly activeMs: number;
}

/** @returns whether others are asked for the same hosts now, and whether they were */
export function checkAsk(
	world: World,
	life: Life,
	step: Step & { type: 'ask' },
	{ said, workerBit, activeMs }: Asker,
): { isHedge: boolean; isAgain: boolean } {
	const { time, truths } = world;
	const { id, worker, positions, hosts, probe } = step;
	const lane = life.master.rules.lanes.get(worker)!;
	mustHold(lane.usable, 12, () => `${worker} is asked while it is set aside or gone`);
	mustHold(said.probes.includes(probe), 9, () => `${worker} is asked for a probe that it has not`);
	mustHold(positions.length > 0 && positions.length === hosts.length, 3, () => `request #${id} has no hosts`);
	let [fresh, again, isAlone, isHedge] = [0, 0, false, false];
	for (let row = 0; row < positions.length; row += 1) {
		const position = positions[row]!;
		mustHold(life.listed[position] === 1, 3, () => `host ${position} is asked for before it was read`);
		mustHold(life.rows[position] === 0, 5, () => `host ${position} has a row, and is asked for again`);
		mustHold(
			truths.isHostOf(position, hosts, row),
			3,
			() => `position ${position} goes out with another host`,
		);
		mustHold(truths.probeOf(position) === probe, 3, () => `host ${position} goes out with another probe`);
		const dispatches = life.lost[position]! + life.flying[position]!;
		mustHold(
			dispatches < dispatchesMax,
			8,
			() => `host ${position} goes out for the ${dispatches + 1}th time`,
		);
		const pauseMs = time.nowMs - life.failedMs[position]!;
		mustHold(pauseMs >= backoffMsMin - 1e-6, 12, () => `host ${position} goes out again after ${pauseMs} ms`);
		if (life.askedOf[position] === 0) fresh += 1;
		if (dispatches > 0) again += 1;
		if (life.flying[position]! > 0) {
			isHedge = true;
			life.hedged[position] = 1;
		}
		if (life.crashed[position]! > 0 && dispatches === dispatchesMax - 1) isAlone = true;
		checkElsewhere(life, position, step, workerBit, isHedge);
	}
	const flight: SeenFlight = {
		id,
		lane,
		workerBit,
		positions,
		askedMs: activeMs,
		sentMs: undefined,
		isAlone,
	};
	life.rests.asked(lane);
	mustHold(!lane.isSilent, 12, () => `${worker} is silent, and is asked for more`);
	life.flights.set(id, flight);
	for (const position of positions) {
		life.askedOf[position]! |= workerBit;
		life.flying[position]! += 1;
	}
	checkRoom(world, life, flight, said);
	life.rate.asked(positions.length * world.swarm.settings.count, time.nowMs);
	life.meter.asked(lane.chunkHosts, { fresh, repeated: positions.length - fresh, again }, time.nowMs);
	return { isHedge, isAgain: again > 0 };
}

/** What failed somewhere goes elsewhere, where somebody is left who has not failed at it. */
function checkElsewhere(
	life: Life,
	position: number,
	{ worker, probe }: Step & { type: 'ask' },
	workerBit: number,
	isHedge: boolean,
): void {
	if (isHedge && life.askedOf[position] === workerBit) {
		mustHold(false, 8, `${worker} is to stand in for itself with host ${position}`);
	}
	let failedAt = life.failedAt[position]!;
	if ((failedAt & workerBit) === 0 || life.hedged[position] === 1) return;
	// Who has it now has not failed at it, and is no choice either.
	for (const flight of life.flights.values()) {
		if (flight.positions.includes(position)) failedAt |= flight.workerBit;
	}
	for (const lane of life.master.rules.lanes.values()) {
		if (lane.name === worker || !lane.usable || lane.isSilent || !lane.probes.has(probe)) continue;
		const bit = 1 << Number(lane.name.slice(1));
		mustHold(
			(failedAt & bit) !== 0,
			8,
			() => `host ${position} goes to ${worker} again, and ${lane.name} is well`,
		);
	}
}

/** What is under way at a worker is no more than it takes, and than its health allows. */
function checkRoom({ swarm }: World, life: Life, flight: SeenFlight, said: Capabilities): void {
	const { lane, positions, isAlone } = flight;
	const { name, health } = lane;
	const { length } = positions;
	const { count, attempts } = swarm.settings;
	const probes = length * (count > 1 ? count : attempts);
	let [requests, hosts] = [0, 0];
	for (const other of life.flights.values()) {
		if (other.lane !== lane) continue;
		requests += 1;
		hosts += other.positions.length;
		mustHold(other === flight || !other.isAlone, 8, () => `${name} has a suspect, and is asked for others`);
	}
	mustHold(length <= said.hostsPerRequestMax, 9, () => `${name} is asked for ${length} hosts at a time`);
	mustHold(length <= (swarm.chunkHosts ?? length), 9, () => `a chunk has ${length} hosts`);
	mustHold(
		length === 1 || probes <= (said.probesPerRequestMax ?? probes),
		9,
		() => `${name} is asked for ${probes} probes`,
	);
	mustHold(requests === 1 || hosts <= said.hostsInFlightMax, 9, () => `${name} has ${hosts} hosts`);
	mustHold(requests <= connectionsPerWorkerMax, 9, () => `${name} has ${requests} requests`);
	mustHold(requests <= (swarm.concurrency ?? requests), 9, () => `${name} has ${requests} requests`);
	if (health.state === 'trial') {
		mustHold(
			requests === 1 && length <= trialHostsMax,
			12,
			() => `${name} is on trial, and has more than a try`,
		);
	}
	if (isAlone) {
		mustHold(requests === 1 && length === 1, 8, () => `what may kill ${name} is not alone there`);
	}
	if (length > 1) {
		const bytes = positions.length * '"255.255.255.255",'.length;
		const isBare = true;
		mustHold(
			!isBare || bytes <= Math.max(said.bodyBytesMax - settingsBytes, 0) * 2,
			9,
			() => `${name} is asked for too much`,
		);
	}
}
