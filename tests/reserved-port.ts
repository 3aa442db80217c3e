/**
 * Loopback ports that nobody else gets. A port that was free a moment ago, or that a process of ours has just left, may
 * be given to any other process of the machine that asks for a free one. A socket that is bound and does not listen
 * keeps it: connections to it are refused, as to any port that nobody listens on, and whoever names the port may still
 * listen on it, as both sides allow that (SO_REUSEADDR, which Node sets).
 */
import { closeSync } from 'node:fs';
import koffi from 'koffi';

const AF_INET = 2;
/** SOCK_STREAM | SOCK_CLOEXEC */
const streamSocket = 1 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const addressBytes = 16;

export interface ReservedPort extends Disposable {
	readonly port: number;
}

/** Takes a free port of 127.0.0.1, on Linux. */
export function reservePort(): ReservedPort {
	const libc = koffi.load(null);
	const check = (what: string, result: number): number => {
		if (result < 0) throw new Error(`${what}: errno ${koffi.errno()}`);
		return result;
	};
	const fd = check('socket', libc.func('int socket(int, int, int)')(AF_INET, streamSocket, 0));
	try {
		const on = Buffer.from(Int32Array.of(1).buffer);
		const setsockopt = libc.func('int setsockopt(int, int, int, void *, uint)');
		check('setsockopt', setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, on, on.length));
		// struct sockaddr_in: family, port, address
		const address = Buffer.alloc(addressBytes);
		address.writeUInt16LE(AF_INET);
		address.set([127, 0, 0, 1], 4);
		check('bind', libc.func('int bind(int, void *, uint)')(fd, address, addressBytes));
		const length = Buffer.from(Uint32Array.of(addressBytes).buffer);
		check('getsockname', libc.func('int getsockname(int, void *, void *)')(fd, address, length));
		return { port: address.readUInt16BE(2), [Symbol.dispose]: () => closeSync(fd) };
	} catch (error) {
		closeSync(fd);
		throw error;
	}
}
