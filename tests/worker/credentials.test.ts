/** What is accepted and shown while files change: a real HTTPS server, and time that a test passes. */

import { X509Certificate } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TlsArguments } from '../../worker/arguments.node.ts';
import type { AcceptedTokens } from '../../worker/auth.ts';
import { createAuthenticator } from '../../worker/auth.ts';
import type { Credentials } from '../../worker/credentials.node.ts';
import { openCredentials } from '../../worker/credentials.node.ts';
import { createAppServer } from '../../worker/tls/create-server.node.ts';
import { makeAuthority, makeSelfSigned } from '../authority.ts';
import { pausingClock } from '../pausing-clock.ts';
import { listening } from '../servers.ts';

let folder: string;
let abort: AbortController;
const closers: (() => unknown)[] = [];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-credentials-'));
	abort = new AbortController();
});
afterEach(async () => {
	abort.abort();
	for (const close of closers.splice(0)) await close();
	rmSync(folder, { recursive: true, force: true });
});

const path = (name: string): string => join(folder, name);
const [old, current] = ['the-old-token-0123456789', 'the-current-token-0123456789'];

function write(name: string, text: string): string {
	writeFileSync(path('new'), text, { mode: 0o600 });
	renameSync(path('new'), path(name));
	return path(name);
}

const noTls: TlsArguments = { cert: undefined, key: undefined, selfSigned: false, clientCa: undefined };

async function followed(tls: Partial<TlsArguments> = {}, tokenFile = path('token')) {
	const { clock, pass } = pausingClock(Date.now());
	const credentials = await openCredentials(
		{ noAuth: false, tokenFile, tls: { ...noTls, ...tls } },
		{},
		clock,
	);
	const server = createAppServer(credentials.tls, {});
	closers.push(() => new Promise((resolve) => server.close(resolve)));
	const messages: string[] = [];
	const over = credentials.follow({ server, onMessage: (text) => messages.push(text), signal: abort.signal });
	const looks = async (count: number): Promise<void> => {
		for (let i = 0; i < count; i += 1) await pass();
	};
	return { credentials, server, messages, looks, over };
}

/** Which of the tokens are accepted, of both. */
async function accepted(
	{ tokens }: Credentials,
	authenticator = createAuthenticator(tokens as AcceptedTokens),
) {
	return Promise.all(
		[old, current].map(async (token) => (await authenticator.accepts(`Bearer ${token}`)) > 0),
	);
}

describe('tokens', () => {
	it('change with their file, without a moment in which none is accepted', async () => {
		write('token', `${old}\n`);
		const { credentials, messages, looks } = await followed();
		const authenticator = createAuthenticator(credentials.tokens as AcceptedTokens);
		await looks(3);
		expect(await accepted(credentials, authenticator)).toEqual([true, false]);
		write('token', `${current}\n${old}\n`);
		await looks(3);
		expect(await accepted(credentials, authenticator)).toEqual([true, true]);
		write('token', `${current}\n`);
		await looks(3);
		expect(await accepted(credentials, authenticator)).toEqual([false, true]);
		expect(messages).toEqual([
			'the tokens have changed: two are accepted from now on',
			'the token has changed: one is accepted from now on',
		]);
	});

	it('stay in force while their file is broken, which is said once', async () => {
		write('token', `${old}\n`);
		const { credentials, messages, looks } = await followed();
		await looks(3);
		for (const text of ['', 'short', `${current} ${old}`, '\u0000'.repeat(100)]) {
			write('token', text);
			await looks(6);
			expect(await accepted(credentials)).toEqual([true, false]);
		}
		rmSync(path('token'));
		await looks(6);
		expect(await accepted(credentials)).toEqual([true, false]);
		expect(messages).toEqual([
			expect.stringMatching(/token: a token is expected; the tokens of before stay in force$/),
			expect.stringMatching(/a token has 16 to 1024 characters, not 5; the tokens/),
			expect.stringMatching(/a token has no white space in it; the tokens/),
			expect.stringMatching(/a token is made of letters, digits/),
			expect.stringMatching(/token is gone; the tokens of before stay in force$/),
		]);
		expect(messages.join()).not.toMatch(/short|0123456789/);
		write('token', `${current}\n`);
		await looks(3);
		expect(await accepted(credentials)).toEqual([false, true]);
	});

	it.each([
		['with a comma between them', ','],
		['with a line each, as a file has them', '\r\n'],
	])('from the environment, %s, do not change', async (_, between) => {
		const { clock } = pausingClock();
		const credentials = await openCredentials(
			{ noAuth: false, tokenFile: path('never'), tls: noTls },
			{ PINGPOOL_TOKEN: `${current}${between}${old}` },
			clock,
		);
		expect([credentials.token, credentials.tokenFile, credentials.tls]).toEqual([
			current,
			undefined,
			undefined,
		]);
		expect(await accepted(credentials)).toEqual([true, true]);
		const server = createAppServer(undefined, {});
		// There is nothing to follow.
		await credentials.follow({ server, onMessage: () => undefined, signal: abort.signal });
	});

	it('are not needed when told so', async () => {
		const { clock } = pausingClock();
		const credentials = await openCredentials({ noAuth: true, tokenFile: undefined, tls: noTls }, {}, clock);
		expect([credentials.tokens, credentials.token]).toEqual(['none', undefined]);
	});
});

