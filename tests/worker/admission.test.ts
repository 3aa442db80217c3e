/** The door of a worker: what one caller gets of its places, and what all of them get. */
import { expect, it } from 'vitest';
import { Admission } from '../../worker/admission.ts';
import { callerName } from '../../worker/caller-name.ts';

const admission = (hostsInFlightMax: number, requestsInFlightMax = 12): Admission =>
	new Admission({ hostsInFlightMax, requestsInFlightMax });

it('leaves a third more for others than one caller gets, of hosts', () => {
	const door = admission(30);
	const greedy = door.enter('a');
	greedy.addHosts(30);
	expect(() => greedy.addHosts(1)).toThrow('at most 30 hosts');
	expect(() => door.enter('a')).toThrow('at most 30 hosts');
	const modest = door.enter('b');
	modest.addHosts(10);
	// All forty are taken.
	expect(() => door.enter('c')).toThrow('at most 30 hosts');
	greedy.release();
	greedy.release();
	expect(door.hostsInFlight).toBe(10);
	door.enter('c').addHosts(30);
});

it('leaves a third more for others than one caller gets, of requests', () => {
	const door = admission(1_000);
	const tickets = Array.from({ length: 12 }, () => door.enter('a'));
	expect(() => door.enter('a')).toThrow('at most 12 requests');
	for (const caller of ['b', 'c', 'd', 'e']) door.enter(caller);
	expect(() => door.enter('f')).toThrow('at most 12 requests');
	for (const ticket of tickets) ticket.release();
	expect(door.requestsInFlight).toBe(4);
	door.enter('a');
});

it('takes one /64 of IPv6 and one address of IPv4 for one caller each', () => {
	expect(callerName('2001:db8::1')).toBe(callerName('2001:db8::ffff'));
	expect(callerName('2001:db8::1')).not.toBe(callerName('2001:db8:0:1::1'));
	expect(callerName('fe80::1%eth0')).toBe(callerName('fe80::2'));
	expect(callerName('192.0.2.1')).not.toBe(callerName('192.0.2.2'));
	expect(callerName()).toBe('');
});
