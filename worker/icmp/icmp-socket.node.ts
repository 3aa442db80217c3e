/**
 * One ICMP socket of one family: opening, options, and the batched calls, over memory that is laid out once.
 * Errno values are returned negated, as the kernel does, so that no exception is made on a busy path.
 */

import { echoBytes, echoTypes } from './echo-packet.ts';
import type { Libc } from './libc.node.ts';
import {
	AF_INET,
	AF_INET6,
	EAGAIN,
	EINTR,
	ICMP_FILTER,
	ICMPV6_FILTER,
	IP_MTU_DISCOVER,
	IP_PMTUDISC_DO,
	IP_RECVERR,
	IPPROTO_ICMP,
	IPPROTO_ICMPV6,
	IPV6_RECVERR,
	MSG_DONTWAIT,
	MSG_ERRQUEUE,
	meminfoDrops,
	meminfoRcvbuf,
	meminfoRmemAlloc,
	SO_ERROR,
	SO_MEMINFO,
	SO_RCVBUF,
	SO_RCVBUFFORCE,
	SO_SNDBUF,
	SO_SNDBUFFORCE,
	SO_TIMESTAMPNS,
	SOCK_CLOEXEC,
	SOCK_DGRAM,
	SOCK_NONBLOCK,
	SOCK_RAW,
	SOL_ICMPV6,
	SOL_IP,
	SOL_IPV6,
	SOL_RAW,
	SOL_SOCKET,
} from './linux.ts';
import { MessageBatch } from './message-batch.node.ts';
import type { SocketMode } from './thread-messages.ts';

/** Echo requests in one sendmmsg. Above some dozens the size hardly matters (measured); small batches keep the
 * answers that arrive meanwhile few. */
const sendBatchMessages = 128;
const receiveBatchMessages = 256;
const errorBatchMessages = 64;

/** Asked of the kernel, which gives at most net.core.rmem_max to who has no privilege. An answer costs about
 * 1 kB of it. */
const receiveBufferBytes = 16 * 1024 * 1024;
const sendBufferBytes = 4 * 1024 * 1024;

export interface IcmpSocketOptions {
	readonly family: 4 | 6;
	readonly mode: SocketMode;
	/** 16 random bits: what a raw socket sends as its identifier */
	readonly identifier: number;
}

export class IcmpSocket {
	readonly family: 4 | 6;
	readonly mode: SocketMode;
	readonly fd: number;
	/** identifier of our requests, network order in the low half word; a datagram socket's is its port */
	readonly identifier: number;
	readonly outgoing: MessageBatch;
	readonly incoming: MessageBatch;
	readonly errors: MessageBatch;
	readonly #libc: Libc;
	readonly #scratch = new Int32Array(new ArrayBuffer(256));
	readonly #scratchAddress: number;
	/** drops that were for want of room, of all that the kernel has counted, and whether there was any want since */
	#drops = 0;
	#counted = 0;
	#wasFull = false;

	/** @returns the socket, or the negated errno for which there is none */
	static open(libc: Libc, options: IcmpSocketOptions): IcmpSocket | number {
		const family = options.family === 4 ? AF_INET : AF_INET6;
		const type = options.mode === 'datagram' ? SOCK_DGRAM : SOCK_RAW;
		const protocol = options.family === 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
		const fd = libc.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
		return fd < 0 ? -libc.errno() : new IcmpSocket(libc, fd, options);
	}

	private constructor(libc: Libc, fd: number, { family, mode, identifier }: IcmpSocketOptions) {
		this.#libc = libc;
		this.#scratchAddress = libc.addressOf(this.#scratch.buffer);
		this.fd = fd;
		this.family = family;
		this.mode = mode;
		const nameBytes = family === 4 ? 16 : 28;
		this.outgoing = new MessageBatch(libc, {
			messages: sendBatchMessages,
			nameBytes,
			dataBytes: 32,
			controlBytes: 0,
		});
		// A raw IPv4 answer starts with up to 60 bytes of IP header; a longer message than fits is cut and flagged.
		this.incoming = new MessageBatch(libc, {
			messages: receiveBatchMessages,
			nameBytes,
			dataBytes: 128,
			controlBytes: 64,
		});
		this.errors = new MessageBatch(libc, {
			messages: errorBatchMessages,
			nameBytes,
			dataBytes: 128,
			controlBytes: 256,
		});
		for (let i = 0; i < sendBatchMessages; i += 1) {
			this.outgoing.words[this.outgoing.nameAt(i) >> 2] = family === 4 ? AF_INET : AF_INET6;
		}
		// The data buffers are a word longer than an echo request.
		trimOutgoing(this.outgoing);
		this.#configure();
		this.identifier = mode === 'raw' ? identifier & 0xffff : this.#boundIdentifier();
	}

