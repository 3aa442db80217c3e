/**
 * The engine where no ICMP socket is to be had: one process of the system's ping command for each echo request.
 * Some hundred echoes per second instead of a hundred thousand, but the same results.
 */
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/clock.ts';
import type { IpAddress } from '../../shared/ip.ts';
import { parseIp } from '../../shared/ip.ts';
import { pingProcessesMax } from '../../shared/limits.ts';
import type { Reason, Status } from '../../shared/outcome.ts';
import { reasonCode, statusCode } from '../../shared/outcome.ts';
import type { Pacer } from '../../shared/pacer.ts';
import type { ResultBlock } from '../../shared/results.ts';
import { rttStats } from '../../shared/stats.ts';
import type { ProbeRates } from '../rates/probe-rates.ts';
import type { Leaving } from '../turnstile.ts';
import { Turnstile } from '../turnstile.ts';
import type { PingVerdict } from './command-output.ts';
import type { EchoAddresses, EchoCounters, EchoEngine, EchoJob } from './echo-engine.ts';
import type { PingCommand } from './ping-command.node.ts';
import { findPingCommands, pingOnce } from './ping-command.node.ts';

/** Hosts of one job under way at a time: more than processes, because a host may be between two echoes. */
const hostsMax = 256;

const selfTestTimeoutMs = 1_000;
const loopback: Readonly<Record<4 | 6, IpAddress>> = { 4: parseIp('127.0.0.1')!, 6: parseIp('::1')! };

export interface CommandEngineOptions {
	readonly pacer: Pacer;
	/** ceilings beside the pacer's. Default: none */
	readonly rates?: ProbeRates | undefined;
	/** Default: the system's */
	readonly clock?: Clock;
}

/** @returns the engine, or why there is no ping command that works */
export async function openCommandEngine({
	pacer,
	rates,
	clock = systemClock,
}: CommandEngineOptions): Promise<EchoEngine | string> {
	const [ipv4, ipv6] = await Promise.all([workingCommand(4), workingCommand(6)]);
	if (typeof ipv4 === 'string' && typeof ipv6 === 'string') return ipv4;
	return new CommandEngine(
		typeof ipv4 === 'string' ? undefined : ipv4,
		typeof ipv6 === 'string' ? undefined : ipv6,
		{ pacer, rates, clock },
	);
}

/** The first command that gets an answer from this machine itself. */
async function workingCommand(family: 4 | 6): Promise<PingCommand | string> {
	let why = 'there is no ping command';
	for (const command of await findPingCommands(family)) {
		const signal = new AbortController().signal;
		const verdict = await pingOnce(command, loopback[family], selfTestTimeoutMs, signal);
		if (verdict?.status === 'up') return command;
		why = `${command.path} gets no answer from this machine itself (${verdict?.reason})`;
	}
	return why;
}

class CommandEngine implements EchoEngine {
	readonly mode = 'command';
	readonly families: EchoEngine['families'];
	readonly #commands: Readonly<Record<4 | 6, PingCommand | undefined>>;
	readonly #clock: Clock;
	readonly #processes: Turnstile;
	readonly #closing = new AbortController();
	#sent = 0;
	#received = 0;

	constructor(
		ipv4: PingCommand | undefined,
		ipv6: PingCommand | undefined,
		pace: Required<CommandEngineOptions>,
	) {
		this.#commands = { 4: ipv4, 6: ipv6 };
		this.families = { ipv4: ipv4 !== undefined, ipv6: ipv6 !== undefined };
		this.#clock = pace.clock;
		this.#processes = new Turnstile({ placesMax: pingProcessesMax, pace });
	}

