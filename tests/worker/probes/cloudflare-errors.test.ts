/** Messages as workerd 1.20261102.1 gave them, each with what had really happened. */
import { describe, expect, test } from 'vitest';
import {
	attemptOfHead,
	attemptOfMessage,
	attemptOfSilence,
} from '../../../worker/probes/cloudflare-errors.ts';

const cannotConnect = 'proxy request failed, cannot connect to the specified address';
const tryFetch = `${cannotConnect}. It looks like you might be trying to connect to a HTTP-based service — consider using fetch instead`;

describe('messages', () => {
	test.each([
		['connect: refused, reset, unreachable, unknown name, SERVFAIL, a silent resolver', cannotConnect],
		['connect: the same on ports 80 and 443', tryFetch],
		['fetch: refused, reset, closed, no HTTP, a head without end', 'Network connection lost.'],
		['fetch: TLS, unknown name, SERVFAIL', 'internal error; reference = jqbeqltg9200eqa0o8fsaj32'],
		['anything else', 'something new'],
	])('%s: the worker can not tell, and does not', (_, message) => {
		expect(attemptOfMessage(message)).toMatchObject({
			status: 'error',
			reason: 'connect-failed',
			left: false,
		});
	});

	test.each([
		['Connections to port 25 are prohibited', 'blocked-locally'],
		['TCP Loop detected', 'unsupported'],
		['Too many subrequests.', 'no-descriptors'],
	])('%s: the platform’s own no', (message, reason) => {
		expect(attemptOfMessage(message)).toMatchObject({ status: 'error', reason });
	});
});

describe('heads', () => {
	test.each([
		[200, null, 'up', ''],
		[302, 'nginx', 'up', ''],
		[404, 'cloudflare', 'up', ''],
		[403, 'nginx', 'up', ''],
		[500, 'nginx', 'down', 'http-5xx'],
		[522, 'nginx', 'down', 'http-5xx'],
		[503, 'cloudflare', 'down', 'http-5xx'],
		[520, 'cloudflare', 'down', 'http-invalid'],
		[521, 'cloudflare', 'down', 'refused'],
		[522, 'cloudflare', 'down', 'timeout'],
		[523, 'cloudflare', 'down', 'host-unreachable'],
		[525, 'Cloudflare', 'down', 'tls'],
		[526, 'cloudflare', 'down', 'tls'],
		[530, 'cloudflare', 'error', 'connect-failed'],
	])('%i from %s by name: %s/%s', (status, server, expected, reason) => {
		expect(attemptOfHead({ status, server }, false, 12)).toMatchObject({ status: expected, reason });
	});

	test('a fetch by address that the edge forbids says nothing of the host', () => {
		const head = { status: 403, server: 'cloudflare' };
		expect(attemptOfHead(head, true, 12)).toMatchObject({ status: 'error', reason: 'unsupported' });
		expect(attemptOfHead(head, false, 12)).toMatchObject({ status: 'up', rttMs: 12 });
	});
});

test('takes silence for a dead host only when no name server can be behind it', () => {
	expect(attemptOfSilence(true)).toMatchObject({ status: 'down', reason: 'timeout' });
	expect(attemptOfSilence(false)).toMatchObject({ status: 'error', reason: 'connect-failed' });
});
