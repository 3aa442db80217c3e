/**
 * What the connection probes of every runtime share: how often a host is tried, when, and what the tries
 * together come to.
 *
 * With `count` 1 a host is tried up to `attempts` times, one after the other, until it answers or says no. With
 * a larger count every try is made, the next one `intervalMs` after the last whether that was answered or not,
 * as ping does: otherwise a dead host would take count × timeout. Each try takes a place in the turnstile, which
 * bounds connections and paces them; none is held between two tries.
 */
import type { Clock } from '../../shared/clock.ts';
import type { ProbeName } from '../../shared/target.ts';
import type { Leaving, Turnstile } from '../turnstile.ts';
import type { Attempt, AttemptOnce } from './attempt.ts';
import type { Probe, ProbeBatch, ProbeHost } from './probe.ts';
import type { HostTally } from './result-rows.ts';
import { ResultRows } from './result-rows.ts';

/** A try that met a shortage waits 5, 10, 20 … 200 ms and for a place, and asks again: a second and a half in all. */
const shortageRetriesMax = 12;
const shortageMsMin = 5;
const shortageMsMax = 200;

export interface ConnectionProbeOptions {
	readonly name: ProbeName;
	readonly clock: Clock;
	/** the places of a batch; by its signal where a runtime counts connections per request */
	readonly turnstileOf: (signal: AbortSignal) => Turnstile;
	readonly attempt: AttemptOnce;
}

/** @returns a probe that tries its hosts by `attempt` */
export function createConnectionProbe({ name, clock, turnstileOf, attempt }: ConnectionProbeOptions): Probe {
	async function run(batch: ProbeBatch): Promise<void> {
		const { hosts, settings, signal } = batch;
		signal.throwIfAborted();
		const turnstile = turnstileOf(signal);
		const rows = new ResultRows({ report: batch.report, statistics: settings.count > 1, clock });
		const startedMs = clock.monotonicMs();

		/** The try of somebody who has a place; gives the place back. */
		async function attemptInside(host: ProbeHost, leaving: Leaving): Promise<Attempt> {
			for (let shortages = 0; ; shortages += 1) {
				let result: Attempt | undefined;
				try {
					result = await attempt(host, settings, signal);
				} finally {
					if (result?.shortage) turnstile.leaveNarrowed();
					else turnstile.leave();
				}
				if (!result.shortage || shortages === shortageRetriesMax) return result;
				await clock.sleep(Math.min(shortageMsMax, shortageMsMin * 2 ** shortages), signal);
				await turnstile.enter(signal, signal, leaving);
			}
		}

		async function untilAnswered(host: ProbeHost, leaving: Leaving): Promise<Attempt[]> {
			const results: Attempt[] = [];
			for (let tries = 0; tries < settings.attempts; tries += 1) {
				if (tries > 0) await turnstile.enter(signal, signal, leaving);
				const result = await attemptInside(host, leaving);
				results.push(result);
				if (result.final) break;
			}
			return results;
		}

		async function series(host: ProbeHost, leaving: Leaving): Promise<Attempt[]> {
			const firstMs = clock.monotonicMs();
			const running: Promise<Attempt>[] = [];
			try {
				for (let sent = 0; sent < settings.count; sent += 1) {
					if (sent > 0) {
						const waitMs = firstMs + sent * settings.intervalMs - clock.monotonicMs();
						if (waitMs > 0) await clock.sleep(waitMs, signal);
						await turnstile.enter(signal, signal, leaving);
					}
					running.push(attemptInside(host, leaving));
				}
			} finally {
				// Also when the batch was aborted in between: no try may outlive it, or reject unheard.
				await Promise.allSettled(running);
			}
			return Promise.all(running);
		}

		async function probeHost(host: ProbeHost): Promise<void> {
			const leaving: Leaving = { address: host.address, caller: batch.caller };
			let isLeft = false;
			const left = (): void => {
				if (!isLeft) batch.left(1, clock.monotonicMs() - startedMs);
				isLeft = true;
			};
			await turnstile.enter(signal, signal, { ...leaving, held: left });
			left();
			const tries = settings.count > 1 ? series(host, leaving) : untilAnswered(host, leaving);
			rows.add(host, tallyOf(await tries));
		}

		try {
			const settled = await Promise.allSettled(hosts.map(probeHost));
			signal.throwIfAborted();
			for (const one of settled) if (one.status === 'rejected') throw one.reason;
			rows.flush();
		} finally {
			rows.discard();
		}
	}
	return { name, run };
}

/** Up when any try was; else down when any left, by the last that did; else the last trouble. */
function tallyOf(results: readonly Attempt[]): HostTally {
	const rttsMs = results.filter((result) => result.status === 'up').map((result) => result.rttMs);
	const sent = results.filter((result) => result.left).length;
	const deciding =
		results.find((result) => result.status === 'up') ??
		results.findLast((result) => result.status === 'down') ??
		results.at(-1)!;
	return { status: deciding.status, reason: deciding.reason, sent, rttsMs };
}
