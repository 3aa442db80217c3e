import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConnectionGuard } from '../../worker/connection-guard.node.ts';
import { listening } from '../servers.ts';

let server: Server;
let port: number;
let accepted: Socket[];
let clients: Socket[];
let displaced: (string | undefined)[];

beforeEach(() => {
	accepted = [];
	clients = [];
	displaced = [];
	server = createServer((socket) => accepted.push(socket.on('error', () => undefined)));
});
afterEach(async () => {
	for (const socket of [...clients, ...accepted]) socket.destroy();
	await new Promise((resolve) => server.close(resolve));
});

async function guarded(connectionsMax: number, strangersPerAddressMax = connectionsMax) {
	const guard = new ConnectionGuard({
		connectionsMax,
		strangersPerAddressMax,
		displaced: (caller) => displaced.push(caller),
	});
	guard.watch(server);
	port = await listening(server);
	return guard;
}

/** A connection's far and near end, once both are there. */
async function open(localAddress = '127.0.0.1'): Promise<Socket> {
	const coming = new Promise<Socket>((resolve) => server.once('connection', resolve));
	clients.push(connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined));
	return coming;
}

it('closes the stranger that has waited longest for a newcomer', async () => {
	const guard = await guarded(3);
	const [first, second, third] = [await open(), await open(), await open()];
	guard.authenticated(first);
	const fourth = await open();
	expect([first, second, third, fourth].map(({ destroyed }) => destroyed)).toEqual([
		false,
		true,
		false,
		false,
	]);
	expect(displaced).toEqual(['127.0.0.1']);
	expect(guard.size).toBe(3);
});

it('closes the one that is idle longest when all have shown a token', async () => {
	const guard = await guarded(3);
	const sockets = [await open(), await open(), await open()];
	for (const socket of sockets) {
		guard.authenticated(socket);
		guard.began(socket);
	}
	guard.ended(sockets[2]!);
	guard.ended(sockets[0]!);
	await open();
	expect(sockets.map(({ destroyed }) => destroyed)).toEqual([false, false, true]);
});

it('closes the newcomer when every other has a request under way', async () => {
	const guard = await guarded(2);
	const sockets = [await open(), await open()];
	for (const socket of sockets) {
		guard.began(socket);
		guard.authenticated(socket);
	}
	const newcomer = await open();
	expect([...sockets, newcomer].map(({ destroyed }) => destroyed)).toEqual([false, false, true]);
	guard.ended(sockets[1]!);
	expect((await open()).destroyed).toBe(false);
	expect(sockets[1]!.destroyed).toBe(true);
});

it('lets no address but its own pay for a flood from one', async () => {
	const guard = await guarded(100, 5);
	const good = await open('127.0.0.9');
	const flood: Socket[] = [];
	for (let i = 0; i < 50; i += 1) flood.push(await open('127.0.0.66'));
	expect(good.destroyed).toBe(false);
	expect(flood.filter(({ destroyed }) => !destroyed)).toEqual(flood.slice(-5));
	expect(guard.size).toBe(6);
	expect(new Set(displaced)).toEqual(new Set(['127.0.0.66']));
});

it('lets a newcomer show its token though strangers fill the house over and over', async () => {
	const guard = await guarded(20);
	for (let round = 0; round < 5; round += 1) {
		for (let i = 0; i < 30; i += 1) await open(`127.0.0.${2 + i}`);
		const good = await open('127.0.0.200');
		for (let i = 0; i < 15; i += 1) await open(`127.0.0.${2 + i}`);
		expect(good.destroyed).toBe(false);
		guard.authenticated(good);
		for (let i = 0; i < 40; i += 1) await open(`127.0.0.${2 + i}`);
		expect(good.destroyed).toBe(false);
	}
	expect(guard.size).toBe(20);
});

it('counts nobody who has gone', async () => {
	const guard = await guarded(10);
	for (let i = 0; i < 5; i += 1) {
		const socket = await open();
		guard.authenticated(socket);
		const closed = new Promise((resolve) => socket.once('close', resolve));
		socket.resume();
		clients.at(-1)!.destroy();
		await closed;
	}
	expect(guard.size).toBe(0);
	expect(displaced).toEqual([]);
});
