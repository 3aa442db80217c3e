import { describe, expect, test } from 'vitest';
import { meaningOf } from '../../../worker/probes/socket-errors.ts';

describe('system errors', () => {
	test.each([
		['ECONNREFUSED', 'down', 'refused'],
		['ECONNRESET', 'down', 'reset'],
		['EPIPE', 'down', 'reset'],
		['ETIMEDOUT', 'down', 'timeout'],
		['EHOSTUNREACH', 'down', 'host-unreachable'],
		['ENETUNREACH', 'down', 'net-unreachable'],
		['EADDRNOTAVAIL', 'error', 'no-ports'],
		['EMFILE', 'error', 'no-descriptors'],
		['ENFILE', 'error', 'no-descriptors'],
		['ENOBUFS', 'error', 'no-buffers'],
		['ENOMEM', 'error', 'no-buffers'],
		['EPERM', 'error', 'blocked-locally'],
		['EACCES', 'error', 'blocked-locally'],
		['ENETDOWN', 'error', 'no-route'],
		['ESOMETHINGELSE', 'error', 'internal'],
		[undefined, 'error', 'internal'],
	])('%s is %s/%s', (code, status, reason) => {
		const { attempt } = meaningOf(code, 4);
		expect(attempt).toMatchObject({ status, reason });
		// Only what left the machine can be down.
		expect(attempt.left).toBe(status === 'down');
	});

	test.each(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'])('%s without a route is no route', (code) => {
		expect(meaningOf(code, 4).withoutRoute).toMatchObject({
			status: 'error',
			reason: 'no-route',
			left: false,
		});
	});

	test('EACCES over IPv6 with a route is a router’s word', () => {
		const { attempt, withoutRoute } = meaningOf('EACCES', 6);
		expect([attempt.reason, withoutRoute?.reason]).toEqual(['admin-prohibited', 'blocked-locally']);
	});

	test('what passes as connections end is worth waiting for, and nothing else', () => {
		const codes = [
			'EADDRNOTAVAIL',
			'EMFILE',
			'ENFILE',
			'ENOBUFS',
			'ENOMEM',
			'EPERM',
			'ECONNREFUSED',
			'EINVAL',
		];
		expect(codes.filter((code) => meaningOf(code, 4).attempt.shortage)).toEqual(codes.slice(0, 5));
	});
});
