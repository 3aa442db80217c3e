/**
 * A run over hosts that are mostly up, by workers in namespaces of their own and a master in another, quiet or with
 * trouble (trouble.ts), and what came of it: which rows are wrong, how fast it was, what each lost chunk cost.
 */
import { dispatchesMax } from '../../../master/dispatch/rules/chunk.ts';
import { createRandom } from '../../../shared/random.ts';
import { token, Workspace } from '../../e2e/command-line.ts';
import type { FleetLab, WorkerPlace } from '../../lab/fleet-lab.ts';
import { Seat } from '../fleet/seat.ts';
import type { SentRequest } from '../fleet/sent-requests.ts';
import { loggingRequestsTo, readRequests, requestsByHost } from '../fleet/sent-requests.ts';
import type { Answer, LostChunk } from './recovery.ts';
import { lostChunks } from './recovery.ts';
import type { Member, Trouble } from './trouble.ts';
import { makeTrouble } from './trouble.ts';

export interface ChaosOptions {
	readonly fleet: FleetLab;
	readonly hosts: number;
	/** probes per second of each worker */
	readonly rate: number;
	/** of the trouble; `undefined` for a quiet run */
	readonly seed: number | undefined;
	/** no more trouble than that. Default: until the run is over */
	readonly troublesMax?: number;
	/** ends the run early */
	readonly signal?: AbortSignal;
}

export interface ChaosReport {
	readonly exitCode: number | string;
	/** what the master said */
	readonly said: string;
	/** hosts by status */
	readonly statuses: Readonly<Record<string, number>>;
	/** hosts of the list that have no row, or more than one */
	readonly missing: number;
	readonly doubled: number;
	/** rows of hosts that are up (or down) and were not called so, errors apart */
	readonly falselyDown: number;
	readonly falselyUp: number;
	/** hosts that are an error, although they were not in as many requests as a host may be in */
	readonly givenUpEarly: number;
	/** the most requests that a host was in */
	readonly requestsMax: number;
	/** of all hosts sent, those that had been sent before */
	readonly repeatedShare: number;
	/** the run itself, by the master's own clock */
	readonly seconds: number;
	readonly troubles: readonly Trouble[];
	/** of all workers' time, what they were in trouble for */
	readonly troubledShare: number;
	readonly lost: readonly LostChunk[];
}

const timeoutMs = 1_000;

/** So many hosts there are by the rule below. */
export const chaosHostsMax = 1_000_000;

/** Of twenty hosts one is dead, of a hundred one is reported as unreachable. See lab.ts for the blocks. */
export function chaosHost(i: number): string {
	const low = `${(i >> 8) & 255}.${i & 255}`;
	if (i % 20 === 7) return `10.${128 + (i >> 16)}.${low}`;
	if (i % 100 === 13) return `10.192.${low}`;
	return `10.${i >> 16}.${low}`;
}

function isAlive(host: string): boolean {
	return Number(host.split('.')[1]) < 64;
}

export async function runChaos({
	fleet,
	hosts,
	rate,
	seed,
	troublesMax = Number.POSITIVE_INFINITY,
	signal = new AbortController().signal,
}: ChaosOptions): Promise<ChaosReport> {
	using space = new Workspace();
	await using stack = new AsyncDisposableStack();
	const members: Member[] = await Promise.all(
		fleet.places.map(async (place) => {
			const seat = await Seat.take((port) => startWorker(space, place, port, rate));
			return { place, seat: stack.use(seat) };
		}),
	);
	const list = Array.from({ length: hosts }, (_, i) => chaosHost(i));
	space.write('hosts.txt', list);
	space.write(
		'workers.txt',
		members.map(({ seat }) => seat.url),
	);
	const command = ['master', '--workers', 'workers.txt', '--timeout', String(timeoutMs), '--json'];
	await using master = space.start(command, {
		lab: fleet.lab,
		env: { PINGPOOL_TOKEN: token, ...loggingRequestsTo(space.path('requests')) },
	});
	const end = (): void => void master[Symbol.asyncDispose]();
	signal.addEventListener('abort', end, { once: true });
	const over = new AbortController();
	void master.exited.then(() => over.abort());
	let troubles: Trouble[] = [];
	if (seed !== undefined) {
		await Promise.any(members.map(({ seat }) => seat.says(/ ok, /)));
		troubles = await makeTrouble(members, createRandom(seed), over.signal, troublesMax);
	}
	const exitCode = await master.exited;
	signal.removeEventListener('abort', end);
	signal.throwIfAborted();
	const answers = space.rows<Answer>('SELECT host, status, worker, checked_at AS atMs FROM results');
	const requests = readRequests(space.path('requests'));
	const { seconds } = JSON.parse(master.output()) as { seconds: number };
	return {
		exitCode,
		said: master.errors(),
		...judge(list, answers),
		...traffic(requests, answers),
		seconds,
		troubles,
		troubledShare: troubledMs(troubles) / (1000 * seconds * members.length),
		lost: lostChunks(requests, answers, troubles),
	};
}

async function startWorker(space: Workspace, place: WorkerPlace, port: number, rate: number) {
	const args = ['--host', place.address, '--port', String(port), '--rate', String(rate)];
	const running = space.start(['worker', ...args], { lab: place, env: { PINGPOOL_TOKEN: token } });
	try {
		return { running, url: (await running.says(/http:\/\/10\.201\.\d+\.\d+:\d+/))[0] };
	} catch (error) {
		await running[Symbol.asyncDispose]();
		throw error;
	}
}

function judge(list: readonly string[], answers: readonly Answer[]) {
	const rows = new Map<string, number>();
	const statuses: Record<string, number> = {};
	let falselyDown = 0;
	let falselyUp = 0;
	for (const { host, status } of answers) {
		rows.set(host, (rows.get(host) ?? 0) + 1);
		statuses[status] = (statuses[status] ?? 0) + 1;
		if (status === 'down' && isAlive(host)) falselyDown += 1;
		if (status === 'up' && !isAlive(host)) falselyUp += 1;
	}
	return {
		statuses,
		falselyDown,
		falselyUp,
		missing: list.filter((host) => !rows.has(host)).length,
		doubled: [...rows.values()].filter((count) => count > 1).length,
	};
}

function traffic(requests: readonly SentRequest[], answers: readonly Answer[]) {
	const byHost = requestsByHost(requests);
	let sent = 0;
	let requestsMax = 0;
	for (const { length } of byHost.values()) {
		sent += length;
		requestsMax = Math.max(requestsMax, length);
	}
	const errors = answers.filter(({ status }) => status === 'error');
	return {
		requestsMax,
		repeatedShare: (sent - byHost.size) / sent,
		givenUpEarly: errors.filter(({ host }) => (byHost.get(host)?.length ?? 0) < dispatchesMax).length,
	};
}

function troubledMs(troubles: readonly Trouble[]): number {
	return troubles.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}
