/**
 * Fills the connection tracking table of a network namespace, so that it takes nobody new: what a firewall that
 * keeps state does to a machine with very many connections.
 *
 * Entries are made through the kernel's own interface for them (ctnetlink), as UDP flows between addresses that
 * nothing is sent to, assured ones: others would be thrown out to make room. Only the table of this process's
 * namespace grows; the ceiling is the machine's.
 *
 *   node fill-conntrack.ts     prints how many entries the table has when it takes no more
 */
import { readFileSync } from 'node:fs';
import koffi from 'koffi';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_NETFILTER = 12;
/** NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW */
const newEntry = 0x0100;
const NLM_F_REQUEST = 0x001;
const NLM_F_CREATE = 0x400;
const nested = 0x8000;
/** IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED */
const assured = 2 | 4 | 8;
const entriesPerCall = 256;
/** A port that stands in a message until the ports of an entry are written over it. */
const marker = 0xabcd;
const lifeSeconds = 600;

/** One attribute of a netlink message; all of ours are padded to four bytes by themselves. */
function attribute(type: number, ...content: Buffer[]): Buffer {
	const bytes = Buffer.concat(content);
	const head = Buffer.alloc(4);
	head.writeUInt16LE(4 + bytes.length, 0);
	head.writeUInt16LE(type, 2);
	return Buffer.concat([head, bytes, Buffer.alloc(-bytes.length & 3)]);
}

function uint32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
}

function port(value: number): Buffer {
	return uint32(value).subarray(2);
}

interface End {
	readonly address: number;
	readonly port: number;
}

function tuple(type: number, from: End, to: End): Buffer {
	const addresses = attribute(
		nested | 1,
		attribute(1, uint32(from.address)),
		attribute(2, uint32(to.address)),
	);
	const ports = [attribute(2, port(from.port)), attribute(3, port(to.port))];
	return attribute(nested | type, addresses, attribute(nested | 2, attribute(1, Buffer.of(17)), ...ports));
}

/** A message that asks for a flow between two ports of addresses that are for documentation only (RFC 5737). */
function message(herePort: number, therePort: number): Buffer {
	const here = { address: 0xc000_0201, port: herePort };
	const there = { address: 0xc000_0202, port: therePort };
	const body = Buffer.concat([
		// struct nfgenmsg: IPv4, version 0
		Buffer.of(2, 0, 0, 0),
		tuple(1, here, there),
		tuple(2, there, here),
		attribute(3, uint32(assured)),
		attribute(7, uint32(lifeSeconds)),
	]);
	const header = Buffer.alloc(16);
	header.writeUInt32LE(16 + body.length, 0);
	header.writeUInt16LE(newEntry, 4);
	header.writeUInt16LE(NLM_F_REQUEST | NLM_F_CREATE, 6);
	return Buffer.concat([header, body]);
}

type Places = readonly [here: number, there: number, thereAgain: number, hereAgain: number];

/** Where the four ports of each message in a batch are. */
function placesOf(value: number, batch: Buffer): Places[] {
	const found: number[] = [];
	for (let at = 0; at + 2 <= batch.length; at += 2) if (batch.readUInt16BE(at) === value) found.push(at);
	return Array.from(
		{ length: found.length / 4 },
		(_, i) => found.slice(4 * i, 4 * i + 4) as unknown as Places,
	);
}

function setting(name: 'count' | 'max'): number {
	return Number(readFileSync(`/proc/sys/net/netfilter/nf_conntrack_${name}`, 'utf8'));
}

if (import.meta.main) {
	const libc = koffi.load(null);
	const socket = libc.func('int socket(int, int, int)');
	const send = libc.func('long send(int, void *, ulong, int)');
	const fd: number = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	if (fd < 0) throw new Error(`netlink socket: errno ${koffi.errno()}`);
	const batch = Buffer.concat(Array.from({ length: entriesPerCall }, () => message(marker, marker)));
	const places = placesOf(marker, batch);
	const wanted = setting('max') + entriesPerCall;
	for (let n = 0; n < wanted; n += entriesPerCall) {
		for (const [i, [here, there, thereAgain, hereAgain]] of places.entries()) {
			for (const at of [here, hereAgain]) batch.writeUInt16BE(1 + ((n + i) % 60_000), at);
			for (const at of [there, thereAgain]) batch.writeUInt16BE(1 + Math.floor((n + i) / 60_000), at);
		}
		if (send(fd, batch, batch.length, 0) < 0) throw new Error(`netlink send: errno ${koffi.errno()}`);
	}
	console.log(setting('count'));
}
