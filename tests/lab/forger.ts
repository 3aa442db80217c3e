/**
 * Floods the near namespace of a lab with forged ICMP, as somebody would who can send from any address but sees
 * none of the requests, except those to one host of its own: from these it learns the identifier, the place and
 * the number of the echoes that are under way.
 *
 *   node forger.ts '{"seed":1,"packets":1000000,"perSecond":150000,…}'     (see ForgerOrder)
 *
 * Prints `listening`, `learnt` when it has seen an echo request of each family, waits for SIGUSR2 (a minute at
 * most), floods, and prints how many packets of each kind have left, as JSON.
 */
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { IpAddress } from '../../shared/ip.ts';
import { parseIp } from '../../shared/ip.ts';
import { createRandom } from '../../shared/random.ts';
import type { Libc } from '../../worker/icmp/libc.node.ts';
import { loadLibc } from '../../worker/icmp/libc.node.ts';
import { MessageBatch } from '../../worker/icmp/message-batch.node.ts';
import type { Forgery } from './forged-packets.ts';
import { Forger, forgedBytesMax, forgeries } from './forged-packets.ts';

export interface ForgerOrder {
	readonly seed: number;
	readonly packets: number;
	readonly perSecond: number;
	/** of the families that are flooded */
	readonly lanes: readonly ForgerLane[];
	/** Default: all */
	readonly kinds?: readonly Forgery[];
}

export interface ForgerLane {
	readonly victim: string;
	/** a host that the victim asks, and whose packets the forger sees */
	readonly own: string;
	readonly hosts: readonly string[];
}

export type ForgedCounts = Partial<Record<Forgery, number>>;

const inet = { 4: 2, 6: 10 } as const;
const icmp = { 4: 1, 6: 58 } as const;
const sockRaw = 3;
const nonBlocking = 0o4000;
const protocolRaw = 255;
const dontWait = 0x40;
const sendBuffer = 7;
const batchMessages = 128;

class Lane {
	readonly forger: Forger;
	readonly family: 4 | 6;
	readonly outgoing: MessageBatch;
	readonly sender: number;
	readonly #libc: Libc;
	readonly #ears: number;
	readonly #incoming: MessageBatch;
	readonly #own: Uint8Array;
	hasLearnt = false;

