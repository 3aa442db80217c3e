/**
 * One attack in a process of its own: `node attacker.ts PORT NAME`, until SIGTERM. Says `attacking` when it has
 * opened half a second's connections, and at its end what came of it, as JSON.
 */
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { attackNamed } from './attacks.ts';

export interface AttackReport {
	/** connections that were established */
	opened: number;
	/** … and could not be */
	refused: number;
	/** … and ended by the worker */
	closed: number;
	/** bytes that were sent */
	sent: number;
}

const tickMs = 20;
/** No attack is forgotten: it ends by then, and when whoever started it has gone. */
const msMax = 600_000;
const addresses = 50;

const [port = '', name = ''] = process.argv.slice(2);
const attack = attackNamed(name);
const report: AttackReport = { opened: 0, refused: 0, closed: 0, sent: 0 };
const held = new Set<Socket>();
let started = 0;

function open(): void {
	const localAddress = `127.0.1.${1 + (started % addresses)}`;
	started += 1;
	const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
	let connected = false;
	socket.once('connect', () => {
		connected = true;
		report.opened += 1;
		if (report.opened === Math.ceil(attack.perSecond / 2)) process.stdout.write('attacking\n');
		held.add(socket);
		if (held.size > Math.max(1, attack.held)) held.values().next().value?.destroy();
		attack.act(socket);
	});
	socket.on('error', () => {
		if (!connected) report.refused += 1;
	});
	socket.once('close', () => {
		if (held.delete(socket) && connected) report.closed += 1;
		report.sent += socket.bytesWritten;
	});
}

const startedAt = performance.now();
const opening = setInterval(() => {
	// By the clock, so that a tick that comes late is made up for, within a second.
	const due = ((performance.now() - startedAt) / 1000) * attack.perSecond;
	started = Math.max(started, Math.floor(due - attack.perSecond));
	while (started < due) open();
}, tickMs);
const parent = process.ppid;
const dripping = setInterval(() => {
	if (process.ppid !== parent || performance.now() - startedAt > msMax) process.exit(1);
	if (attack.drip === undefined) return;
	for (const socket of held) if (socket.writable) attack.drip(socket);
}, 1_000);

process.once('SIGTERM', () => {
	clearInterval(opening);
	clearInterval(dripping);
	process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
});
