/**
 * The thread of the socket engine. While a job is under way it alternates between turns of the core and its
 * event loop, where messages from the main thread arrive; when there is nothing to send it sleeps there until a
 * packet, a timer or a message comes. Without a job it holds no timer and watches no socket.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../shared/errors.ts';
import { monotonicUs } from '../monotonic.node.ts';
import { Pacer } from '../pacer.ts';
import { EchoCore } from './echo-core.node.ts';
import { IcmpSocket } from './icmp-socket.node.ts';
import { KernelTime } from './kernel-time.node.ts';
import type { Libc, PollHandle } from './libc.node.ts';
import { loadLibc } from './libc.node.ts';
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLLIN } from './linux.ts';
import type { FromThread, ThreadSetup, ToThread } from './thread-messages.ts';

/** How long the core may run before the event loop gets a look at the messages. */
const sliceMs = 2;

/** The longest sleep while a job is under way. */
const sleepMsMax = 500;

/** With more echoes in flight than this, answers are gathered for a millisecond: their times are the kernel's,
 * and a wake-up for each would cost more than it brings. */
const watchedMax = 64;
const gatherMs = 1;

const port = parentPort!;
const setup = workerData as ThreadSetup;

function post(message: FromThread, transfer: ArrayBuffer[] = []): void {
	port.postMessage(message, transfer);
}

/** The sockets of the first mode that opens for any family, or why there is none. */
function openSockets(libc: Libc): IcmpSocket[] | string {
	const refusals: string[] = [];
	for (const mode of setup.modes) {
		const sockets: IcmpSocket[] = [];
		for (const family of [4, 6] as const) {
			const socket = IcmpSocket.open(libc, { family, mode, identifier: setup.secret[2] });
			if (typeof socket === 'number') refusals.push(`${mode} IPv${family}: errno ${-socket}`);
			else sockets.push(socket);
		}
		if (sockets.length > 0) return sockets;
	}
	return refusals.join(', ');
}

/** libuv reports a socket whose error queue holds something as broken; an epoll around the sockets as readable. */
function watch(libc: Libc, sockets: readonly IcmpSocket[]): { fd: number; handle: PollHandle } {
	const fd = libc.epollCreate1(EPOLL_CLOEXEC);
	const event = new Uint32Array(new ArrayBuffer(128));
	event[0] = EPOLLIN;
	for (const socket of sockets) {
		libc.epollCtl(fd, EPOLL_CTL_ADD, socket.fd, libc.addressOf(event.buffer));
	}
	return { fd, handle: libc.poll(fd) };
}

function run(libc: Libc, sockets: readonly IcmpSocket[]): void {
	const { fd, handle } = watch(libc, sockets);
	const nowMs = (): number => performance.now();
	const core = new EchoCore({
		sockets,
		pacer: new Pacer({ ratePerSecond: setup.ratePerSecond, cell: setup.paceCell, nowUs: monotonicUs }),
		receiveTime: new KernelTime(libc, nowMs),
		counters: setup.counters,
		key: [setup.secret[0], setup.secret[1]],
		nowMs,
		post,
	});
	let soon: NodeJS.Immediate | undefined;
	let timer: NodeJS.Timeout | undefined;
	let watching = false;

	function wake(): void {
		if (timer !== undefined) clearTimeout(timer);
		timer = undefined;
		if (watching) handle.stop();
		watching = false;
		soon ??= setImmediate(slice);
	}

	function slice(): void {
		soon = undefined;
		const endMs = nowMs() + sliceMs;
		let more = true;
		while (more && core.busy && nowMs() < endMs) more = core.turn();
		if (!core.busy) return;
		if (more) {
			soon = setImmediate(slice);
			return;
		}
		const gathers = core.timers > watchedMax;
		timer = setTimeout(wake, core.idleMs(gathers ? gatherMs : sleepMsMax));
		if (!gathers) {
			watching = true;
			handle.start({ readable: true }, wake);
		}
	}

	port.on('message', (message: ToThread) => {
		if (message.type === 'job') core.start(message);
		else if (message.type === 'abort') core.abort(message.id);
		else {
			wake();
			clearImmediate(soon);
			handle.close();
			libc.close(fd);
			for (const socket of sockets) socket.close();
			port.close();
			return;
		}
		wake();
	});
	post({
		type: 'open',
		mode: sockets[0]!.mode,
		ipv4: sockets.some((socket) => socket.family === 4),
		ipv6: sockets.some((socket) => socket.family === 6),
	});
}

try {
	const libc = await loadLibc();
	const sockets = openSockets(libc);
	if (typeof sockets === 'string') post({ type: 'unavailable', why: sockets });
	else run(libc, sockets);
} catch (error) {
	post({ type: 'unavailable', why: messageOf(error) });
}
