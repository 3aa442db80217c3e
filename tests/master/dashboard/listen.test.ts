import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Listener } from '../../../master/dashboard/listen.ts';
import { listenAt } from '../../../master/dashboard/listen.ts';
import { dashboardConnectionsMax, dashboardPortsTriedMax } from '../../../shared/limits.ts';
import { foreignServer } from '../../servers.ts';
import { exchange } from '../../worker/raw-exchange.ts';

const listeners: Listener[] = [];
afterEach(async () => {
	await Promise.all(listeners.splice(0).map((listener) => listener.close(0)));
});

async function listen(host: string, port: number): Promise<Listener> {
	const listener = await listenAt({ host, port, isChosen: true });
	listeners.push(listener);
	return listener;
}

describe('listening', () => {
	it('moves on from a port that is taken', async () => {
		await using foreign = await foreignServer('silence');
		const first = await listen('127.0.0.1', foreign.port);
		expect(first.port).toBeGreaterThan(foreign.port);
		expect(first.port).toBeLessThanOrEqual(foreign.port + dashboardPortsTriedMax);
		const second = await listen('127.0.0.1', foreign.port);
		expect(second.port).toBeGreaterThan(first.port);
	});

	it('takes any free port for 0, and a name for its address', async () => {
		const some = await listen('127.0.0.1', 0);
		expect(some.port).toBeGreaterThan(0);
		const { address } = await listen('localhost', 0);
		expect(['127.0.0.1', '::1']).toContain(address);
	});

	it('says why it can not be had', async () => {
		// TEST-NET-3 (RFC 5737) is nobody's.
		await expect(listen('203.0.113.1', 8787)).rejects.toMatchObject({
			code: 'usage',
			message: 'the dashboard can not listen on 203.0.113.1:8787 (EADDRNOTAVAIL)',
			hint: 'give an address that this machine has, or 127.0.0.1',
		});
		// "invalid" never is a name (RFC 6761); resolvers differ in how they say so.
		await expect(listen('pings.invalid', 8787)).rejects.toMatchObject({
			code: 'usage',
			message: expect.stringMatching(/^the dashboard can not listen on pings\.invalid:8787 \(E[A-Z_]+\)$/),
		});
		await expect(listen('2001:db8::1', 8787)).rejects.toMatchObject({
			message: expect.stringContaining('[2001:db8::1]:8787'),
		});
	});

	it('stops at the last port there is', async () => {
		await using last = await taken(65_535);
		await expect(listen('127.0.0.1', last.port)).rejects.toMatchObject({
			code: 'usage',
			message: 'the dashboard finds no free port on 127.0.0.1:65535 to 65535',
		});
	});
});

/** A listener on that very port, by whomever. */
async function taken(port: number): Promise<{ port: number; [Symbol.asyncDispose](): Promise<void> }> {
	const listener = await listenAt({ host: '127.0.0.1', port, isChosen: true }).catch(() => undefined);
	return { port, [Symbol.asyncDispose]: async () => listener?.close(0) };
}

describe('a listener', () => {
	it('answers what came before it knew how', async () => {
		const listener = await listen('127.0.0.1', 0);
		const early = fetch(`http://127.0.0.1:${listener.port}/`);
		const socket = connect(listener.port, '127.0.0.1');
		await new Promise((resolve) => socket.once('connect', resolve));
		listener.answerWith((_, response) => response.end('now'));
		expect(await (await early).text()).toBe('now');
		socket.destroy();
	});

	it('ends when its answers have ended, and cuts those that do not', async () => {
		const listener = await listen('127.0.0.1', 0);
		const asked = Promise.withResolvers<void>();
		listener.answerWith((request, response) => {
			if (request.url === '/quick') response.end('done');
			else response.write('never ends', () => asked.resolve());
		});
		const url = `http://127.0.0.1:${listener.port}`;
		expect(await (await fetch(`${url}/quick`)).text()).toBe('done');
		// The connection that fetch keeps does not hold it up.
		const startedMs = performance.now();
		await listener.close(60_000);
		expect(performance.now() - startedMs).toBeLessThan(10_000);

		const other = await listen('127.0.0.1', 0);
		other.answerWith((_, response) => response.write('never ends', () => asked.resolve()));
		const stuck = exchange(other.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
		await asked.promise;
		await other.close(50);
		expect((await stuck).ended).toBe(true);
	});

	it('holds so many connections, and closes those beyond', async () => {
		const listener = await listen('127.0.0.1', 0);
		listener.answerWith((_, response) => response.end());
		const open = async (): Promise<Socket> => {
			const socket = connect(listener.port, '127.0.0.1');
			socket.on('error', () => undefined);
			await new Promise((resolve) => socket.once('connect', resolve));
			return socket;
		};
		const sockets: Socket[] = [];
		for (let i = 0; i < dashboardConnectionsMax; i += 1) sockets.push(await open());
		const beyond = await open();
		await new Promise((resolve) => beyond.once('close', resolve).resume());
		sockets.pop()!.destroy();
		await expect
			.poll(
				async () =>
					(await exchange(listener.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', { answers: 1 })).statuses,
			)
			.toEqual([200]);
		for (const socket of sockets) socket.destroy();
	});

	it('takes heads of 32 KB, as browsers may send them, and none that are larger', async () => {
		const listener = await listen('127.0.0.1', 0);
		listener.answerWith((_, response) => response.end());
		const head = (bytes: number): string =>
			`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${'x'.repeat(bytes)}\r\n\r\n`;
		expect((await exchange(listener.port, head(30_000), { answers: 1 })).statuses).toEqual([200]);
		expect((await exchange(listener.port, head(33_000), { answers: 1 })).statuses).toEqual([431]);
	});
});
