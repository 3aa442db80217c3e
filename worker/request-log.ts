/** What a worker says of the requests that it was asked: never a token, never a host. */
import type { ProbeName } from '../shared/target.ts';

/** What became of one request that had to show a token: each `POST /ping`, and others that were refused for it. */
export interface RequestLog {
	/** the address of the socket; whatever a header says of it is not believed */
	readonly caller: string | undefined;
	/** what the caller named the request */
	readonly request: string | undefined;
	/** which of the worker's tokens it showed, from 1; 0 for none */
	token: number;
	/** `ok`, `cancelled` when the caller went away, or the code of the error */
	outcome: string;
	hosts: number;
	/** results with the status `denied` */
	denied: number;
	/** the probes that its hosts were for */
	probes: readonly ProbeName[];
	ms: number;
}

/** What was no proper request: `no-http` bytes that could not be parsed, `headers` too many, too long or twice,
 * `slow` in coming, `ahead` too many sent at once, `tls` a handshake that failed, `displaced` a connection without a
 * token that was closed for a newcomer. */
export type Disturbance = 'no-http' | 'headers' | 'slow' | 'ahead' | 'tls' | 'displaced';

/** Takes what a worker has to say while it runs. */
export interface WorkerLog {
	/** a request is about to be carried out: what it asks for is known, what becomes of it is not */
	begun(entry: RequestLog): void;
	request(entry: RequestLog): void;
	disturbance(disturbance: Disturbance, caller: string | undefined): void;
	/** takes what should not have been thrown */
	fault(error: unknown): void;
}
