/**
 * A master in small, in a process of its own, which a test can stop or starve: asks a worker and prints what came of
 * it, as JSON.
 *
 * usage: asking-master.ts stopped <url>     stops itself when its question has left, until somebody lets it go on
 *        asking-master.ts without-descriptors <url>     asks before, while and after it has no file descriptor left
 *        asking-master.ts without-ports     asks a server of its own on loopback, twice, with one port to do it from
 */
import { subscribe } from 'node:diagnostics_channel';
import { closeSync, openSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { WorkerFailure } from '../../master/dispatch/worker-link.ts';
import { WorkerClient } from '../../master/worker-client.ts';

const never = new AbortController().signal;

function clientOf(url: string): WorkerClient {
	return new WorkerClient({ name: 'w', url, token: undefined, connections: 4 });
}

async function outcomeOf(asked: Promise<unknown>): Promise<object> {
	try {
		await asked;
		return { kind: 'answered' };
	} catch (error) {
		if (!(error instanceof WorkerFailure)) throw error;
		const { kind, message, probed } = error;
		return { kind, message, probed };
	}
}

/** Opens files until there are no descriptors for more. */
function takeDescriptors(): number[] {
	const taken: number[] = [];
	for (let descriptors = 0; descriptors < 10_000; descriptors += 1) {
		try {
			taken.push(openSync('/dev/null', 'r'));
		} catch {
			return taken;
		}
	}
	throw new Error('there is no limit of descriptors');
}

async function withoutDescriptors(url: string): Promise<object[]> {
	const outcomes = [await outcomeOf(clientOf(url).capabilities(never))];
	const taken = takeDescriptors();
	outcomes.push(await outcomeOf(clientOf(url).capabilities(never)));
	for (const descriptor of taken) closeSync(descriptor);
	outcomes.push(await outcomeOf(clientOf(url).capabilities(never)));
	return outcomes;
}

async function withoutPorts(): Promise<object[]> {
	// Holds every connection, and with it its port.
	const server = createServer((socket) => socket.on('error', () => undefined));
	await new Promise<void>((resolve) => server.listen(80, '127.0.0.1', resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const connected = new Promise((resolve) => server.once('connection', resolve));
	const first = outcomeOf(clientOf(url).capabilities(never));
	await connected;
	const second = await outcomeOf(clientOf(url).capabilities(never));
	void first;
	return [second];
}

const [what, url] = process.argv.slice(2);
if (what === 'stopped') {
	// Not within the request itself: its head is on its way when nothing moves any more.
	subscribe('undici:client:sendHeaders', () => setImmediate(() => process.kill(process.pid, 'SIGSTOP')));
	console.log(JSON.stringify([await outcomeOf(clientOf(url!).capabilities(never))]));
} else if (what === 'without-descriptors') console.log(JSON.stringify(await withoutDescriptors(url!)));
else console.log(JSON.stringify(await withoutPorts()));
process.exit();
