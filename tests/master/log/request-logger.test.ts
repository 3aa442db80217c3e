import { expect, it } from 'vitest';
import type { AskedChunk } from '../../../master/dispatch/observer.ts';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import type { LogEntry } from '../../../master/log/log-entry.ts';
import { RequestLogger } from '../../../master/log/request-logger.ts';
import type { ResultBlock } from '../../../shared/results.ts';

const chunk: AskedChunk = {
	id: 1,
	request: 'abc-1',
	worker: 'a',
	probe: 'icmp',
	kind: 'first',
	hosts: 1_024,
};
const blockOf = (length: number): ResultBlock => ({ length }) as ResultBlock;

function logger() {
	const said: LogEntry[] = [];
	let nowMs = 1_000;
	const observer = new RequestLogger((entry) => said.push(entry), { monotonicMs: () => nowMs });
	return {
		observer,
		said,
		pass(ms: number) {
			nowMs += ms;
		},
		last: () => said.at(-1),
	};
}

it('says of a request when it was asked, sent and answered', () => {
	const { observer, said, pass } = logger();
	observer.asked(chunk);
	pass(20);
	observer.sent(1, 12.345_6);
	observer.answered(1, blockOf(1_000));
	pass(30.000_4);
	observer.answered(1, blockOf(24));
	observer.closed(1, undefined, false);
	const named = { request: 'abc-1', worker: 'a' };
	expect(said.map(({ level, event, fields }) => [level, event, fields])).toEqual([
		['debug', 'request-asked', { ...named, probe: 'icmp', kind: 'first', hosts: 1_024 }],
		['debug', 'request-sent', { ...named, waitMs: 12.346, ms: 20 }],
		[
			'debug',
			'request-ended',
			{ ...named, probe: 'icmp', kind: 'first', hosts: 1_024, answered: 1_024, ms: 50, end: 'ok' },
		],
	]);
	expect(said.map(({ msg }) => msg)).toEqual([
		'request abc-1: a is asked for 1,024 hosts, icmp, first',
		'request abc-1: a has sent all of 1,024 hosts, the last after 12.346 ms',
		'request abc-1: a answered 1,024 of 1,024 hosts in 50 ms: ok',
	]);
});

it('says why one failed, and which one took over', () => {
	const { observer, said, last, pass } = logger();
	observer.asked(chunk);
	observer.answered(1, blockOf(4));
	pass(600);
	observer.late(1);
	expect(last()).toMatchObject({ event: 'request-late', fields: { answered: 4, ms: 600 } });
	observer.asked({ ...chunk, id: 2, request: 'abc-2', worker: 'b', kind: 'hedge', hosts: 1_020 });
	observer.closed(1, new WorkerFailure('silent', 'did not answer for 10 s'), true);
	expect(last()?.fields).toMatchObject({
		request: 'abc-1',
		end: 'failed',
		failure: 'did not answer for 10 s',
		failureKind: 'silent',
	});
	observer.closed(2, new WorkerFailure('local', 'is not asked any more'), true);
	expect(last()?.fields).toMatchObject({ request: 'abc-2', kind: 'hedge', end: 'cancelled' });
	expect(last()?.fields).not.toHaveProperty('failure');
	// Every host is answered, and the run over, before the answer has ended.
	observer.asked({ ...chunk, id: 3, hosts: 8 });
	observer.answered(3, blockOf(8));
	observer.closed(3, new WorkerFailure('local', 'is not asked any more'), true);
	expect(last()?.fields).toMatchObject({ answered: 8, end: 'ok' });
	// What comes after the end is about nothing that is known.
	const before = said.length;
	observer.closed(1, undefined, false);
	observer.sent(2, 1);
	observer.late(2);
	observer.answered(2, blockOf(1));
	expect(said).toHaveLength(before);
});
