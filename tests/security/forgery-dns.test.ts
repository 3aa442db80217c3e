/**
 * Forgery: a flood of forged DNS answers changes no result.
 *
 * The forger is better placed than one off the path can be: it sees the question and where it came from, and its
 * packets come from wherever it likes. It does not know the one thing that it must, in each round another: the
 * identifier, the name, the type, the class, or the server's own address and port. A true answer comes last.
 *
 * Of TCP there is nothing to test here: whose RST or SYN-ACK counts is the kernel's to say, by the sequence number
 * that it chose (RFC 9293 section 3.10.7.3), and no connection of a worker outlives its one probe.
 */
import type { RemoteInfo, Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock as clock } from '../../shared/clock.ts';
import { parseIp } from '../../shared/ip.ts';
import { createSystemResolver } from '../../worker/resolve/system-resolver.node.ts';
import { describeUnless, notLong } from '../requirements.ts';

const truth = [10, 1, 2, 3];
const lie = [10, 6, 6, 6];

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-forged-dns-'));
	writeFileSync(join(folder, 'hosts'), '');
	writeFileSync(join(folder, 'resolv.conf'), 'search .\n');
	writeFileSync(join(folder, 'nsswitch.conf'), 'hosts: files dns\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An answer to a query: its one question as it was, and an address. */
function answerTo(
	query: Buffer,
	address: readonly number[],
	change: (message: Buffer) => void = () => {},
): Buffer {
	const end = query.indexOf(0, 12) + 5;
	const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address];
	const message = Buffer.concat([query.subarray(0, end), Buffer.from(record)]);
	message.writeUInt16BE(0x8180, 2);
	message.writeUInt16BE(1, 4);
	message.writeUInt16BE(1, 6);
	message.writeUInt32BE(0, 8);
	change(message);
	return message;
}

/** What a forger gets wrong, by number of its try. */
const mistakes: Readonly<Record<string, (message: Buffer, n: number) => void>> = {
	identifier: (message, n) => message.writeUInt16BE((message.readUInt16BE(0) + 1 + (n % 65_535)) & 0xffff, 0),
	name: (message, n) => message.writeUInt8(97 + (n % 25), 13),
	type: (message) => message.writeUInt16BE(28, message.indexOf(0, 12) + 1),
	class: (message) => message.writeUInt16BE(3, message.indexOf(0, 12) + 3),
};

interface Flood {
	readonly questions: { readonly id: number; readonly port: number }[];
	readonly forged: () => number;
	readonly server: string;
	close(): Promise<void>;
}

/** A server on 127.0.0.1 whose every answer comes behind a flood of forged ones. */
async function startFlood(
	perQuestion: number,
	mistake: (message: Buffer, n: number) => void,
	forger?: Socket,
): Promise<Flood> {
	const questions: { id: number; port: number }[] = [];
	let forged = 0;
	const server = createSocket('udp4');
	let isOpen = true;
	const send = async (from: Socket, message: Buffer, { port, address }: RemoteInfo): Promise<void> => {
		if (isOpen) await new Promise<void>((resolve) => from.send(message, port, address, () => resolve()));
	};
	server.on('message', async (query, client) => {
		const type = query.readUInt16BE(query.indexOf(0, 12) + 1);
		questions.push({ id: query.readUInt16BE(0), port: client.port });
		const isIpv4 = type === 1;
		for (let n = 0; isIpv4 && isOpen && n < perQuestion; n += 1) {
			forged += 1;
			const lied = answerTo(query, lie, (message) => mistake(message, n));
			// No more at a time than a socket's buffer holds: the true answer must find room.
			await send(forger ?? server, lied, client);
			if (n % 50 === 0) await turn();
		}
		const none = (message: Buffer): void => void message.writeUInt16BE(0, 6);
		await send(server, isIpv4 ? answerTo(query, truth) : answerTo(query, [], none), client);
	});
	await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
	return {
		questions,
		forged: () => forged,
		server: `127.0.0.1:${server.address().port}`,
		close() {
			isOpen = false;
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
}

async function resolved(flood: Flood, name: string) {
	const resolver = createSystemResolver({
		clock,
		// Nobody asks a second time because this process, which answers, was late.
		timeoutMs: 300_000,
		servers: [flood.server],
		hostsPath: join(folder, 'hosts'),
		resolvConfPath: join(folder, 'resolv.conf'),
		nsswitchPath: join(folder, 'nsswitch.conf'),
		sources: () => ({ ipv4: true, globalIpv6: false, uniqueLocalIpv6: false, loopbackIpv6: false }),
	});
	return resolver.resolve(name, new AbortController().signal);
}

it.each(Object.keys(mistakes))('2,000 answers with a wrong %s, and the true one counts', async (what) => {
	const flood = await startFlood(2_000, mistakes[what]!);
	try {
		expect(await resolved(flood, 'zasked.example')).toEqual({ address: parseIp(truth.join('.')) });
		expect(flood.forged()).toBe(2_000);
	} finally {
		await flood.close();
	}
});

it.each([
	['another address', '127.0.0.2'],
	['another port', '127.0.0.1'],
])('2,000 answers that are right but for coming from %s, and the true one counts', async (_, address) => {
	const forger = createSocket('udp4');
	await new Promise<void>((resolve) => forger.bind(0, address, resolve));
	const flood = await startFlood(2_000, () => {}, forger);
	try {
		expect(await resolved(flood, 'zasked.example')).toEqual({ address: parseIp(truth.join('.')) });
	} finally {
		await flood.close();
		forger.close();
	}
});

it('asks every question from a port of its own, under a number of its own', async () => {
	const flood = await startFlood(0, () => {});
	try {
		const names = Array.from({ length: 100 }, (_, i) => `n${i}.example`);
		await Promise.all(names.map((name) => resolved(flood, name)));
		expect(flood.questions).toHaveLength(200);
		// Both questions of a name may share a socket.
		expect(new Set(flood.questions.map(({ port }) => port)).size).toBeGreaterThan(90);
		const ids = flood.questions.map(({ id }) => id);
		expect(new Set(ids).size).toBeGreaterThan(190);
		// Not one after the other: of 200 numbers at random, next to none follow on.
		expect(ids.filter((id, i) => i > 0 && Math.abs(id - ids[i - 1]!) < 16).length).toBeLessThan(10);
	} finally {
		await flood.close();
	}
});

describeUnless(notLong(), 'all of them', () => {
	it('65,535 answers with every identifier but the right one, and the true one counts', async () => {
		const flood = await startFlood(65_535, mistakes.identifier!);
		try {
			expect(await resolved(flood, 'zasked.example')).toEqual({ address: parseIp(truth.join('.')) });
			expect(flood.forged()).toBe(65_535);
		} finally {
			await flood.close();
		}
	});
});
