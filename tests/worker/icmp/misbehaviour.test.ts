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
/** Where every reply must have come: a machine that is busy answers late. */
const patient = { timeoutMs: 700 };

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

			it('takes a reply within the timeout, with its true round-trip time', async () => {
				const { results } = await probe(addresses('late', hosts, 6), { timeoutMs: 1_000 });
				expect(tally(results)).toEqual({ up: hosts });
				for (const { rttMs } of results) {
					expect(rttMs!).toBeGreaterThanOrEqual(59);
					expect(rttMs!).toBeLessThan(500);
				}
			});

			it('counts a reply after the timeout as late', async () => {
				const early = probe(addresses('late', hosts, 20), { timeoutMs: 100 });
				const { results } = await early;
				expect(tally(results)).toEqual({ 'down/timeout': hosts });
				// Another job keeps the engine reading while the late answers come in.
				const { counted } = await probe(addresses('late', 1, 30), { timeoutMs: 1_000 });
				expect(counted).toMatchObject({ late: hosts, received: 1, forged: 0, corrupted: 0 });
			});

			it('counts a second reply as a duplicate', async () => {
				const { results, counted } = await probe([...addresses('twice', hosts), ...addresses('late', 1, 10)]);
				expect(tally(results)).toEqual({ up: hosts + 1 });
				expect(counted).toMatchObject({ sent: hosts + 1, received: hosts + 1, duplicate: hosts });
			});

			it('takes no reply from another address for one of the host', async () => {
				const { results, counted } = await probe(addresses('from-another-address', 1));
				expect(tally(results)).toEqual({ 'down/timeout': 1 });
				expect(counted).toMatchObject({ forged: 1, received: 0 });
			});

			it('takes no reply with a changed payload byte', async () => {
				const { results, counted } = await probe(addresses('flipped-payload-byte', hosts), patient);
				expect(tally(results)).toEqual({ 'down/timeout': hosts });
				expect(counted).toMatchObject({ corrupted: hosts, forged: 0, received: 0 });
			});

			it('takes no reply with a wrong checksum', async () => {
				const { results, counted } = await probe(addresses('wrong-checksum', hosts));
				expect(tally(results)).toEqual({ 'down/timeout': hosts });
				// Only a raw IPv4 socket gets to see them: elsewhere the kernel looks first.
				expect(counted.corrupted).toBe(mode === 'raw' && family === 4 ? hosts : 0);
				expect(counted.received).toBe(0);
			});

			it('takes no reply that was cut', async () => {
				const { results, counted } = await probe(addresses('truncated', hosts), patient);
				expect(tally(results)).toEqual({ 'down/timeout': hosts });
				expect(counted).toMatchObject({ truncated: hosts, received: 0 });
			});

			it('believes no unreachable whose quote is not ours', async () => {
				const { results, counted } = await probe(addresses('forged-unreachable', hosts));
				expect(tally(results)).toEqual({ up: hosts });
				expect(counted).toMatchObject({ forged: hosts, received: hosts });
			});

			it('ends an echo at once when its time to live was exceeded', async () => {
				const { results, elapsedMs } = await probe(addresses('ttl-exceeded', hosts), { timeoutMs: 5_000 });
				expect(tally(results)).toEqual({ 'down/ttl-exceeded': hosts });
				expect(elapsedMs).toBeLessThan(2_500);
			});

			it('takes an unreachable that quotes eight bytes as a reason, not as an end', async () => {
				const silent = await probe(addresses('short-quote', hosts), { timeoutMs: 300 });
				// IPv6 routers quote all of a packet of this size: whoever quotes less has not seen it.
				const said = family === 4 ? 'down/host-unreachable' : 'down/timeout';
				expect(tally(silent.results)).toEqual({ [said]: hosts });
				expect(silent.elapsedMs).toBeGreaterThanOrEqual(300);
				const answering = await probe(addresses('short-quote-then-answer', hosts));
				expect(tally(answering.results)).toEqual({ up: hosts });
			});

			it('believes nobody who quotes eight bytes when there have been wrong guesses', async () => {
				const guessedAt = await openEngine(mode);
				try {
					const wrong = await gather(
						guessedAt,
						addresses('short-quote-with-a-wrong-checksum', hosts),
						patient,
					);
					expect(tally(wrong.results)).toEqual({ 'down/timeout': hosts });
					expect(guessedAt.counters().forged).toBe(hosts);
					const right = await gather(guessedAt, addresses('short-quote', hosts), patient);
					expect(tally(right.results)).toEqual({ 'down/timeout': hosts });
				} finally {
					await guessedAt.close();
				}
			});

			it('takes no complaint about a size for an unreachable host', async () => {
				const { results } = await probe(addresses('size-complaint', hosts), { timeoutMs: 1_000 });
				expect(tally(results)).toEqual({ up: hosts });
			});

			it('finds a host that answers the second try', async () => {
				const { results } = await probe(addresses('first-lost', hosts), { attempts: 2, timeoutMs: 150 });
				expect(tally(results)).toEqual({ up: hosts });
				expect(results.every(({ sent, received }) => sent === 2 && received === 1)).toBe(true);
			});

			it('sends no second try that stands ready when the first one is answered', async () => {
				const paced = await openEngine(mode, 200);
				try {
					// The first tries take half a second to leave, and the second ones, due after 175 ms, stand behind
					// them; the answers come after 200 ms.
					const texts = addresses('late', 100, 20);
					const { results } = await gather(paced, texts, { attempts: 2, timeoutMs: 350 });
					expect(tally(results)).toEqual({ up: 100 });
					expect(paced.counters().sent).toBeLessThan(180);
				} finally {
					await paced.close();
				}
			});

			it('counts lost echoes in the statistics', async () => {
				const { results } = await probe(addresses('third-lost', 20), {
					count: 6,
					intervalMs: 10,
					timeoutMs: 300,
				});
				for (const result of results) {
					expect(result).toMatchObject({ status: 'up', sent: 6, received: 4 });
					expect(result.lossPercent!).toBeCloseTo(100 / 3, 6);
				}
			});
		});
});
