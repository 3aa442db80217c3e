/**
 * A TUN device with hosts behind it that misbehave, each in its own way. The way is chosen by the address: the
 * second byte of an IPv4 one (10.64.x.x and up) or the fourth of an IPv6 one (fd00:40:: and up), less 64.
 *
 *   node responder.ts <name of the device>     prints a line when the device is there
 */
import { writeSync } from 'node:fs';
import type { EchoRequest } from './ip-packets.ts';
import { echoReply, icmpError, parseEchoRequest } from './ip-packets.ts';
import { goFirst, openTun, takePackets } from './tun.ts';

/** Positions are part of the address plan: only add at the end. */
export const misbehaviours = [
	/** answers after 10 ms times the byte before the last two of the address */
	'late',
	'twice',
	'from-another-address',
	'flipped-payload-byte',
	'wrong-checksum',
	'truncated',
	/** an unreachable with a wrong cookie in its quote, then the true answer */
	'forged-unreachable',
	'ttl-exceeded',
	/** a true host unreachable that quotes eight bytes, and no answer */
	'short-quote',
	/** the first echo of each host gets lost */
	'first-lost',
	/** every third echo of each host gets lost */
	'third-lost',
	/** a net unreachable that quotes eight bytes, then the true answer */
	'short-quote-then-answer',
	/** fragmentation needed or packet too big: about a size, not about the host; then the true answer */
	'size-complaint',
	/** a time exceeded with a wrong cookie in its quote, then the true answer */
	'forged-ttl-exceeded',
	/** an unreachable that quotes the packet of another host, then the true answer */
	'quote-of-another-host',
	/** two answers to every echo, each after its own time of up to 80 ms: they overtake one another */
	'jittered-twice',
	/** a host unreachable that quotes eight bytes with a wrong checksum, and no answer */
	'short-quote-with-a-wrong-checksum',
] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

/** Echo requests that each host has seen; tests use some thousand hosts. */
const seen = new Map<string, number>();

/** Does something after `ms`, and never earlier, as timers are by what the packets before took in the same turn. */
function later(action: () => void, ms: number, dueMs = performance.now() + ms): void {
	setTimeout(() => {
		const leftMs = dueMs - performance.now();
		if (leftMs > 0) later(action, Math.ceil(leftMs), dueMs);
		else action();
	}, ms);
}

function respond(request: EchoRequest, send: (packet: Uint8Array) => void): void {
	const { family, destination } = request;
	const selector = destination[family === 4 ? 1 : 3]! - 64;
	const host = Buffer.from(destination).toString('hex');
	const nth = (seen.get(host) ?? 0) + 1;
	seen.set(host, nth);
	const answer = (): void => send(echoReply(request));
	const unreachable = family === 4 ? ([3, 1] as const) : ([1, 3] as const);
	switch (misbehaviours[selector]) {
		case 'late':
			later(answer, 10 * destination[destination.length - 2]!);
			break;
		case 'twice':
			answer();
			answer();
			break;
		case 'from-another-address': {
			const source = destination.slice();
			source[source.length - 1]! ^= 1;
			send(echoReply(request, { source }));
			break;
		}
		case 'flipped-payload-byte':
			send(echoReply(request, { flipByteAt: 8 + ((nth + destination.at(-1)!) % 20) }));
			break;
		case 'wrong-checksum':
			send(echoReply(request, { wrongChecksum: true }));
			break;
		case 'truncated':
			send(echoReply(request, { cutBytes: 4 }));
			break;
		case 'forged-unreachable':
			send(icmpError(request, unreachable, { flipQuotedByteAt: 20 }));
			later(answer, 20);
			break;
		case 'ttl-exceeded':
			send(icmpError(request, family === 4 ? [11, 0] : [3, 0]));
			break;
		case 'short-quote':
			send(icmpError(request, unreachable, { quotedBytes: 8 }));
			break;
		case 'first-lost':
			if (nth > 1) answer();
			break;
		case 'third-lost':
			if (nth % 3 !== 0) answer();
			break;
		case 'short-quote-then-answer':
			send(icmpError(request, family === 4 ? [3, 0] : [1, 0], { quotedBytes: 8 }));
			later(answer, 20);
			break;
		case 'size-complaint':
			send(icmpError(request, family === 4 ? [3, 4] : [2, 0]));
			later(answer, 20);
			break;
		case 'forged-ttl-exceeded':
			send(icmpError(request, family === 4 ? [11, 0] : [3, 0], { flipQuotedByteAt: 20 }));
			later(answer, 20);
			break;
		case 'quote-of-another-host': {
			const other = destination.slice();
			other[other.length - 1]! ^= 1;
			send(icmpError(request, unreachable, { quotedDestination: other }));
			later(answer, 20);
			break;
		}
		case 'jittered-twice': {
			const phase = 37 * nth + 11 * destination.at(-1)!;
			later(answer, phase % 80);
			later(answer, (phase + 53) % 80);
			break;
		}
		case 'short-quote-with-a-wrong-checksum':
			send(icmpError(request, unreachable, { quotedBytes: 8, flipQuotedByteAt: 3 }));
			break;
		default:
			break;
	}
}

if (import.meta.main) {
	// Whoever started this has gone when its end of the pipe closes.
	process.stdin.on('end', () => process.exit(0)).resume();
	goFirst();
	const fd = openTun(process.argv[2] ?? 'pptun');
	console.log('ready');
	takePackets(fd, (packet) => {
		const request = parseEchoRequest(packet);
		if (request !== undefined) respond(request, (answer) => writeSync(fd, answer));
	});
}
