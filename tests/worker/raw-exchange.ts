/** HTTP by hand: bytes to a server, and what came back until the connection ended or an answer was whole. */
import type { Socket } from 'node:net';
import { connect } from 'node:net';

export interface Exchange {
	/** everything that came back, each byte a character */
	readonly text: string;
	/** status codes of the answers in it */
	readonly statuses: readonly number[];
	/** whether the server ended the connection */
	readonly ended: boolean;
}

export interface ExchangeOptions {
	/** resolves when so many answers have come, without waiting for the end. Default: never */
	readonly answers?: number;
	readonly localAddress?: string;
	/** takes the socket when it is connected, to send more */
	readonly connected?: (socket: Socket) => void;
}

/** Sends bytes and gathers what comes back until the server ends the connection, or so many answers are there. */
export function exchange(
	port: number,
	bytes: string | Uint8Array,
	{ answers = Number.POSITIVE_INFINITY, localAddress, connected }: ExchangeOptions = {},
): Promise<Exchange> {
	return new Promise((resolve) => {
		let text = '';
		const socket = connect({ port, host: '127.0.0.1', ...(localAddress && { localAddress }) });
		const finish = (ended: boolean): void => {
			socket.destroy();
			resolve({ text, statuses: statusesIn(text), ended });
		};
		socket.setEncoding('latin1');
		socket.on('connect', () => {
			socket.write(bytes);
			connected?.(socket);
		});
		socket.on('data', (piece) => {
			text += piece;
			if (statusesIn(text).length >= answers && isWhole(text)) finish(false);
		});
		// A reset, when the server closed while something was still on its way to it.
		socket.on('error', () => undefined);
		socket.on('close', () => finish(true));
	});
}

function statusesIn(text: string): number[] {
	return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((found) => Number(found[1]));
}

/** Whether the last answer has its body, by Content-Length. */
function isWhole(text: string): boolean {
	const last = text.slice(text.lastIndexOf('HTTP/1.1 '));
	const at = last.indexOf('\r\n\r\n');
	if (at < 0) return false;
	const length = /^content-length: (\d+)/im.exec(last.slice(0, at))?.[1] ?? '0';
	return last.length >= at + 4 + Number(length);
}
