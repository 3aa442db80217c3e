/**
 * Which connections a worker holds. A ceiling alone would be a weapon: who opens that many and says nothing locks
 * everybody else out. So a newcomer always gets in, and somebody else goes for it when the house is full:
 *
 * 1. the one that has waited longest of those that never showed a good token (strangers);
 * 2. if there are none, the longest idle one of those that did;
 * 3. if all of these have a request under way, the newcomer itself.
 *
 * A stranger thus has as long to show its token as the flood takes to fill the whole house. And no address holds
 * more than its part of it as a stranger: beyond, its own oldest goes, so that a flood from one address pushes out
 * nobody but itself. Every step is O(1): a Map gives its entries in the order in which they came.
 *
 * Connections are counted from TCP's accept, so that those within a TLS handshake are strangers, too.
 */
import type { Server, Socket } from 'node:net';
import { callerName } from './caller-name.ts';

export interface ConnectionGuardOptions {
	/** connections at a time */
	readonly connectionsMax: number;
	/** of these, the strangers of one IPv4 address or IPv6 /64 */
	readonly strangersPerAddressMax: number;
	/** told of a connection that was closed for a newcomer. Default: nobody */
	readonly displaced?: (caller: string | undefined) => void;
}

export interface ConnectionCounts {
	/** that never had a token */
	readonly strangers: number;
	/** that have had one, without and with a request under way */
	readonly idle: number;
	readonly busy: number;
}

interface Connection {
	readonly key: string;
	/** the accepted socket; under TLS, not the one that requests come from */
	readonly socket: Socket;
	/** IPv4 address or IPv6 /64 */
	readonly network: string;
	/** requests under way */
	requests: number;
}

export class ConnectionGuard {
	readonly #options: ConnectionGuardOptions;
	/** by their keys, each in one of three Maps: never had a token, has had one and is idle, or is not */
	readonly #strangers = new Map<string, Connection>();
	readonly #idle = new Map<string, Connection>();
	readonly #busy = new Map<string, Connection>();
	/** strangers of each network */
	readonly #networks = new Map<string, Map<string, Connection>>();

	constructor(options: ConnectionGuardOptions) {
		this.#options = options;
	}

	/** connections at present */
	get size(): number {
		return this.#strangers.size + this.#idle.size + this.#busy.size;
	}

	/** connections at present, by kind */
	get counts(): ConnectionCounts {
		return { strangers: this.#strangers.size, idle: this.#idle.size, busy: this.#busy.size };
	}

	/** Guards a server of HTTP, HTTPS or anything else over TCP. */
	watch(server: Server): void {
		server.on('connection', (socket: Socket) => this.#accept(socket));
	}

	/** A request on this connection has shown a good token. */
	authenticated(socket: Socket): void {
		const connection = this.#strangers.get(keyOf(socket));
		if (connection === undefined) return;
		this.#forgetStranger(connection);
		this.#place(connection);
	}

	/** A request is under way on this connection. */
	began(socket: Socket): void {
		this.#count(socket, 1);
	}

	/** … and no longer. */
	ended(socket: Socket): void {
		this.#count(socket, -1);
	}

	#count(socket: Socket, change: number): void {
		const key = keyOf(socket);
		const known = this.#idle.get(key) ?? this.#busy.get(key);
		const connection = known ?? this.#strangers.get(key);
		if (connection === undefined) return;
		connection.requests += change;
		if (known !== undefined) this.#place(known);
	}

	/** Puts one that has had a token where it belongs: behind all others that became idle before it. */
	#place(connection: Connection): void {
		const { key, requests } = connection;
		this.#idle.delete(key);
		this.#busy.delete(key);
		(requests > 0 ? this.#busy : this.#idle).set(key, connection);
	}

	#accept(socket: Socket): void {
		const key = keyOf(socket);
		const { remoteAddress } = socket;
		// Gone already.
		if (remoteAddress === undefined) {
			socket.destroy();
			return;
		}
		const connection: Connection = { key, socket, network: callerName(remoteAddress), requests: 0 };
		socket.once('close', () => this.#forget(connection));
		const others = this.#networks.get(connection.network);
		if (others !== undefined && others.size >= this.#options.strangersPerAddressMax) {
			this.#displace(firstOf(others));
		}
		if (this.size >= this.#options.connectionsMax) {
			this.#displace(firstOf(this.#strangers) ?? firstOf(this.#idle) ?? connection);
		}
		if (socket.destroyed) return;
		this.#strangers.set(key, connection);
		const strangers = this.#networks.get(connection.network);
		if (strangers === undefined) this.#networks.set(connection.network, new Map([[key, connection]]));
		else strangers.set(key, connection);
	}

	#displace(connection: Connection | undefined): void {
		if (connection === undefined) return;
		this.#options.displaced?.(connection.socket.remoteAddress);
		// Its place is free now, not when the event loop comes to close it.
		this.#forget(connection);
		connection.socket.destroy();
	}

	#forget(connection: Connection): void {
		this.#forgetStranger(connection);
		for (const places of [this.#idle, this.#busy]) {
			if (places.get(connection.key) === connection) places.delete(connection.key);
		}
	}

	#forgetStranger(connection: Connection): void {
		const { key, network } = connection;
		// The same address and port may have come again since.
		if (this.#strangers.get(key) !== connection) return;
		this.#strangers.delete(key);
		const others = this.#networks.get(network);
		others?.delete(key);
		if (others?.size === 0) this.#networks.delete(network);
	}
}

/** A connection by its two ends, which a TLS socket shares with the TCP socket that carries it. */
function keyOf({ remoteAddress, remotePort, localAddress }: Socket): string {
	return `${remoteAddress}|${remotePort}|${localAddress}`;
}

function firstOf(connections: ReadonlyMap<string, Connection>): Connection | undefined {
	return connections.values().next().value;
}
