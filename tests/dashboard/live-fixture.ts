/** A live run for tests of the page: what a test says, and plain values for all else. */
import type {
	LiveChunk,
	LiveEvent,
	LiveHello,
	LiveRun,
	LiveUpdate,
	LiveWorker,
	SeriesPoint,
} from '../../shared/dashboard-api.ts';

const noStatus = { up: 0, down: 0, unresolved: 0, denied: 0, error: 0 };

export function liveRun(said: Partial<LiveRun> = {}): LiveRun {
	return {
		runId: 7,
		state: 'running',
		startedAtMs: 1_000_000,
		elapsedMs: 10_000,
		total: 1_000,
		done: 0,
		doneBefore: 0,
		uncounted: 0,
		byStatus: noStatus,
		byReason: {},
		inFlight: 0,
		pending: 0,
		ratePerSecond: 100,
		etaMs: 5_000,
		requests: 0,
		retries: 0,
		hedges: 0,
		failures: 0,
		rtt: null,
		hosts: 'hosts.txt',
		db: 'hosts.db',
		probe: 'icmp',
		timeoutMs: 1_000,
		count: 1,
		...said,
	};
}

export function liveWorker(index: number, said: Partial<LiveWorker> = {}): LiveWorker {
	return {
		index,
		name: `http://10.0.0.${index}:8000`,
		state: 'healthy',
		why: null,
		asideUntilAtMs: null,
		runtime: 'node',
		version: '0.1.0',
		probes: ['icmp'],
		icmp: 'datagram',
		requests: 0,
		inFlight: 0,
		unsentHosts: 512,
		windowHosts: 1_000,
		chunkHosts: 100,
		done: 0,
		byStatus: noStatus,
		ratePerSecond: 0,
		latencyMs: null,
		failures: 0,
		failureReasons: [],
		retries: 0,
		hedges: 0,
		load: null,
		...said,
	};
}

export function liveChunk(id: number, said: Partial<LiveChunk> = {}): LiveChunk {
	return {
		id,
		request: `r${id}`,
		worker: 0,
		probe: 'icmp',
		kind: 'first',
		end: 'open',
		startMs: id,
		sentMs: null,
		endMs: null,
		hosts: 100,
		answered: 0,
		notUp: 0,
		failure: null,
		...said,
	};
}

export function liveEvent(id: number, said: Partial<LiveEvent> = {}): LiveEvent {
	return { id, atMs: id, level: 'info', type: 'notice', worker: null, text: `event ${id}`, ...said };
}

export function point(atMs: number, up = 1): SeriesPoint {
	return { atMs, up, down: 0, other: 0, inFlight: 0 };
}

export function hello(said: Partial<LiveHello> = {}): LiveHello {
	return {
		run: liveRun(),
		workers: [],
		series: { sliceMs: 250, points: [] },
		rttHistogram: { edgesMs: [1], counts: [0] },
		chunks: [],
		events: [],
		...said,
	};
}

export function update(said: Partial<LiveUpdate> = {}): LiveUpdate {
	return { run: liveRun(), workers: [], chunks: [], chunksSkipped: 0, events: [], ...said };
}