	#configure(): void {
		const { family } = this;
		this.#set(SOL_SOCKET, SO_RCVBUF, receiveBufferBytes);
		this.#set(SOL_SOCKET, SO_RCVBUFFORCE, receiveBufferBytes);
		this.#set(SOL_SOCKET, SO_SNDBUF, sendBufferBytes);
		this.#set(SOL_SOCKET, SO_SNDBUFFORCE, sendBufferBytes);
		this.#set(SOL_SOCKET, SO_TIMESTAMPNS, 1);
		this.#set(family === 4 ? SOL_IP : SOL_IPV6, family === 4 ? IP_RECVERR : IPV6_RECVERR, 1);
		// Echo requests have the don't-fragment bit anyway, and are smaller than any path's MTU. With this, the kernel
		// knows it before it would pick an identification for their fragments, which is dear: a hash over the
		// destination and an atomic counter for each.
		if (family === 4) this.#set(SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
		if (this.mode === 'raw') {
			// A set bit blocks its type. Errors reach the error queue past the filter.
			const { reply } = echoTypes[family];
			this.#scratch.fill(-1, 0, 8);
			this.#scratch[reply >> 5]! &= ~(1 << (reply & 31));
			const [level, option, bytes] =
				family === 4 ? ([SOL_RAW, ICMP_FILTER, 4] as const) : ([SOL_ICMPV6, ICMPV6_FILTER, 32] as const);
			this.#libc.setsockopt(this.fd, level, option, this.#scratchAddress, bytes);
		}
	}

	/** Options only improve things: one that a kernel refuses is done without. */
	#set(level: number, option: number, value: number): void {
		this.#scratch[0] = value;
		this.#libc.setsockopt(this.fd, level, option, this.#scratchAddress, 4);
	}

	/** Binds to a free identifier, which the kernel would otherwise only choose at the first send. */
	#boundIdentifier(): number {
		const scratch = this.#scratch;
		scratch.fill(0);
		scratch[0] = this.family === 4 ? AF_INET : AF_INET6;
		this.#libc.bind(this.fd, this.#scratchAddress, this.family === 4 ? 16 : 28);
		scratch[16] = 28;
		this.#libc.getsockname(this.fd, this.#scratchAddress, this.#scratchAddress + 64);
		return (scratch[0]! >>> 16) & 0xffff;
	}

	/** Sends messages `from` to `from + count` of `outgoing`. @returns how many left, or a negated errno */
	send(from: number, count: number): number {
		const sent = this.#libc.sendmmsg(this.fd, this.outgoing.address(from), count, MSG_DONTWAIT);
		return sent >= 0 ? sent : -this.#libc.errno();
	}

	/** Fills `incoming`. @returns how many came, 0 for none, or a negated errno */
	receive(): number {
		if (this.#countsDamaged) this.#lookForRoom();
		return this.#receive(this.incoming, receiveBatchMessages, MSG_DONTWAIT);
	}

	/** Fills `errors` from the error queue. @returns how many came, 0 for none, or a negated errno */
	receiveErrors(): number {
		return this.#receive(this.errors, errorBatchMessages, MSG_DONTWAIT | MSG_ERRQUEUE);
	}

	#receive(batch: MessageBatch, count: number, flags: number): number {
		const received = this.#libc.recvmmsg(this.fd, batch.address(0), count, flags, 0);
		if (received >= 0) return received;
		const errno = this.#libc.errno();
		return errno === EAGAIN || errno === EINTR ? 0 : -errno;
	}

	/** Takes the pending error off the socket, so that the next send is not charged with it. */
	clearError(): void {
		this.#scratch[16] = 4;
		this.#libc.getsockopt(this.fd, SOL_SOCKET, SO_ERROR, this.#scratchAddress, this.#scratchAddress + 64);
	}

	/** Packets that the kernel dropped at this socket for want of room since it was opened, modulo 2^32. */
	drops(): number {
		if (this.#lookForRoom()) {
			const counted = this.#scratch[meminfoDrops]!;
			if (this.#wasFull || !this.#countsDamaged) this.#drops += counted - this.#counted;
			this.#counted = counted;
			this.#wasFull = false;
		}
		return this.#drops;
	}

	/** Whether the kernel counts packets with wrong checksums among the dropped (net/ipv6/raw.c): anybody could then
	 * make answers seem to be lost, at the price of a packet now and then. */
	get #countsDamaged(): boolean {
		return this.family === 6 && this.mode === 'raw';
	}

	/** Reads the socket's use of memory into the scratch; between two reads of packets it only grows. */
	#lookForRoom(): boolean {
		const scratch = this.#scratch;
		scratch[16] = 4 * (meminfoDrops + 1);
		const at = this.#scratchAddress;
		if (this.#libc.getsockopt(this.fd, SOL_SOCKET, SO_MEMINFO, at, at + 64) < 0) return false;
		if (scratch[meminfoRmemAlloc]! > scratch[meminfoRcvbuf]! / 2) this.#wasFull = true;
		return true;
	}

	close(): void {
		this.#libc.close(this.fd);
	}
}

function trimOutgoing(batch: MessageBatch): void {
	for (let i = 0; i < batch.messages; i += 1) batch.setDataLength(i, echoBytes);
}
