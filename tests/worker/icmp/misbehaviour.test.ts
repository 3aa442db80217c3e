import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EchoCounters, EchoEngine } from '../../../worker/icmp/echo-engine.ts';
import type { Lab } from '../../lab/lab.ts';
import { createLab, responderUnavailable } from '../../lab/lab.ts';
import type { Misbehaviour } from '../../lab/responder.ts';
import { misbehaviours } from '../../lab/responder.ts';
import { describeUnless, notLong } from '../../requirements.ts';
import type { Gathered, JobSettings } from './engine-fixture.ts';
import { gather, openEngine, tally } from './engine-fixture.ts';

const unavailable = responderUnavailable();
const hosts = 200;
/** Where every host answers, and nobody waits to the end: a machine that is busy answers late. */
const patient = { timeoutMs: 20_000 };
/** Where a timeout is waited for to its end: one after the other, until what the hosts do has come in time. Only a
 * busy machine needs the longer ones. */
const timeoutsMs = [300, 1_500, 7_000] as const;

/** Hosts that no test has used before, so that what the responder remembers of them is nothing. */
let fresh = 0;

describeUnless(unavailable, 'hosts that misbehave', () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await createLab({ responder: true });
		await lab.enter();
	});
	afterAll(() => lab?.close());

	// Each kind of socket and each family in every run, the other two pairs in CI.
	const pairs = [
		{ mode: 'datagram', family: 4, whyNot: undefined },
		{ mode: 'datagram', family: 6, whyNot: notLong() },
		{ mode: 'raw', family: 4, whyNot: notLong() },
		{ mode: 'raw', family: 6, whyNot: undefined },
	] as const;
	for (const { mode, family, whyNot } of pairs)
		describeUnless(whyNot, `${mode} sockets, IPv${family}`, () => {
			let engine: EchoEngine;
			beforeAll(async () => {
				engine = await openEngine(mode);
			});
			afterAll(() => engine?.close());

			/** Addresses of a kind; `group` is the byte that the late ones take their delay from. */
			function addresses(kind: Misbehaviour, count: number, group = 0): string[] {
				const selector = 64 + misbehaviours.indexOf(kind);
				fresh += 1;
				return Array.from({ length: count }, (_, i) =>
					family === 4
						? `10.${selector}.${kind === 'late' ? group : fresh}.${i + 1}`
						: `fd00:${selector.toString(16)}::${fresh.toString(16)}:${(256 * group + i + 1).toString(16)}`,
				);
			}

			async function probe(
				texts: readonly string[],
				settings: JobSettings = {},
			): Promise<Gathered & { counted: EchoCounters }> {
				const before = engine.counters();
				const gathered = await gather(engine, texts, settings);
				const after = engine.counters();
				const counted = { ...after };
				for (const name of Object.keys(counted) as (keyof EchoCounters)[]) counted[name] -= before[name];
				return { ...gathered, counted };
			}

			/** Everything that the responder has sent so far has been read when this host's answer has: it comes last. */
			async function allRead(): Promise<void> {
				expect(tally((await gather(engine, addresses('late', 1), patient)).results)).toEqual({ up: 1 });
			}

			/** Pings until so many packets have been counted, however long they take to come, and then ends the job. */
			async function probeUntil(
				asked: EchoEngine,
				texts: readonly string[],
				counted: (counters: EchoCounters) => number,
				wanted: number,
			): Promise<void> {
				const before = counted(asked.counters());
				const aborter = new AbortController();
				const enough = new Error('all were counted');
				const running = gather(asked, texts, { ...patient, signal: aborter.signal });
				const ended = expect(running).rejects.toBe(enough);
				await expect
					.poll(() => counted(asked.counters()) - before, { timeout: patient.timeoutMs, interval: 5 })
					.toBe(wanted);
				aborter.abort(enough);
				await ended;
			}

			/** The first result that is what is wanted, or the one of the longest timeout. */
			async function untilInTime<Result>(
				run: (timeoutMs: number) => Promise<Result>,
				isWanted: (result: Result) => boolean,
			): Promise<Result> {
				let result: Result | undefined;
				for (const timeoutMs of timeoutsMs) {
					result = await run(timeoutMs);
					if (isWanted(result)) break;
				}
				return result!;
			}

			it('takes a reply within the timeout', async () => {
				const { results, elapsedMs } = await probe(addresses('late', hosts, 6), patient);
				expect(tally(results)).toEqual({ up: hosts });
				for (const { rttMs } of results) expect(rttMs!).toBeLessThanOrEqual(elapsedMs);
			});

			// Of echoes that leave together, each is taken to have left at its share of the time that sending took.
			it('says the true round-trip time of an echo that leaves alone', async () => {
				for (const text of addresses('late', 10, 5)) {
					const { results, elapsedMs } = await probe([text], patient);
					expect(results[0]!.rttMs!).toBeGreaterThanOrEqual(49.9);
					expect(results[0]!.rttMs!).toBeLessThanOrEqual(elapsedMs);
				}
			});

			it('counts a reply after the timeout as late', async () => {
				// After 200 ms; when this process was stopped while it sent, so that nobody knows when they left, after 2.5 s.
				for (const group of [20, 240]) {
					const before = engine.counters().late;
					const { results } = await probe(addresses('late', hosts, group), { timeoutMs: 100 });
					const isLast = group === 240;
					if (!isLast && tally(results)['down/timeout'] !== hosts) continue;
					expect(tally(results)).toEqual({ 'down/timeout': hosts });
					// Another job keeps the engine reading while the late answers come in.
					const { counted } = await probe(addresses('late', 1, group + 10), patient);
					expect(counted).toMatchObject({ received: 1, forged: 0, corrupted: 0 });
					expect(engine.counters().late - before).toBe(hosts);
					break;
				}
			});

			it('counts a second reply as a duplicate', async () => {
				const { results, counted } = await probe(
					[...addresses('twice', hosts), ...addresses('late', 1, 10)],
					patient,
				);
				expect(tally(results)).toEqual({ up: hosts + 1 });
				expect(counted).toMatchObject({ sent: hosts + 1, received: hosts + 1, duplicate: hosts });
			});

			/** Hosts whose answers are no proof are down, however soon these come, and nothing of them is received. */
			async function believesNothing(kind: Misbehaviour, count: number): Promise<void> {
				const { results, counted } = await probe(addresses(kind, count), { timeoutMs: 150 });
				expect(tally(results)).toEqual({ 'down/timeout': count });
				expect(counted.received).toBe(0);
				await allRead();
			}

			it('takes no reply from another address for one of the host', async () => {
				await probeUntil(engine, addresses('from-another-address', 1), ({ forged }) => forged, 1);
				await believesNothing('from-another-address', 1);
			});

			it('takes no reply with a changed payload byte', async () => {
				const { forged } = engine.counters();
				await probeUntil(
					engine,
					addresses('flipped-payload-byte', hosts),
					({ corrupted }) => corrupted,
					hosts,
				);
				expect(engine.counters().forged).toBe(forged);
				await believesNothing('flipped-payload-byte', hosts);
			});

			it('takes no reply with a wrong checksum', async () => {
				const { corrupted } = engine.counters();
				// Only a raw IPv4 socket gets to see them: elsewhere the kernel looks first.
				const isSeen = mode === 'raw' && family === 4;
				if (isSeen)
					await probeUntil(
						engine,
						addresses('wrong-checksum', hosts),
						(counters) => counters.corrupted,
						hosts,
					);
				await believesNothing('wrong-checksum', hosts);
				if (!isSeen) expect(engine.counters().corrupted).toBe(corrupted);
			});

			it('takes no reply that was cut', async () => {
				await probeUntil(engine, addresses('truncated', hosts), ({ truncated }) => truncated, hosts);
				await believesNothing('truncated', hosts);
			});

			it('believes no unreachable whose quote is not ours', async () => {
				const { results, counted } = await probe(addresses('forged-unreachable', hosts), patient);
				expect(tally(results)).toEqual({ up: hosts });
				expect(counted).toMatchObject({ forged: hosts, received: hosts });
			});

			it('ends an echo at once when its time to live was exceeded', async () => {
				const timeoutMs = 60_000;
				const { results, elapsedMs } = await probe(addresses('ttl-exceeded', hosts), { timeoutMs });
				expect(tally(results)).toEqual({ 'down/ttl-exceeded': hosts });
				expect(elapsedMs).toBeLessThan(timeoutMs);
			});

			it('takes an unreachable that quotes eight bytes as a reason, not as an end', async () => {
				// IPv6 routers quote all of a packet of this size: whoever quotes less has not seen it.
				const said = family === 4 ? 'down/host-unreachable' : 'down/timeout';
				const silent = await untilInTime(
					async (timeoutMs) => ({
						timeoutMs,
						...(await probe(addresses('short-quote', hosts), { timeoutMs })),
					}),
					({ results }) => tally(results)[said] === hosts,
				);
				expect(tally(silent.results)).toEqual({ [said]: hosts });
				expect(silent.elapsedMs).toBeGreaterThanOrEqual(silent.timeoutMs);
				const answering = await probe(addresses('short-quote-then-answer', hosts), patient);
				expect(tally(answering.results)).toEqual({ up: hosts });
			});

			it('believes nobody who quotes eight bytes when there have been wrong guesses', async () => {
				const guessedAt = await openEngine(mode);
				try {
					const wrong = addresses('short-quote-with-a-wrong-checksum', hosts);
					await probeUntil(guessedAt, wrong, ({ forged }) => forged, hosts);
					const right = await gather(guessedAt, addresses('short-quote', hosts), { timeoutMs: 700 });
					expect(tally(right.results)).toEqual({ 'down/timeout': hosts });
				} finally {
					await guessedAt.close();
				}
			});

			it('takes no complaint about a size for an unreachable host', async () => {
				const { results } = await probe(addresses('size-complaint', hosts), patient);
				expect(tally(results)).toEqual({ up: hosts });
			});

			it('finds a host that answers the second try', async () => {
				const { results } = await untilInTime(
					(timeoutMs) => probe(addresses('first-lost', hosts), { attempts: 2, timeoutMs }),
					(gathered) => tally(gathered.results).up === hosts,
				);
				expect(tally(results)).toEqual({ up: hosts });
				expect(results.every(({ sent, received }) => sent === 2 && received === 1)).toBe(true);
			});

			/** Slowed down `k` times: the first tries take half a second to leave, and the second ones, due after 175 ms,
			 * stand behind them; the answers come after 200 ms. */
			async function sentWithSecondTries(k: number): Promise<{ up: number | undefined; sent: number }> {
				const paced = await openEngine(mode, 200 / k);
				try {
					const texts = addresses('late', 100, 20 * k);
					const { results } = await gather(paced, texts, { attempts: 2, timeoutMs: 350 * k });
					return { up: tally(results).up, sent: paced.counters().sent };
				} finally {
					await paced.close();
				}
			}

			it('sends no second try that stands ready when the first one is answered', async () => {
				let outcome = await sentWithSecondTries(1);
				for (const k of [5, 12, 12, 12]) {
					if (outcome.up === 100 && outcome.sent < 180) break;
					outcome = await sentWithSecondTries(k);
				}
				expect(outcome.up).toBe(100);
				expect(outcome.sent).toBeLessThan(180);
			});

			it('counts lost echoes in the statistics', async () => {
				const { results } = await untilInTime(
					(timeoutMs) => probe(addresses('third-lost', 20), { count: 6, intervalMs: 10, timeoutMs }),
					(gathered) => gathered.results.every(({ received }) => received === 4),
				);
				for (const result of results) {
					expect(result).toMatchObject({ status: 'up', sent: 6, received: 4 });
					expect(result.lossPercent!).toBeCloseTo(100 / 3, 6);
				}
			});
		});
});
