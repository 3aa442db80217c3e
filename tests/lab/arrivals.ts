/**
 * A TUN device behind which every host answers, and that notes when each echo request came.
 *
 *   node arrivals.ts <name of the device>     prints a line when the device is there; when its standard input ends,
 *                                             a line of JSON: [[milliseconds, "destination as hex"], …]
 */
import { read, writeSync } from 'node:fs';
import { echoReply, parseEchoRequest } from './ip-packets.ts';
import { openTun } from './responder.ts';

const fd = openTun(process.argv[2]!);
const arrivals: [number, string][] = [];
process.stdin.on('end', () => {
	process.stdout.write(`${JSON.stringify(arrivals)}\n`, () => process.exit(0));
});
process.stdin.resume();
process.stdout.write('ready\n');

const buffer = new Uint8Array(2048);
function next(): void {
	read(fd, buffer, 0, buffer.length, null, (error, length) => {
		if (error !== null) throw error;
		const request = parseEchoRequest(buffer.slice(0, length));
		if (request !== undefined) {
			arrivals.push([performance.now(), Buffer.from(request.destination).toString('hex')]);
			writeSync(fd, echoReply(request));
		}
		next();
	});
}
next();
