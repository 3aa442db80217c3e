/**
 * The thread of the socket engine. While a job is under way it alternates between turns of the core and its
 * event loop, where messages from the main thread wake it at once. Packets do not: it looks for them every
 * millisecond, and less often when none has come for a while. Their times are the kernel's, so a later look
 * costs no precision, and one look for many costs less than a wake-up for each. (koffi's poll handles would
 * wake it, but crash a process that ends without closing them.) Without a job it has no timer at all.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../shared/errors.ts';
import { Pacer } from '../../shared/pacer.ts';
import { monotonicUs } from '../monotonic.node.ts';
import { ProbeGate } from '../rates/probe-gate.ts';
import { EchoCore } from './echo-core.node.ts';
import { IcmpSocket } from './icmp-socket.node.ts';
import { KernelTime } from './kernel-time.node.ts';
import type { Libc } from './libc.node.ts';
import { loadLibc } from './libc.node.ts';
import type { FromThread, ThreadSetup, ToThread } from './thread-messages.ts';

/** How long the core may run before the event loop gets a look at the messages. */
const sliceMs = 2;

/** Between two looks for packets: while they come, and when none has come for `quietMs`. */
const lookMs = 1;
const quietLookMs = 5;
const quietMs = 100;

/** With no more echoes in flight than this, answers are waited for without sleeping for so long: hosts that are
 * near answer by then. */
const fewTimers = 64;
const nearbyMs = 0.3;

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

function run(libc: Libc, sockets: readonly IcmpSocket[]): void {
	const nowMs = (): number => performance.now();
	const core = new EchoCore({
		sockets,
		pacer: new Pacer({ ratePerSecond: setup.ratePerSecond, cell: setup.paceCell, nowUs: monotonicUs }),
		gate: setup.gate && new ProbeGate(setup.gate, monotonicUs),
		receiveTime: new KernelTime(libc, nowMs),
		counters: setup.counters,
		key: [setup.secret[0], setup.secret[1]],
		nowMs,
		post,
	});
	let soon: NodeJS.Immediate | undefined;
	let timer: NodeJS.Timeout | undefined;
	let activeAtMs = 0;

	function wake(): void {
		clearTimeout(timer);
		timer = undefined;
		soon ??= setImmediate(slice);
	}

	function slice(): void {
		soon = undefined;
		const startedAtMs = nowMs();
		const endMs = startedAtMs + sliceMs;
		const before = core.packets;
		let more = true;
		while (more && core.busy && nowMs() < endMs) more = core.turn();
		if (!core.busy) return;
		if (core.packets > before) activeAtMs = nowMs();
		const quietForMs = nowMs() - activeAtMs;
		if (more || (core.timers <= fewTimers && quietForMs < nearbyMs)) soon = setImmediate(slice);
		else timer = setTimeout(wake, core.idleMs(quietForMs < quietMs ? lookMs : quietLookMs));
	}

	port.on('message', (message: ToThread) => {
		if (message.type === 'job') core.start(message);
		else if (message.type === 'abort') core.abort(message.id);
		else {
			clearImmediate(soon);
			clearTimeout(timer);
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
