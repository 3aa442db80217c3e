/**
 * Requirement 11, under load: while strangers do their worst, a client with a token gets every answer, and when they
 * have gone nothing of them is left. How fast it gets them is measured apart (`npm run bench -- attack`).
 */

import { createServer } from 'node:net';
import type { Response } from 'undici';
import { Agent, fetch } from 'undici';
import { expect } from 'vitest';
import { endAttack, startAttack } from '../attack/attacker-process.ts';
import { attacks } from '../attack/attacks.ts';
import { notLong, sizeOf, testUnless, withoutCommand } from '../requirements.ts';
import { listening } from '../servers.ts';
import type { ServedWorker } from './served-worker.ts';
import { serveWorker, token } from './served-worker.ts';

/** The kernel answers nobody while the queue of the worker's socket is full, and whom it did not answer tries again
 * later and later: to begin anew is sooner. */
const dispatcher = new Agent({ connect: { timeout: 3_000 } });

/** A response, however often it takes to be connected. */
async function connected(ask: () => Promise<Response>): Promise<Response> {
	for (;;) {
		try {
			return await ask();
		} catch (error) {
			const { cause } = error as { cause?: { code?: string } };
			if (cause?.code !== 'UND_ERR_CONNECT_TIMEOUT') throw error;
		}
	}
}

/** Asks the worker for real connections, again and again. @returns how many requests were answered */
async function askFor(worker: ServedWorker, ms: number, hosts: readonly string[]): Promise<number> {
	const until = performance.now() + ms;
	let answered = 0;
	do {
		const response = await connected(() =>
			fetch(`${worker.url}/ping`, {
				method: 'POST',
				dispatcher,
				headers: { authorization: `Bearer ${token}` },
				body: JSON.stringify({ hosts, timeoutMs: 60_000 }),
			}),
		);
		expect(response.status).toBe(200);
		const { results } = (await response.json()) as { results: { status: string }[] };
		expect(results.map(({ status }) => status)).toEqual(hosts.map(() => 'up'));
		answered += 1;
	} while (performance.now() < until);
	return answered;
}

/** Attacks of the given names at once, while a good client works in four connections. */
async function attacked(names: readonly string[], ms: number): Promise<void> {
	const listener = createServer((socket) => socket.on('error', () => undefined).resume());
	const hosts = [`tcp://127.0.0.1:${await listening(listener)}`];
	await using worker = await serveWorker(['--allow', '127.0.0.0/8', '--rate', '0']);
	try {
		await askFor(worker, 100, hosts);
		const before = worker.descriptors();
		const running = await Promise.all(names.map((name) => startAttack(worker.port, name)));
		const answered = await Promise.all(Array.from({ length: 4 }, () => askFor(worker, ms, hosts)));
		for (const count of answered) expect(count).toBeGreaterThan(0);
		for (const attack of running) expect((await endAttack(attack)).opened).toBeGreaterThan(0);
		// The four connections of the good client are kept.
		await expect.poll(() => worker.descriptors()).toBeLessThanOrEqual(before + 8);
		expect(worker.residentBytes()).toBeLessThan(600 * 1024 * 1024);
		await askFor(worker, 1, hosts);
	} finally {
		listener.close();
	}
}

const withoutNice = withoutCommand('nice');

testUnless(
	withoutNice ?? (process.platform === 'linux' ? undefined : 'reads /proc'),
	'11: a good client is answered through slow heads, guesses of tokens and garbage at once',
	() => attacked(['slow-heads', 'tokens', 'garbage'], 1_000),
);

for (const { name, title } of attacks) {
	testUnless(notLong() ?? withoutNice, `11: a good client is answered through ${title}`, () =>
		attacked([name], sizeOf({ ci: 1_000, long: 3_000 })),
	);
}
