/**
 * The C library's socket calls. koffi is loaded on first use: where it has no binary (musl, an unusual
 * platform), importing this module still works and the caller falls back to the ping command.
 */

/** All addresses are plain numbers: user space ends far below 2^53. Calls return what C returns, -1 on error. */
export interface Libc {
	socket(family: number, type: number, protocol: number): number;
	bind(fd: number, address: number, addressBytes: number): number;
	getsockname(fd: number, address: number, addressBytesAt: number): number;
	setsockopt(fd: number, level: number, option: number, value: number, valueBytes: number): number;
	getsockopt(fd: number, level: number, option: number, value: number, valueBytesAt: number): number;
	sendmmsg(fd: number, messages: number, length: number, flags: number): number;
	recvmmsg(fd: number, messages: number, length: number, flags: number, timeout: number): number;
	clockGettime(clock: number, timespec: number): number;
	close(fd: number): number;
	errno(): number;
	/** where a buffer lies; the caller keeps the buffer alive. Must be over 64 bytes, so that V8 never moves it */
	addressOf(buffer: ArrayBuffer): number;
}

/** @throws whatever koffi throws where it can not be loaded */
export async function loadLibc(): Promise<Libc> {
	const { default: koffi } = await import('koffi');
	const library = koffi.load(null);
	return {
		socket: library.func('int socket(int, int, int)'),
		bind: library.func('int bind(int, uintptr_t, uint)'),
		getsockname: library.func('int getsockname(int, uintptr_t, uintptr_t)'),
		setsockopt: library.func('int setsockopt(int, int, int, uintptr_t, uint)'),
		getsockopt: library.func('int getsockopt(int, int, int, uintptr_t, uintptr_t)'),
		sendmmsg: library.func('int sendmmsg(int, uintptr_t, uint, int)'),
		recvmmsg: library.func('int recvmmsg(int, uintptr_t, uint, int, uintptr_t)'),
		clockGettime: library.func('int clock_gettime(int, uintptr_t)'),
		close: library.func('int close(int)'),
		errno: () => koffi.errno(),
		addressOf: (buffer) => Number(koffi.address(buffer)),
	};
}