	async run(job: EchoJob): Promise<void> {
		// The first failure of any host ends the others too.
		const failing = new AbortController();
		const signal = AbortSignal.any([job.signal, this.#closing.signal, failing.signal]);
		signal.throwIfAborted();
		const startedAtMs = this.#clock.monotonicMs();
		let cursor = 0;
		let unsent = job.addresses.length;
		const left = (): void => {
			unsent -= 1;
			if (unsent === 0) job.left(this.#clock.monotonicMs() - startedAtMs);
		};
		const work = async (): Promise<void> => {
			while (cursor < job.addresses.length) {
				const index = cursor;
				cursor += 1;
				const row = await this.#probe(job, addressAt(job.addresses, index), signal, left);
				signal.throwIfAborted();
				job.report(asBlock(index, row, job.count > 1));
			}
		};
		const hosts = Math.min(hostsMax, job.addresses.length);
		const fail = (error: unknown): void => failing.abort(error);
		await Promise.all(Array.from({ length: hosts }, () => work().catch(fail)));
		// Every process that this job started has ended by now.
		signal.throwIfAborted();
	}

	/** All echoes of one host, one after the other. */
	async #probe(job: EchoJob, address: IpAddress, signal: AbortSignal, left: () => void): Promise<Row> {
		const command = this.#commands[address.family];
		if (command === undefined) return { status: 'error', reason: 'no-route', sent: 0, rttsMs: [] };
		let isLeft = false;
		const leaving = { address, caller: job.caller, held: leftOnce };
		function leftOnce(): void {
			if (!isLeft) left();
			isLeft = true;
		}
		const rttsMs: number[] = [];
		let sent = 0;
		let last: PingVerdict | undefined;
		let said: Reason | undefined;
		const echoes = job.count > 1 ? job.count : job.attempts;
		for (let echo = 0; echo < echoes; echo += 1) {
			const sentAtMs = this.#clock.monotonicMs();
			const verdict = await this.#echo(command, leaving, job.timeoutMs, signal, leftOnce);
			last = verdict;
			if (verdict.status === 'up' || verdict.status === 'down') sent += 1;
			if (verdict.status === 'up') rttsMs.push(verdict.rttMs);
			else if (verdict.status === 'down' && verdict.reason !== 'timeout') said = verdict.reason;
			if (job.count === 1 && verdict.status !== 'down') break;
			if (job.count > 1 && echo + 1 < echoes) {
				const pauseMs = job.intervalMs - (this.#clock.monotonicMs() - sentAtMs);
				if (pauseMs > 0) await this.#clock.sleep(pauseMs, signal);
			}
		}
		if (rttsMs.length > 0) return { status: 'up', reason: undefined, sent, rttsMs };
		if (last?.status === 'error' || last?.status === 'denied') {
			// `denied` says that nothing was sent.
			return { status: sent > 0 ? 'error' : last.status, reason: last.reason, sent, rttsMs };
		}
		return { status: 'down', reason: said ?? 'timeout', sent, rttsMs };
	}

	async #echo(
		command: PingCommand,
		leaving: Leaving & { readonly address: IpAddress },
		timeoutMs: number,
		signal: AbortSignal,
		left: () => void,
	): Promise<PingVerdict> {
		await this.#processes.enter(signal, signal, leaving);
		left();
		let isExhausted = false;
		try {
			const verdict = await pingOnce(command, leaving.address, timeoutMs, signal);
			if (verdict === undefined) throw signal.reason;
			isExhausted = verdict.reason === 'no-descriptors' || verdict.reason === 'no-buffers';
			if (verdict.status === 'up' || verdict.status === 'down') this.#sent += 1;
			if (verdict.status === 'up') this.#received += 1;
			return verdict;
		} finally {
			if (isExhausted) this.#processes.leaveNarrowed();
			else this.#processes.leave();
		}
	}

	counters(): EchoCounters {
		// The command keeps what it ignores to itself.
		return {
			sent: this.#sent,
			received: this.#received,
			late: 0,
			duplicate: 0,
			forged: 0,
			corrupted: 0,
			truncated: 0,
			dropped: 0,
			sendBlocked: 0,
		};
	}

	async close(): Promise<void> {
		this.#closing.abort(new Error('the ICMP engine was closed'));
	}
}

function addressAt(addresses: EchoAddresses, index: number): IpAddress {
	return addresses instanceof Uint32Array ? { family: 4, value: addresses[index]! } : addresses[index]!;
}

interface Row {
	readonly status: Status;
	readonly reason: Reason | undefined;
	readonly sent: number;
	readonly rttsMs: readonly number[];
}

function asBlock(index: number, row: Row, withStatistics: boolean): ResultBlock {
	const stats = rttStats(row.rttsMs);
	return {
		length: 1,
		index: [index],
		status: [statusCode(row.status)],
		reason: [row.reason === undefined ? 0 : reasonCode(row.reason)],
		address: undefined,
		sent: [row.sent],
		received: [row.rttsMs.length],
		rttMs: [stats?.rttAvgMs ?? Number.NaN],
		rtt: withStatistics
			? {
					min: [stats?.rttMinMs ?? Number.NaN],
					max: [stats?.rttMaxMs ?? Number.NaN],
					jitter: [stats?.jitterMs ?? Number.NaN],
				}
			: undefined,
	};
}
