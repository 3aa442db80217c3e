/** Real TLS on loopback: who is believed to be the worker, and what is said when it is somebody else. */

import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ServerOptions } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createServer as createTlsServer } from 'node:tls';
import { Pool } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { createConnector } from '../../../master/transport/connector.ts';
import type { WorkerTransport } from '../../../master/transport/worker-transport.ts';
import { defaultTransport } from '../../../master/transport/worker-transport.ts';
import { WorkerClient } from '../../../master/worker-client.ts';
import type { Fingerprint } from '../../../shared/fingerprint.ts';
import { parseFingerprint } from '../../../shared/fingerprint.ts';
import { buildCapabilities } from '../../../worker/capabilities.ts';
import type { Authority, Pair } from '../../authority.ts';
import { makeAuthority, makeSelfSigned } from '../../authority.ts';

const capabilities = JSON.stringify(buildCapabilities({ runtime: 'node', probes: ['tcp'] }));
const signal = new AbortController().signal;
const hourMs = 3_600_000;

let authority: Authority;
let other: Authority;
let selfSigned: Pair;
beforeAll(async () => {
	[authority, other, selfSigned] = await Promise.all([makeAuthority(), makeAuthority(), makeSelfSigned()]);
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
});

interface Listening {
	readonly port: number;
	readonly requests: IncomingMessage[];
	connections(): number;
	/** everything that came over encrypted connections, when the last one has ended */
	received(): Promise<string>;
}

