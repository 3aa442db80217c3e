/**
 * A TUN device, and the packets that come through it.
 *
 * All that has come is read at once, and only then is there a wait: a wait goes to another thread and back, which on a
 * busy machine takes milliseconds. With one for every packet, some hundred hosts would answer late.
 */
import { constants, openSync, readSync } from 'node:fs';
import { setPriority } from 'node:os';
import koffi from 'koffi';

const packetBytesMax = 2_048;
/** Packets that are taken before timers have their turn. */
const packetsPerTurn = 64;
const pollIn = 1;

/** @returns a descriptor that never waits */
export function openTun(name: string): number {
	const fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
	const setInterface = 0x400454ca;
	const tunWithoutHeader = 0x1001;
	const request = Buffer.alloc(128);
	request.write(name, 0, 15, 'latin1');
	request.writeUInt16LE(tunWithoutHeader, 16);
	const ioctl = koffi.load(null).func('int ioctl(int, ulong, void *)');
	if (ioctl(fd, setInterface, request) !== 0) throw new Error(`TUNSETIFF: errno ${koffi.errno()}`);
	return fd;
}

/** Takes every packet that comes, until the process ends. The bytes are the taker's to keep. */
export function takePackets(fd: number, take: (packet: Uint8Array<ArrayBuffer>) => void): void {
	const buffer = new Uint8Array(packetBytesMax);
	const poll = koffi.load(null).func('int poll(uint8_t *, ulong, int)');
	// struct pollfd: int fd, short events, short revents
	const wanted = Buffer.alloc(8);
	wanted.writeInt32LE(fd);
	wanted.writeInt16LE(pollIn, 4);
	const wait = (): void => {
		poll.async(wanted, 1, -1, (error: Error | null) => {
			if (error !== null) throw error;
			read();
		});
	};
	const read = (): void => {
		for (let packets = 0; packets < packetsPerTurn; packets += 1) {
			const length = readOrNone(fd, buffer);
			if (length === undefined) {
				wait();
				return;
			}
			take(buffer.slice(0, length));
		}
		setImmediate(read);
	};
	read();
}

function readOrNone(fd: number, buffer: Uint8Array): number | undefined {
	try {
		return readSync(fd, buffer);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
		throw error;
	}
}

/** Puts this process before the others that want to run: it stands for machines that nobody else keeps busy. */
export function goFirst(): void {
	try {
		setPriority(-10);
	} catch {
		// Not even root may everywhere; it is a little later then.
	}
}