/** The fingerprint that a server shows. */
async function shown(server: Server): Promise<string> {
	const port = server.listening ? (server.address() as { port: number }).port : await listening(server);
	const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
	await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
	const { fingerprint256 } = socket.getPeerX509Certificate()!;
	socket.destroy();
	return fingerprint256;
}

describe('the certificate', () => {
	it('is another one when its files have changed, and stays when they do not fit', async () => {
		const [first, second, third] = await Promise.all([makeSelfSigned(), makeSelfSigned(), makeSelfSigned()]);
		write('token', `${old}\n`);
		const tls = { cert: write('cert.pem', first.cert), key: write('key.pem', first.key) };
		const { server, messages, looks } = await followed(tls);
		const print = (pem: string): string => new X509Certificate(pem).fingerprint256;
		expect(await shown(server)).toBe(print(first.cert));
		await looks(6);
		write('cert.pem', second.cert);
		await looks(6);
		// The key is the old one still.
		expect(await shown(server)).toBe(print(first.cert));
		write('key.pem', second.key);
		await looks(8);
		expect(await shown(server)).toBe(print(second.cert));
		write('cert.pem', third.cert.slice(0, 200));
		await looks(8);
		expect(await shown(server)).toBe(print(second.cert));
		expect(messages).toEqual([
			expect.stringMatching(
				/key\.pem is not the key of the certificate in .*; the certificates of before stay in force$/,
			),
			expect.stringMatching(/^the certificate has changed: sha256:[0-9a-f]{64}$/),
			expect.stringMatching(/cert\.pem has no certificate in it; the certificates of before stay in force$/),
		]);
	});

	it('says what has changed: its fingerprint, what stands around it, or the authority of masters', async () => {
		const [one, other] = await Promise.all([makeAuthority(), makeAuthority()]);
		const pair = await one.issue({ names: ['worker.example'] });
		write('token', `${old}\n`);
		const { messages, looks } = await followed({
			cert: write('cert.pem', pair.cert),
			key: write('key.pem', pair.key),
			clientCa: write('ca.pem', one.cert),
		});
		await looks(8);
		write('ca.pem', other.cert);
		await looks(8);
		write('cert.pem', pair.cert + one.cert);
		await looks(8);
		expect(messages).toEqual([
			'the authority of --tls-client-ca has changed: masters need a certificate of the new one',
			'the files of the certificate have changed; its fingerprint has not',
		]);
	});

	it('of its own is made beside the token, once, and known by its fingerprint', async () => {
		const { credentials } = await followed({ selfSigned: true });
		expect(credentials.tls).toMatchObject({ isSelfSigned: true, asksForCertificate: false, warnings: [] });
		const again = await followed({ selfSigned: true });
		expect(again.credentials.tls?.fingerprint).toBe(credentials.tls?.fingerprint);
		expect(again.credentials.tls?.fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);
	});

	it('of an authority is not called self-signed', async () => {
		const authority = await makeAuthority();
		const pair = await authority.issue({ names: ['worker.example'] });
		const tls = {
			cert: write('cert.pem', pair.cert + authority.cert),
			key: write('key.pem', pair.key),
			clientCa: write('ca.pem', authority.cert),
		};
		const { credentials } = await followed(tls);
		expect(credentials.tls).toMatchObject({ isSelfSigned: false, asksForCertificate: true });
	});
});