/** A worker's /capabilities over TLS. */
async function worker(pair: Pair, options: ServerOptions = {}, host = '127.0.0.1'): Promise<Listening> {
	const requests: IncomingMessage[] = [];
	let connections = 0;
	let open = 0;
	const idle = Promise.withResolvers<void>();
	let received = '';
	const server = createServer({ cert: pair.cert, key: pair.key, ...options }, (request, response) => {
		requests.push(request);
		response.setHeader('content-type', 'application/json').end(capabilities);
	});
	server.on('connection', (socket: Socket) => {
		connections += 1;
		open += 1;
		socket.once('close', () => {
			open -= 1;
			if (open === 0) idle.resolve();
		});
	});
	server.on('secureConnection', (socket: TLSSocket) => {
		socket.on('data', (data) => {
			received += String(data);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, host, resolve));
	closers.push(() => {
		server.closeAllConnections();
		return new Promise((resolve) => server.close(resolve));
	});
	return {
		port: (server.address() as AddressInfo).port,
		requests,
		connections: () => connections,
		async received() {
			await idle.promise;
			return received;
		},
	};
}

function client(
	url: string,
	transport: Partial<WorkerTransport> = {},
	token: string | undefined = 'the-secret-token',
) {
	const link = new WorkerClient({
		name: 'w',
		url,
		token,
		connections: 2,
		transport: { ...defaultTransport, ...transport },
	});
	closers.push(() => link.close());
	return link;
}

async function failureOf(link: WorkerClient): Promise<WorkerFailure> {
	return link.capabilities(signal).then(
		() => expect.unreachable('it was taken'),
		(error) => error,
	);
}

const pinOf = ({ cert }: Pair): Fingerprint => parseFingerprint(new X509Certificate(cert).fingerprint256)!;

describe('a pin', () => {
	it('alone decides: no authority, no name and no date', async () => {
		const pairs = [
			selfSigned,
			await makeSelfSigned(['elsewhere.example'], [-2 * hourMs, -hourMs]),
			await authority.issue({ names: ['elsewhere.example'] }),
		];
		for (const pair of pairs) {
			const { port, received } = await worker(pair);
			const link = client(`https://127.0.0.1:${port}`, { pins: [pinOf(pair)] });
			await link.capabilities(signal);
			await link.close();
			expect(await received()).toMatch(/^GET \/capabilities [\s\S]*Bearer the-secret-token/);
		}
	});

	it('that is another one ends the connection before a byte of a request, and both are named', async () => {
		const { port, received, connections } = await worker(await authority.issue({ names: ['127.0.0.1'] }));
		const transport = { pins: [pinOf(selfSigned)], ca: authority.cert };
		const link = client(`https://127.0.0.1:${port}`, transport);
		for (let round = 1; round <= 3; round += 1) {
			const failure = await failureOf(link);
			expect(failure).toMatchObject({ kind: 'refused', probed: false });
			expect(failure.message).toContain(`where pin=${pinOf(selfSigned)} is expected`);
			expect(failure.message).toMatch(/another certificate than its line says: sha256:[0-9a-f]{64} /);
			expect(failure.message).not.toContain('secret');
			expect(connections()).toBe(round);
		}
		expect(await received()).toBe('');
	});

	it('may be one of two, so that a certificate can be replaced without a gap', async () => {
		const next = await makeSelfSigned(['127.0.0.1']);
		const pins = [pinOf(selfSigned), pinOf(next)];
		for (const pair of [selfSigned, next]) {
			const { port } = await worker(pair);
			const link = client(`https://127.0.0.1:${port}`, { pins });
			await link.capabilities(signal);
			await link.close();
		}
		const { port, received } = await worker(authority);
		const { message } = await failureOf(client(`https://127.0.0.1:${port}`, { pins }));
		expect(message).toContain(`where pin=${pins.join(',')} is expected`);
		expect(await received()).toBe('');
	});

	it('is checked at every connection: no session is resumed', async () => {
		const reused: boolean[] = [];
		const server = createTlsServer({ ...selfSigned }, (socket) => {
			reused.push(socket.isSessionReused());
			socket.on('error', () => undefined);
			// A ticket has gone with the answer; the next request needs a connection of its own.
			socket.once('data', () =>
				socket.end(
					`HTTP/1.1 200 OK\r\ncontent-length: ${capabilities.length}\r\nconnection: close\r\n\r\n${capabilities}`,
				),
			);
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		closers.push(() => new Promise((resolve) => server.close(resolve)));
		const { port } = server.address() as AddressInfo;
		const link = client(`https://127.0.0.1:${port}`, { pins: [pinOf(selfSigned)] });
		for (let i = 0; i < 3; i += 1) await link.capabilities(signal);
		expect(reused).toEqual([false, false, false]);
	});
});

describe('without a pin, the certificate is verified', () => {
	it('against the authority that was named, and for the name of the URL', async () => {
		const { port } = await worker(await authority.issue({ names: ['localhost', '127.0.0.1'] }));
		for (const host of ['localhost', '127.0.0.1']) {
			await client(`https://${host}:${port}`, { ca: authority.cert }).capabilities(signal);
		}
	});

	it('or by the certificate itself, for a worker that signed its own', async () => {
		const { port } = await worker(selfSigned);
		await client(`https://127.0.0.1:${port}`, { ca: selfSigned.cert }).capabilities(signal);
	});

	const cases: [
		string,
		() => Promise<Pair>,
		Partial<WorkerTransport> | (() => Partial<WorkerTransport>),
		string,
	][] = [
		[
			'that signed itself',
			async () => selfSigned,
			{},
			'has a certificate that it signed itself: put the pin=sha256:… that the worker prints',
		],
		[
			'from an authority that nobody knows',
			() => authority.issue({ names: ['127.0.0.1'] }),
			{},
			'from an authority that this machine does not know: name its file with ca=… or --tls-ca',
		],
		[
			'from another authority than the one that was named',
			() => other.issue({ names: ['127.0.0.1'] }),
			() => ({ ca: authority.cert }),
			'is not from the authority in its ca=… or in --tls-ca',
		],
		[
			'that has expired',
			() => authority.issue({ names: ['127.0.0.1'], validMs: [-2 * hourMs, -hourMs] }),
			() => ({ ca: authority.cert }),
			'has a certificate that has expired',
		],
		[
			'of tomorrow',
			() => authority.issue({ names: ['127.0.0.1'], validMs: [hourMs, 2 * hourMs] }),
			() => ({ ca: authority.cert }),
			'is not valid yet: is the clock',
		],
		[
			'for clients alone',
			() => authority.issue({ names: ['127.0.0.1'], forClients: true }),
			() => ({ ca: authority.cert }),
			'has a certificate that is not good enough: unsuitable certificate purpose (INVALID_PURPOSE)',
		],
		[
			'for another name',
			() => authority.issue({ names: ['elsewhere.example'] }),
			() => ({ ca: authority.cert }),
			'for another name (DNS:elsewhere.example): use a URL with that name, or put pin=',
		],
	];

	it.each(cases)('one %s is refused, and nothing is sent', async (_, issue, transport, message) => {
		const { port, received } = await worker(await issue());
		const failure = await failureOf(
			client(`https://127.0.0.1:${port}`, typeof transport === 'function' ? transport() : transport),
		);
		expect(failure).toMatchObject({
			kind: 'refused',
			probed: false,
			message: expect.stringContaining(message),
		});
		expect(await received()).toBe('');
	});

	it('whatever a certificate says of itself is printed safely', async () => {
		const { port } = await worker(await authority.issue({ names: ['a\u001b[2Jb.example'] }));
		const { message } = await failureOf(client(`https://127.0.0.1:${port}`, { ca: authority.cert }));
		expect(message).toContain('for another name');
		expect(message).not.toContain('\u001b');
	});
});

describe('NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
	const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
	beforeAll(() => {
		process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
	});
	afterAll(() => {
		if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
		else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
	});

	it('does not turn verification off', async () => {
		const { port, received } = await worker(selfSigned);
		for (const transport of [{}, { ca: authority.cert }, { pins: [pinOf(authority)] }]) {
			const failure = await failureOf(client(`https://127.0.0.1:${port}`, transport));
			expect(failure.kind).toBe('refused');
		}
		expect(await received()).toBe('');
	});
});

describe('a worker that wants a certificate', () => {
	const mutual = (): ServerOptions => ({ requestCert: true, rejectUnauthorized: true, ca: authority.cert });

	it.each(['TLSv1.2', 'TLSv1.3'] as const)('gets ours, with %s', async (maxVersion) => {
		const { port, requests } = await worker(selfSigned, { ...mutual(), maxVersion });
		const certificate = await authority.issue({ names: ['master'] });
		await client(`https://127.0.0.1:${port}`, { pins: [pinOf(selfSigned)], certificate }).capabilities(
			signal,
		);
		expect((requests[0]!.socket as TLSSocket).authorized).toBe(true);
	});

	it.each(['TLSv1.2', 'TLSv1.3'] as const)('is named when we have none, with %s', async (maxVersion) => {
		const { port, requests } = await worker(selfSigned, { ...mutual(), maxVersion });
		const link = client(`https://127.0.0.1:${port}`, { pins: [pinOf(selfSigned)] });
		expect(await failureOf(link)).toMatchObject({
			kind: 'refused',
			message: expect.stringMatching(
				/^wants a certificate of this master: give --tls-cert and --tls-key \(ERR_SSL_/,
			),
		});
		expect(requests).toEqual([]);
	});

	it('ends the connection of one from another authority', async () => {
		const { port, requests } = await worker(selfSigned, mutual());
		const certificate = await other.issue({ names: ['master'] });
		const { message } = await failureOf(
			client(`https://127.0.0.1:${port}`, { pins: [pinOf(selfSigned)], certificate }),
		);
		expect(message).toMatch(
			/does it know the authority of the certificate of this master|does not accept the certificate/,
		);
		expect(requests).toEqual([]);
	});
});

describe('plain HTTP', () => {
	async function pool(
		isPublic: (() => boolean) | undefined,
		changes: Partial<WorkerTransport> = {},
		hasToken = true,
		host = '127.0.0.1',
	) {
		let received = '';
		const server = createTcpServer((socket: Socket) => {
			socket
				.on('error', () => undefined)
				.on('data', (data) => {
					received += String(data);
					socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
				});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		closers.push(() => new Promise((resolve) => server.close(resolve)));
		const transport = { ...defaultTransport, ...changes };
		const connect = createConnector({ transport, hasToken, timeoutMs: 3_000, ...(isPublic && { isPublic }) });
		const { port } = server.address() as AddressInfo;
		const connections = new Pool(`http://${host}:${port}`, { connect, connections: 1 });
		closers.push(() => connections.destroy());
		const ask = () =>
			connections.request({
				method: 'GET',
				path: '/',
				headers: { authorization: 'Bearer the-secret-token' },
			});
		return { ask, received: () => received };
	}

	it('is not spoken with a token to an address that is public, whatever its name is', async () => {
		for (const host of ['127.0.0.1', 'localhost']) {
			const { ask, received } = await pool(() => true, {}, true, host);
			const error = await ask().catch((reason: unknown) => reason);
			expect(error).toMatchObject({
				kind: 'refused',
				message: expect.stringMatching(
					/^is at 127\.0\.0\.1, a public address, where a token does not go over plain HTTP: use https:.*--allow-plain-http$/,
				),
			});
			expect(received()).toBe('');
		}
	});

	it.each([
		['to addresses that are not', undefined, {}, true],
		['when that was asked for', () => true, { allowPlainHttp: true }, true],
		['without a token', () => true, {}, false],
	])('is spoken %s', async (_, isPublic, changes, hasToken) => {
		const { ask } = await pool(isPublic, changes, hasToken);
		expect((await ask()).statusCode).toBe(204);
	});
});