	constructor(libc: Libc, { victim, own, hosts }: ForgerLane, seed: number) {
		const address = parseIp(victim)!;
		const { family } = address;
		this.#libc = libc;
		this.family = family;
		this.#own = bytesOf(parseIp(own)!);
		const targets = {
			victim: bytesOf(address),
			router: this.#own,
			hosts: hosts.map((host) => bytesOf(parseIp(host)!)),
		};
		this.forger = new Forger(family, targets, createRandom(seed + family));
		const nameBytes = family === 4 ? 16 : 28;
		this.outgoing = new MessageBatch(libc, {
			messages: batchMessages,
			nameBytes,
			dataBytes: forgedBytesMax,
			controlBytes: 0,
		});
		for (let i = 0; i < batchMessages; i += 1) {
			const name = this.outgoing.nameAt(i);
			this.outgoing.words[name >> 2] = inet[family];
			this.outgoing.bytes.set(targets.victim, name + (family === 4 ? 4 : 8));
		}
		this.#incoming = new MessageBatch(libc, { messages: 64, nameBytes, dataBytes: 128, controlBytes: 64 });
		// With this protocol the IP header is ours to write, whoever it says that it is from.
		this.sender = libc.socket(inet[family], sockRaw, protocolRaw);
		this.#ears = libc.socket(inet[family], sockRaw | nonBlocking, icmp[family]);
		if (this.sender < 0 || this.#ears < 0) throw new Error(`socket: errno ${libc.errno()}`);
		setOption(libc, this.sender, 1, sendBuffer, [4 * 1024 * 1024]);
		const request = family === 4 ? 8 : 128;
		const filter = new Array<number>(8).fill(-1);
		filter[request >> 5]! &= ~(1 << (request & 31));
		if (family === 4) setOption(libc, this.#ears, 255, 1, filter.slice(0, 1));
		else {
			setOption(libc, this.#ears, 58, 1, filter);
			// IPV6_RECVPKTINFO: a raw IPv6 socket does not get the header that says whom a packet was to
			setOption(libc, this.#ears, 41, 49, [1]);
		}
	}

	/** Looks at the echo requests that have come for the forger's own host. */
	listen(): void {
		const { bytes } = this.#incoming;
		const count = this.#libc.recvmmsg(this.#ears, this.#incoming.address(0), 64, dontWait, 0);
		for (let i = 0; i < count; i += 1) {
			const at = this.#incoming.dataAt(i);
			const to = this.family === 4 ? at + 16 : this.#incoming.controlAt(i) + 16;
			if (!this.#own.every((byte, position) => bytes[to + position] === byte)) continue;
			const echo = at + (this.family === 4 ? 20 : 0);
			this.forger.learn(bytes.slice(echo, echo + 28));
			this.hasLearnt = true;
		}
		if (count > 0) this.#incoming.reset(count);
	}
}

function bytesOf(address: IpAddress): Uint8Array {
	if (address.family === 6) return address.bytes;
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setUint32(0, address.value);
	return bytes;
}

function setOption(libc: Libc, fd: number, level: number, option: number, words: readonly number[]): void {
	const memory = new Int32Array(new ArrayBuffer(128));
	memory.set(words);
	const result = libc.setsockopt(fd, level, option, libc.addressOf(memory.buffer), 4 * words.length);
	if (result < 0) throw new Error(`setsockopt ${level}/${option}: errno ${libc.errno()}`);
}

/** One batch of one family; three in four are IPv4. */
function sendBatch(libc: Libc, lane: Lane, kinds: readonly Forgery[], sent: ForgedCounts, count: number) {
	const { outgoing, forger, sender } = lane;
	const written: Forgery[] = [];
	for (let i = 0; i < count; i += 1) {
		const kind = kinds[i % kinds.length]!;
		outgoing.setDataLength(i, forger.write(kind, outgoing.bytes, outgoing.dataAt(i)));
		written.push(kind);
	}
	const left = libc.sendmmsg(sender, outgoing.address(0), count, 0);
	for (const kind of written.slice(0, Math.max(0, left))) sent[kind] = (sent[kind] ?? 0) + 1;
	return Math.max(0, left);
}

if (import.meta.main) {
	const order = JSON.parse(process.argv[2]!) as ForgerOrder;
	const libc = await loadLibc();
	const lanes = order.lanes.map((lane) => new Lane(libc, lane, order.seed));
	const told = once(process, 'SIGUSR2');
	const forgotten = setTimeout(() => process.exit(1), 60_000);
	console.log('listening');
	while (!lanes.every(({ hasLearnt }) => hasLearnt)) {
		for (const lane of lanes) lane.listen();
		await turn();
	}
	console.log('learnt');
	await told;
	clearTimeout(forgotten);
	const sent: ForgedCounts = {};
	const startedMs = performance.now();
	let total = 0;
	for (let batch = 0; total < order.packets; batch += 1) {
		const due = Math.min(order.packets, ((performance.now() - startedMs) / 1_000) * order.perSecond);
		const lane = lanes[batch % 4 === 3 ? lanes.length - 1 : 0]!;
		lane.listen();
		if (due > total) {
			// A kind's place in a batch turns, so that every kind meets every host.
			const turned = forgeries.filter((kind) => order.kinds?.includes(kind) ?? true);
			turned.push(...turned.splice(0, batch % turned.length));
			total += sendBatch(libc, lane, turned, sent, Math.min(batchMessages, order.packets - total));
		} else await turn();
	}
	console.log(JSON.stringify(sent));
	process.exit(0);
}
