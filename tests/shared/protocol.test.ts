import { describe, expect, it } from 'vitest';
import { PingpoolError } from '../../shared/errors.ts';
import { hostBytesMax } from '../../shared/limits.ts';
import { capabilitiesSchema, errorBodySchema, parsePingRequest } from '../../shared/protocol.ts';

function detailsOf(value: unknown) {
	try {
		parsePingRequest(value);
	} catch (error) {
		expect(error).toBeInstanceOf(PingpoolError);
		const { code, message, details } = error as PingpoolError;
		expect(code).toBe('bad-request');
		expect(message).toContain(details!.expected as string);
		return details!;
	}
	throw new Error('was accepted');
}

describe('a request', () => {
	it('needs hosts only', () => {
		expect(parsePingRequest({ hosts: ['a'] })).toEqual({
			hosts: ['a'],
			probe: 'icmp',
			count: 1,
			attempts: 2,
			timeoutMs: 1_000,
			intervalMs: 1_000,
			refusedIsUp: false,
		});
	});

	it.each<[unknown, string, RegExp]>([
		[undefined, '', /object/],
		[null, '', /object/],
		['x', '', /object/],
		[[], '', /object/],
		[{}, 'hosts', /a list of hosts/],
		[{ hosts: 'a' }, 'hosts', /a list of hosts/],
		[{ hosts: [] }, 'hosts', /at least one/],
		[{ hosts: ['a', 1] }, 'hosts[1]', /text/],
		[{ hosts: [''] }, 'hosts[0]', /empty/],
		[{ hosts: ['a'.repeat(hostBytesMax + 1)] }, 'hosts[0]', /2048/],
		[{ hosts: ['a'], probe: 'udp' }, 'probe', /icmp.*tcp.*http/],
		[{ hosts: ['a'], count: 0 }, 'count', /1/],
		[{ hosts: ['a'], count: 1.5 }, 'count', /int/],
		[{ hosts: ['a'], count: '3' }, 'count', /number/],
		[{ hosts: ['a'], attempts: 11 }, 'attempts', /10/],
		[{ hosts: ['a'], timeoutMs: 0 }, 'timeoutMs', /1/],
		[{ hosts: ['a'], timeoutMs: 60_001 }, 'timeoutMs', /60000/],
		[{ hosts: ['a'], intervalMs: -1 }, 'intervalMs', /0/],
		[{ hosts: ['a'], port: 65_536 }, 'port', /65535/],
		[{ hosts: ['a'], refusedIsUp: 1 }, 'refusedIsUp', /boolean/],
		[{ hosts: ['a'], timeout: 5 }, 'timeout', /one of hosts, probe, count/],
		[{ hosts: ['a'], count: 1_000, intervalMs: 60_000 }, 'count', /together take longer/],
	])('%j is refused at %j', (value, path, expected) => {
		const details = detailsOf(value);
		expect(details.path).toBe(path);
		expect(details.expected).toMatch(expected);
	});

	it('is not fooled by what all objects have', () => {
		expect(detailsOf(JSON.parse('{"hosts":["a"],"__proto__":{"count":5},"constructor":1}')).path).toMatch(
			/__proto__|constructor/,
		);
	});
});

it('capabilities may know more than we do, and must know what we need', () => {
	const said = {
		protocol: 1,
		instance: 'x',
		version: '9',
		runtime: 'node',
		probes: ['tcp'],
		icmp: null,
		hostsPerRequestMax: 1,
		probesPerRequestMax: null,
		hostsInFlightMax: 1,
		bodyBytesMax: 1,
		ratePerSecondMax: 0,
	};
	expect(capabilitiesSchema.safeParse({ ...said, invented: 'later' }).success).toBe(true);
	// Workers of an earlier version say nothing of these.
	expect(capabilitiesSchema.parse(said)).toMatchObject({
		requestForms: ['application/json'],
		heartbeatMs: 0,
		requestIds: false,
		connectionsMax: 1_024,
	});
	for (const key of Object.keys(said)) {
		expect(capabilitiesSchema.safeParse({ ...said, [key]: undefined }).success, key).toBe(false);
	}
});

it('an error body says a code and a message', () => {
	expect(errorBodySchema.safeParse({ error: { code: 'x', message: 'y' } }).success).toBe(true);
	expect(errorBodySchema.safeParse({ error: 'x' }).success).toBe(false);
});
