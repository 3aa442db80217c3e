/** A real worker process for tests of its HTTP surface: no echo requests, one token. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Running, StartOptions } from '../process.ts';
import { startWorkerProcess } from '../process.ts';

export const token = 'a-token-for-tests-only';
/** Header lines of every proper request. */
export const host = 'Host: worker\r\n';
export const authorization = `Authorization: Bearer ${token}\r\n`;
/** One host that is refused by the policy: an answer without a probe. */
export const body = '{"hosts":["224.0.0.1"],"probe":"http"}';

export interface ServedWorker extends AsyncDisposable {
	readonly running: Running;
	readonly port: number;
	readonly url: string;
	/** descriptors that it has open, sockets apart from files */
	descriptors(): number;
	residentBytes(): number;
}

export async function serveWorker(
	args: readonly string[] = [],
	options: StartOptions = { env: { PINGPOOL_TOKEN: token } },
): Promise<ServedWorker> {
	const running = startWorkerProcess(
		['--host', '127.0.0.1', '--port', '0', '--icmp', 'off', ...args],
		options,
	);
	const [url, port] = await running.says(/http:\/\/127\.0\.0\.1:(\d+)/);
	const { pid } = running.child;
	return {
		running,
		port: Number(port),
		url,
		descriptors: () => readdirSync(`/proc/${pid}/fd`).length,
		residentBytes() {
			const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
			return Number(kilobytes) * 1024;
		},
		[Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
	};
}
