/**
 * What a worker's HTTP server does with a request before its app sees it, and with a connection when the app is
 * done with it. Node parses; here is what it leaves open:
 *
 * - One request of a connection is served at a time. What a client sends ahead waits its turn; who sends more ahead
 *   than any client does is cut off.
 * - What a header says twice, and what has too many headers, is refused: who stands between could read it otherwise.
 * - `100 Continue` is sent when the app is about to read the body, so after the token was judged.
 * - A body that nobody reads is not swallowed: the answer says `Connection: close`, and the connection ends, after
 *   a short time in which the caller can read the answer.
 * - An answer that is complete and is not read ends after a stated time.
 * - What is no HTTP gets a bare status and the end of the connection, or the end alone.
 */
import type { RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PingpoolError } from '../shared/errors.ts';
import {
	answerDrainMs,
	headersPerRequestMax,
	lingerBytesMax,
	lingerMs,
	requestsAheadMax,
} from '../shared/limits.ts';
import type { ConnectionGuard } from './connection-guard.node.ts';
import { errorResponse } from './error-response.ts';
import { sendAnswer } from './http-answer.node.ts';
import type { Disturbance } from './request-log.ts';

export interface HttpDoorOptions {
	readonly guard: ConnectionGuard;
	/** serves a request that has passed */
	readonly listener: RequestListener;
	/** told of what was no proper request */
	readonly disturbed: (disturbance: Disturbance, caller: string | undefined) => void;
	/** the longest that a complete answer may wait to be read. Default: limits.ts */
	readonly answerMsMax?: number;
}

interface Exchange {
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
}

/** A connection's requests. */
interface Line {
	/** served now */
	current: ServerResponse | undefined;
	/** sent ahead of their turn */
	readonly waiting: Exchange[];
	/** takes no more */
	closed: boolean;
}

/** What stands in a request once or not at all. Node takes the first of some and joins others. */
const singleHeaders = new Set([
	'host',
	'authorization',
	'content-type',
	'content-encoding',
	'transfer-encoding',
	'origin',
	'sec-fetch-site',
	'expect',
]);

export class HttpDoor {
	readonly #options: HttpDoorOptions;
	readonly #lines = new WeakMap<Socket, Line>();
	/** their callers wait for 100 Continue */
	readonly #expecting = new WeakSet<ServerResponse>();

	constructor(options: HttpDoorOptions) {
		this.#options = options;
	}

	/**
	 * What a server needs to be built with, so that what is sent ahead is not even parsed. Node reads 64 KB at a time
	 * and parses all of it at once, whatever becomes of the connection: of the shortest requests that is 2,400, which
	 * took 80 ms. A request that is to be upgraded ends the parsing, and as nobody here takes upgrades, the connection
	 * as well. A Node that did not ask would serve as before, at those 80 ms.
	 */
	serverOptions(): Pick<ServerOptions, 'IncomingMessage' | 'shouldUpgradeCallback'> {
		const isFull = (socket: Socket): boolean => {
			return (this.#lines.get(socket)?.waiting.length ?? 0) >= requestsAheadMax;
		};
		class DoorRequest extends IncomingMessage {
			get upgrade(): boolean {
				// Nobody is connected to anybody here: Node closes such a connection.
				return this.method === 'CONNECT' || isFull(this.socket);
			}

			// An Upgrade header is not looked at: RFC 9110 section 7.8 lets a server ignore it.
			set upgrade(_: boolean) {}
		}
		return {
			IncomingMessage: DoorRequest,
			shouldUpgradeCallback: ({ socket }) => {
				if (!isFull(socket)) return false;
				this.#cutOff(socket);
				return true;
			},
		};
	}

	/** Stands before a server that was built without a listener. */
	watch(server: Server): void {
		server.on('request', (request, response) => this.#take({ request, response }));
		server.on('checkContinue', (request, response) => {
			this.#expecting.add(response);
			this.#take({ request, response });
		});
		server.on('checkExpectation', (_, response) => {
			response.writeHead(417, { connection: 'close', 'content-length': 0 }).end();
		});
		server.on('clientError', (error, socket) => this.#refuse(error, socket as Socket));
		server.on('tlsClientError', (_, socket: Socket & { readonly _parent?: Socket }) => {
			// Closed, it knows no address any more. The connection below does: the guard has asked it at its start.
			this.#options.disturbed('tls', socket.remoteAddress ?? socket._parent?.remoteAddress);
		});
	}

	/** The body of a request is about to be read: who waits to be asked for it is. */
	reading(response: ServerResponse): void {
		if (this.#expecting.delete(response)) response.writeContinue();
	}

	#lineOf(socket: Socket): Line {
		let line = this.#lines.get(socket);
		if (line === undefined) {
			line = { current: undefined, waiting: [], closed: false };
			this.#lines.set(socket, line);
		}
		return line;
	}

	#take(exchange: Exchange): void {
		const { socket } = exchange.request;
		const line = this.#lineOf(socket);
		if (line.closed) return;
		if (line.current === undefined) this.#serve(line, exchange);
		else if (line.waiting.length < requestsAheadMax) line.waiting.push(exchange);
		else this.#cutOff(socket);
	}

	#cutOff(socket: Socket): void {
		this.#lineOf(socket).closed = true;
		this.#options.disturbed('ahead', socket.remoteAddress);
		socket.destroy();
	}

	#serve(line: Line, { request, response }: Exchange): void {
		const { socket } = request;
		const { guard, listener } = this.#options;
		line.current = response;
		guard.began(socket);
		endUnread(request, response, line);
		endUnsent(response, this.#options.answerMsMax ?? answerDrainMs);
		response.once('close', () => {
			guard.ended(socket);
			line.current = undefined;
			const next = socket.destroyed || line.closed ? undefined : line.waiting.shift();
			if (next !== undefined) this.#serve(line, next);
		});
		const problem = problemOf(request);
		if (problem === undefined) {
			listener(request, response);
			return;
		}
		this.#options.disturbed('headers', socket.remoteAddress);
		void answerError(response, new PingpoolError('bad-request', problem));
	}

	/** Answers what could not be parsed, or did not come in time. */
	#refuse(error: NodeJS.ErrnoException, socket: Socket): void {
		const line = this.#lineOf(socket);
		const again = line.closed;
		line.closed = true;
		// Who hung up needs no answer, and a status within another answer would be taken for a part of it.
		if (again || !socket.writable || error.code === 'ECONNRESET' || line.current?.headersSent === true) {
			socket.destroy();
			return;
		}
		const { status, disturbance } = refusalOf(error);
		this.#options.disturbed(disturbance, socket.remoteAddress);
		socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
		destroyLater(socket);
	}
}

