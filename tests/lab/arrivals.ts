/**
 * A TUN device behind which every host answers, and that notes when each echo request came.
 *
 *   node arrivals.ts <name of the device>     prints a line when the device is there; when its standard input ends,
 *                                             a line of JSON: [[from, to, "destination as hex"], …], each between two times in ms
 */
import { writeSync } from 'node:fs';
import { echoReply, parseEchoRequest } from './ip-packets.ts';
import { startLooks } from './looks.ts';
import { goFirst, openTun, takePackets } from './tun.ts';

goFirst();
const fd = openTun(process.argv[2]!);
const arrivals: [number, number, string][] = [];
const looks = startLooks();
process.stdin.on('end', () => {
	process.stdout.write(`${JSON.stringify(arrivals)}\n`, () => process.exit(0));
});
process.stdin.resume();
process.stdout.write('ready\n');

takePackets(fd, (packet) => {
	const request = parseEchoRequest(packet);
	if (request === undefined) return;
	arrivals.push([looks.sinceMs(), performance.now(), Buffer.from(request.destination).toString('hex')]);
	writeSync(fd, echoReply(request));
});
