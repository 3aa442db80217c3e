/** What a master sent to which worker, as request-log.ts wrote it down in the master itself. */
import { existsSync, readFileSync } from 'node:fs';

export interface SentRequest {
	/** time of day, in ms */
	readonly atMs: number;
	/** the worker's URL */
	readonly worker: string;
	readonly hosts: readonly string[];
}

/** Environment of a master that writes its requests down in a file. */
export function loggingRequestsTo(path: string): Record<string, string> {
	return {
		REQUEST_LOG: path,
		NODE_OPTIONS: `--import=${new URL('./request-log.ts', import.meta.url).href}`,
	};
}

/** In the order in which they were sent. */
export function readRequests(path: string): SentRequest[] {
	if (!existsSync(path)) return [];
	const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
	return lines.map((line) => {
		const [atMs, worker, hosts] = line.split(' ');
		return { atMs: Number(atMs), worker: worker!, hosts: hosts!.split(',') };
	});
}

/** The requests that each host was in. */
export function requestsByHost(requests: readonly SentRequest[]): Map<string, SentRequest[]> {
	const byHost = new Map<string, SentRequest[]>();
	for (const request of requests) {
		for (const host of request.hosts) {
			const before = byHost.get(host);
			if (before === undefined) byHost.set(host, [request]);
			else before.push(request);
		}
	}
	return byHost;
}
