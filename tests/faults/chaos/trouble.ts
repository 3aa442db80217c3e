/**
 * Trouble for a fleet, by a seed: every one to three seconds one or two workers (30 % of four, on average) are killed and
 * started anew after a while, or frozen and thawed, or cut off from the master and joined again. A worker in trouble
 * gets no more of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../shared/random.ts';
import type { WorkerPlace } from '../../lab/fleet-lab.ts';
import type { Seat } from '../fleet/seat.ts';

const kinds = ['kill', 'freeze', 'cut'] as const;
export type TroubleKind = (typeof kinds)[number];

export interface Trouble {
	/** the worker's URL */
	readonly worker: string;
	readonly kind: TroubleKind;
	/** times of day, in ms: from its first to its last moment */
	readonly fromMs: number;
	readonly toMs: number;
}

export interface Member {
	readonly seat: Seat;
	readonly place: WorkerPlace;
}

const pauseMsMin = 1_000;
const pauseMsMax = 3_000;
/** Of how many rounds a second worker has trouble as well: 1.2 of four workers are 30 %. */
const secondShare = 0.2;
const lastsMsMin = 500;
const lastsMsMax = 2_500;

/**
 * Makes trouble until the signal ends it, or there has been enough. All workers are well when it resolves.
 *
 * @param troublesMax no more than that: where it takes long to start a worker anew, trouble would never leave enough of
 * them
 * @returns what was done, in the order of its beginning
 */
export async function makeTrouble(
	members: readonly Member[],
	random: Random,
	signal: AbortSignal,
	troublesMax: number,
): Promise<Trouble[]> {
	const log: Promise<Trouble>[] = [];
	const well = new Set(members);
	while (!signal.aborted && log.length < troublesMax) {
		const victims = random.next() < secondShare ? 2 : 1;
		for (let i = 0; i < victims && well.size > 0; i += 1) {
			const member = [...well][random.below(well.size)]!;
			well.delete(member);
			const kind = kinds[random.below(kinds.length)]!;
			const lastsMs = lastsMsMin + random.below(lastsMsMax - lastsMsMin);
			log.push(trouble(member, kind, lastsMs).finally(() => well.add(member)));
		}
		const pauseMs = pauseMsMin + random.below(pauseMsMax - pauseMsMin);
		await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
	}
	return Promise.all(log);
}

async function trouble({ seat, place }: Member, kind: TroubleKind, lastsMs: number): Promise<Trouble> {
	const fromMs = Date.now();
	switch (kind) {
		case 'kill':
			await seat.kill();
			await sleep(lastsMs);
			await seat.start();
			break;
		case 'freeze':
			seat.stop();
			await sleep(lastsMs);
			seat.continue();
			break;
		case 'cut':
			place.cut();
			await sleep(lastsMs);
			place.mend();
			break;
	}
	return { worker: seat.url, kind, fromMs, toMs: Date.now() };
}