function refusalOf({ code }: NodeJS.ErrnoException): { status: string; disturbance: Disturbance } {
	switch (code) {
		case 'ERR_HTTP_REQUEST_TIMEOUT':
			return { status: '408 Request Timeout', disturbance: 'slow' };
		case 'HPE_HEADER_OVERFLOW':
			return { status: '431 Request Header Fields Too Large', disturbance: 'headers' };
		case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
			return { status: '413 Payload Too Large', disturbance: 'no-http' };
		default:
			return { status: '400 Bad Request', disturbance: 'no-http' };
	}
}

function problemOf({ rawHeaders, headers, httpVersion }: IncomingMessage): string | undefined {
	if (rawHeaders.length > 2 * headersPerRequestMax)
		return `at most ${headersPerRequestMax} headers are expected`;
	const seen = new Set<string>();
	for (let i = 0; i < rawHeaders.length; i += 2) {
		const name = rawHeaders[i]!.toLowerCase();
		if (!singleHeaders.has(name)) continue;
		if (seen.has(name)) return `the header ${name} is expected once`;
		seen.add(name);
	}
	// Node's parser takes a line of HTTP/2.0 that is written as one of HTTP/1, too.
	if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'HTTP/1.1 is expected';
	if (headers.host === '' || (headers.host === undefined && httpVersion !== '1.0')) {
		return 'the header host is expected';
	}
	return undefined;
}

async function answerError(response: ServerResponse, error: PingpoolError): Promise<void> {
	const answer = errorResponse(error, () => undefined);
	answer.headers.set('connection', 'close');
	await sendAnswer(answer, response);
}

/** Ends the connection of a request whose body nobody has read when its answer is out. */
function endUnread(request: IncomingMessage, response: ServerResponse, line: Line): void {
	// Before Node's own listener, which would read all of it, or close while the answer is on its way: what comes
	// in on a closed socket resets the connection, and the caller may lose what it has not read yet.
	response.prependOnceListener('finish', () => {
		if (request.complete) return;
		const { socket } = request;
		line.closed = true;
		// From now on Node takes it for one that is being read.
		request.read(0);
		request.removeAllListeners('data');
		let left = lingerBytesMax;
		request.on('data', (chunk: Buffer) => {
			left -= chunk.length;
			if (left < 0) socket.destroy();
		});
		// Node calls this behind an answer with Connection: close.
		socket.destroySoon = () => void socket.end();
		destroyLater(socket);
	});
}

/** Ends the connection of an answer that is complete but not read. */
function endUnsent(response: ServerResponse, msMax: number): void {
	response.once('prefinish', () => {
		// An answer may be completed after its connection has gone.
		if (response.closed || response.destroyed) return;
		const timer = setTimeout(() => response.socket?.destroy(), msMax);
		response.once('close', () => clearTimeout(timer));
	});
}

/** For a socket that has been told that nothing more comes. */
function destroyLater(socket: Socket): void {
	const timer = setTimeout(() => socket.destroy(), lingerMs);
	socket.once('close', () => clearTimeout(timer));
}
