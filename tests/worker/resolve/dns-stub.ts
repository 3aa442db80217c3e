/** A DNS server for tests (RFC 1035), on loopback over UDP and TCP: answers, lies, is late, or says nothing. */
import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { parseIpv4, parseIpv6 } from '../../../shared/ip.ts';

export interface StubReply {
	/** addresses of both families, a mapped one among IPv6; those of the type asked for are sent */
	readonly addresses?: readonly string[];
	/** how long they may be kept. Default: 60 */
	readonly ttlSeconds?: number;
	/** names between the one asked and the one that has the addresses */
	readonly cnames?: readonly string[];
	/** response code: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED */
	readonly rcode?: number;
	readonly delayMs?: number;
	/** sent instead of a message, behind the identifier of the query */
	readonly garbage?: string;
}

/** What to answer to a question; `undefined` for silence. */
export type StubHandler = (name: string, type: 'A' | 'AAAA') => StubReply | undefined;

export interface DnsStub extends AsyncDisposable {
	/** `127.0.0.1:port` */
	readonly server: string;
	/** questions seen, as `A name` */
	readonly questions: string[];
	/** of these, how many came over TCP */
	readonly overTcp: () => number;
}

const typeA = 1;
const typeCname = 5;
const typeAaaa = 28;
const udpBytesMax = 1_232;

/** @param port of 127.0.0.1; 0 for any free one */
export async function startDnsStub(handler: StubHandler, port = 0): Promise<DnsStub> {
	const questions: string[] = [];
	let tcpQuestions = 0;
	const timers = new Set<NodeJS.Timeout>();
	const answer = (query: Buffer, send: (message: Buffer) => void): void => {
		const { name, type, end } = questionOf(query);
		const asked = type === typeA ? 'A' : 'AAAA';
		questions.push(`${asked} ${name}`);
		const reply = handler(name, asked);
		if (reply === undefined) return;
		const message = encode(query, end, type, reply);
		if (reply.delayMs === undefined) send(message);
		else {
			const timer = setTimeout(() => {
				timers.delete(timer);
				send(message);
			}, reply.delayMs);
			timers.add(timer);
		}
	};

	const tcp = createServer((socket) => {
		let pending = Buffer.alloc(0);
		socket.on('error', () => undefined);
		socket.on('data', (chunk) => {
			pending = Buffer.concat([pending, chunk]);
			while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
				const query = pending.subarray(2, 2 + pending.readUInt16BE(0));
				pending = pending.subarray(2 + query.length);
				tcpQuestions += 1;
				answer(query, (message) => {
					const length = Buffer.alloc(2);
					length.writeUInt16BE(message.length);
					if (!socket.destroyed) socket.write(Buffer.concat([length, message]));
				});
			}
		});
	});
	const { udp, bound } = await listenToBoth(tcp, port);
	let open = true;
	udp.on('message', (query, from) => {
		answer(query, (message) => {
			if (open)
				udp.send(message.length > udpBytesMax ? truncated(message) : message, from.port, from.address);
		});
	});
	return {
		server: `127.0.0.1:${bound}`,
		questions,
		overTcp: () => tcpQuestions,
		async [Symbol.asyncDispose]() {
			open = false;
			for (const timer of timers) clearTimeout(timer);
			await new Promise<void>((resolve) => udp.close(resolve));
			await new Promise<void>((resolve) => tcp.close(() => resolve()));
		},
	};
}

/** A port that is free for TCP may be somebody's for UDP: another one is tried then. */
async function listenToBoth(tcp: Server, port: number): Promise<{ udp: Socket; bound: number }> {
	for (;;) {
		await once(tcp.listen(port, '127.0.0.1'), 'listening');
		const bound = (tcp.address() as AddressInfo).port;
		const udp = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
		try {
			await once(udp.bind(bound, '127.0.0.1'), 'listening');
			return { udp, bound };
		} catch (error) {
			udp.close();
			await new Promise<void>((resolve) => tcp.close(() => resolve()));
			if (port !== 0) throw error;
		}
	}
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
	const labels: string[] = [];
	let at = 12;
	for (let length = query[at]!; length > 0; length = query[at]!) {
		labels.push(query.toString('latin1', at + 1, at + 1 + length));
		at += 1 + length;
	}
	return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function encode(query: Buffer, questionEnd: number, type: number, reply: StubReply): Buffer {
	const { addresses = [], cnames = [], rcode = 0, ttlSeconds = 60, garbage } = reply;
	if (garbage !== undefined) return Buffer.concat([query.subarray(0, 2), Buffer.from(garbage, 'latin1')]);
	const records: Buffer[] = [];
	let owner: Buffer = Buffer.from([0xc0, 12]);
	for (const cname of cnames) {
		records.push(record(owner, typeCname, ttlSeconds, encodeName(cname)));
		owner = encodeName(cname);
	}
	for (const text of addresses) {
		const isIpv6 = text.includes(':');
		if ((isIpv6 ? typeAaaa : typeA) !== type) continue;
		const data = Buffer.alloc(isIpv6 ? 16 : 4);
		if (isIpv6) data.set(parseIpv6(text)!);
		else data.writeUInt32BE(parseIpv4(text));
		records.push(record(owner, type, ttlSeconds, data));
	}
	const header = Buffer.alloc(12);
	query.copy(header, 0, 0, 2);
	header.writeUInt16BE(0x8180 | rcode, 2);
	header.writeUInt16BE(1, 4);
	header.writeUInt16BE(records.length, 6);
	return Buffer.concat([header, query.subarray(12, questionEnd), ...records]);
}

function record(owner: Buffer, type: number, ttlSeconds: number, data: Buffer): Buffer {
	const fixed = Buffer.alloc(10);
	fixed.writeUInt16BE(type, 0);
	fixed.writeUInt16BE(1, 2);
	fixed.writeUInt32BE(ttlSeconds, 4);
	fixed.writeUInt16BE(data.length, 8);
	return Buffer.concat([owner, fixed, data]);
}

function encodeName(name: string): Buffer {
	const labels = name
		.split('.')
		.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
	return Buffer.concat([...labels, Buffer.from([0])]);
}

/** Header and question with the TC bit: ask again over TCP. */
function truncated(message: Buffer): Buffer {
	const { end } = questionOf(message);
	const cut = Buffer.from(message.subarray(0, end));
	cut.writeUInt16BE(cut.readUInt16BE(2) | 0x0200, 2);
	cut.writeUInt16BE(0, 6);
	return cut;
}
