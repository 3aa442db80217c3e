/** The engine's core without its thread, so that a test owns its clock of arrivals and its buffers. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { reasons, statuses } from '../../../shared/outcome.ts';
import { EchoCore } from '../../../worker/icmp/echo-core.node.ts';
import { asBlock } from '../../../worker/icmp/echo-results.ts';
import { IcmpSocket } from '../../../worker/icmp/icmp-socket.node.ts';
import type { ReceiveTime } from '../../../worker/icmp/kernel-time.node.ts';
import { KernelTime } from '../../../worker/icmp/kernel-time.node.ts';
import type { Libc } from '../../../worker/icmp/libc.node.ts';
import { loadLibc } from '../../../worker/icmp/libc.node.ts';
import { SO_RCVBUF, SOL_SOCKET } from '../../../worker/icmp/linux.ts';
import type { FromThread } from '../../../worker/icmp/thread-messages.ts';
import { counterNames } from '../../../worker/icmp/thread-messages.ts';
import type { Lab } from '../../lab/lab.ts';
import { createLab, labUnavailable } from '../../lab/lab.ts';
import { describeUnless } from '../../requirements.ts';
import { sharedPacer } from './engine-fixture.ts';

const unavailable = labUnavailable();
const nowMs = (): number => performance.now();
const hourMs = 3_600_000;

describeUnless(unavailable, 'echo core in a lab', () => {
	let lab: Lab;
	let libc: Libc;
	const sockets: IcmpSocket[] = [];
	beforeAll(async () => {
		libc = await loadLibc();
		lab = await createLab();
		await lab.enter();
	});
	afterEach(() => {
		for (const socket of sockets.splice(0)) socket.close();
	});
	afterAll(() => lab?.close());

	function openSocket(): IcmpSocket {
		const socket = IcmpSocket.open(libc, { family: 4, mode: 'datagram', identifier: 0 });
		if (typeof socket === 'number') throw new Error(`errno ${-socket}`);
		sockets.push(socket);
		return socket;
	}

	/** Runs one job over hosts from 10.20.0.1, which are alive, or from another address to its end; `between` is
	 * called between turns. */
	function runJob(
		socket: IcmpSocket,
		hosts: number,
		receiveTime: ReceiveTime,
		{
			timeoutMs = 300,
			attempts = 1,
			first = 0x0a14_0001,
			timesFaster = 1,
			between = (_turn: number): void => {},
		} = {},
	) {
		const counters = new Float64Array(counterNames.length);
		const outcomes: Record<string, number> = {};
		const rttsMs: number[] = [];
		let done = false;
		const post = (message: FromThread): void => {
			if (message.type === 'done') done = true;
			if (message.type !== 'block') return;
			const block = asBlock(message);
			for (let row = 0; row < block.length; row += 1) {
				const reason = reasons[block.reason[row]!]!;
				const outcome = statuses[block.status[row]!]! + (reason && `/${reason}`);
				outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
				rttsMs.push(block.rttMs[row]!);
			}
		};
		const core = new EchoCore({
			sockets: [socket],
			pacer: sharedPacer(),
			receiveTime,
			counters,
			key: [1, 2],
			nowMs: () => timesFaster * nowMs(),
			post,
		});
		const bytes = Buffer.alloc(4 * hosts);
		for (let host = 0; host < hosts; host += 1) bytes.writeUInt32BE(first + host, 4 * host);
		core.start({
			type: 'job',
			id: 1,
			hosts,
			families: new Uint8Array(hosts).fill(4),
			addresses: new Int32Array(new Uint8Array(bytes).buffer),
			stride: 1,
			prefixes: undefined,
			caller: -1,
			count: 1,
			attempts,
			timeoutMs,
			intervalMs: 0,
		});
		const deadline = nowMs() + 60_000;
		for (let turn = 0; !done && nowMs() < deadline; turn += 1) {
			core.turn();
			between(turn);
		}
		const counted = Object.fromEntries(counterNames.map((name, i) => [name, counters[i]!]));
		return { outcomes, rttsMs, counted };
	}

	it.each([
		['an hour behind', -hourMs],
		['an hour ahead', hourMs],
		['missing', Number.NaN],
	])('takes replies whose kernel timestamp is %s', (_, shiftMs) => {
		const receiveTime: ReceiveTime = { synchronize: nowMs, receivedAtMs: () => nowMs() + shiftMs };
		const { outcomes, rttsMs } = runJob(openSocket(), 500, receiveTime);
		expect(outcomes).toEqual({ up: 500 });
		for (const rttMs of rttsMs) {
			expect(rttMs).toBeGreaterThanOrEqual(0);
			expect(rttMs).toBeLessThanOrEqual(300);
		}
	});

	it('has kernel timestamps from the first packet on', () => {
		const kernelTime = new KernelTime(libc, nowMs);
		let missing = 0;
		const receiveTime: ReceiveTime = {
			synchronize: () => kernelTime.synchronize(),
			receivedAtMs(batch, i) {
				const atMs = kernelTime.receivedAtMs(batch, i);
				if (Number.isNaN(atMs)) missing += 1;
				return atMs;
			},
		};
		expect(runJob(openSocket(), 500, receiveTime).outcomes).toEqual({ up: 500 });
		expect(missing).toBe(0);
	});

	it('makes no host down when it stalls for longer than the timeout', () => {
		const { outcomes, counted } = runJob(openSocket(), 1_000, new KernelTime(libc, nowMs), {
			timeoutMs: 50,
			between(turn) {
				if (turn !== 2) return;
				// The answers are in the socket by now; nobody reads them until long after the timeout.
				Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
			},
		});
		expect(outcomes).toEqual({ up: 1_000 });
		expect(counted.late).toBe(0);
	});

	it('makes no host down when it stalls between a look at its clock and a send', () => {
		const socket = openSocket();
		const send = socket.send.bind(socket);
		socket.send = (...batch) => {
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
			return send(...batch);
		};
		const { outcomes, rttsMs, counted } = runJob(socket, 200, new KernelTime(libc, nowMs), { timeoutMs: 20 });
		expect(outcomes).toEqual({ up: 200 });
		expect(Math.max(...rttsMs)).toBeLessThanOrEqual(20);
		expect(counted.late).toBe(0);
	});

	it('sends again and slows down when the kernel drops answers for want of buffer', () => {
		const socket = openSocket();
		const value = new Int32Array(new ArrayBuffer(128));
		value[0] = 16_384;
		libc.setsockopt(socket.fd, SOL_SOCKET, SO_RCVBUF, libc.addressOf(value.buffer), 4);
		const { outcomes, counted } = runJob(socket, 1_000, new KernelTime(libc, nowMs), { timeoutMs: 100 });
		expect(counted.dropped).toBeGreaterThan(0);
		expect(counted.sent).toBeGreaterThan(1_000);
		expect(outcomes).toEqual({ up: 1_000 });
	});

	it.each([
		['as long as the kernel drops answers', Number.POSITIVE_INFINITY, 'error/no-buffers'],
		['when a later echo is not answered and nothing is dropped', 3, 'down/timeout'],
	])('calls a silent host %s', (_, dropsMax, outcome) => {
		const socket = openSocket();
		let drops = 0;
		// As if strangers filled the buffer: no answer that was not heard proves anything.
		socket.drops = () => {
			if (drops < dropsMax) drops += 1;
			return drops;
		};
		const dead = { first: 0x0a80_0001, timeoutMs: 30, attempts: 2 };
		const { outcomes, counted } = runJob(socket, 50, new KernelTime(libc, nowMs), dead);
		expect(outcomes).toEqual({ [outcome]: 50 });
		expect(counted.dropped).toBeGreaterThan(0);
	});

	it('calls no host down whose answer it did not come to read', () => {
		const socket = openSocket();
		// A flood that never ends: whatever is read, more is there.
		const { messages } = socket.incoming;
		socket.receive = () => messages;
		const receiveTime: ReceiveTime = { synchronize: nowMs, receivedAtMs: nowMs };
		const { outcomes } = runJob(socket, 50, receiveTime, { timesFaster: 100 });
		expect(outcomes).toEqual({ 'error/no-buffers': 50 });
	});
});
