/**
 * The memory of one sendmmsg or recvmmsg call: an array of struct mmsghdr with everything that it points at,
 * in one ArrayBuffer, laid out once. Nothing is allocated per packet afterwards.
 *
 * struct mmsghdr on 64-bit Linux, by byte: 0 msg_name, 8 msg_namelen, 16 msg_iov, 24 msg_iovlen,
 * 32 msg_control, 40 msg_controllen, 48 msg_flags, 56 msg_len; 64 bytes in all.
 */
import type { Libc } from './libc.node.ts';

const headerBytes = 64;
const iovecBytes = 16;

export interface MessageBatchOptions {
	readonly messages: number;
	/** of a socket address */
	readonly nameBytes: number;
	/** room for the data of one message, a multiple of 8 */
	readonly dataBytes: number;
	/** room for the control data of one message, a multiple of 8; 0 for none */
	readonly controlBytes: number;
}

export class MessageBatch {
	readonly messages: number;
	readonly bytes: Uint8Array;
	/** the same memory in native 32-bit words; every offset below is a multiple of 4 bytes */
	readonly words: Int32Array;
	readonly #address: number;
	readonly #nameBytes: number;
	readonly #nameStride: number;
	readonly #dataBytes: number;
	readonly #controlBytes: number;
	readonly #namesAt: number;
	readonly #dataAt: number;
	readonly #controlAt: number;

	constructor(libc: Libc, { messages, nameBytes, dataBytes, controlBytes }: MessageBatchOptions) {
		this.messages = messages;
		this.#nameBytes = nameBytes;
		this.#nameStride = (nameBytes + 7) & ~7;
		this.#dataBytes = dataBytes;
		this.#controlBytes = controlBytes;
		const iovecsAt = messages * headerBytes;
		this.#namesAt = iovecsAt + messages * iovecBytes;
		this.#dataAt = this.#namesAt + messages * this.#nameStride;
		this.#controlAt = this.#dataAt + messages * dataBytes;
		const buffer = new ArrayBuffer(this.#controlAt + messages * controlBytes);
		this.bytes = new Uint8Array(buffer);
		this.words = new Int32Array(buffer);
		this.#address = libc.addressOf(buffer);
		const view = new DataView(buffer);
		const pointer = (at: number, target: number): void =>
			view.setBigUint64(at, BigInt(this.#address + target), true);
		for (let i = 0; i < messages; i += 1) {
			const header = i * headerBytes;
			const iovec = iovecsAt + i * iovecBytes;
			pointer(header, this.nameAt(i));
			pointer(header + 16, iovec);
			view.setUint32(header + 24, 1, true);
			if (controlBytes > 0) pointer(header + 32, this.controlAt(i));
			pointer(iovec, this.dataAt(i));
			view.setUint32(iovec + 8, dataBytes, true);
		}
		this.reset(messages);
	}

	/** Where message `i` starts in memory, for a system call. */
	address(i: number): number {
		return this.#address + i * headerBytes;
	}

	/** Byte offset of a message's socket address. */
	nameAt(i: number): number {
		return this.#namesAt + i * this.#nameStride;
	}

	/** Byte offset of a message's data. */
	dataAt(i: number): number {
		return this.#dataAt + i * this.#dataBytes;
	}

	/** Byte offset of a message's control data. */
	controlAt(i: number): number {
		return this.#controlAt + i * this.#controlBytes;
	}

	/** How much of its data a message sends, where that is less than it has room for. */
	setDataLength(i: number, bytes: number): void {
		this.words[(this.messages * headerBytes + i * iovecBytes + 8) >> 2] = bytes;
	}

	/** Bytes that were received into a message. */
	length(i: number): number {
		return this.words[(i * headerBytes + 56) >> 2]!;
	}

	/** The flags that the kernel set on a received message (MSG_TRUNC and others). */
	flags(i: number): number {
		return this.words[(i * headerBytes + 48) >> 2]!;
	}

	/** Bytes of control data that came with a received message. */
	controlLength(i: number): number {
		return this.words[(i * headerBytes + 40) >> 2]!;
	}

	/** The kernel writes the lengths that it used over those that it may use: sets these for the first `count`. */
	reset(count: number): void {
		const { words } = this;
		for (let i = 0; i < count; i += 1) {
			const word = (i * headerBytes) >> 2;
			words[word + 2] = this.#nameBytes;
			words[word + 10] = this.#controlBytes;
		}
	}
}
