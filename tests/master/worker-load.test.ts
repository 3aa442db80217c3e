/** What a worker says of its load, in marks that carry it: believed when it can be, and named a lie when not. */
import { expect, it } from 'vitest';
import { mediaTypes } from '../../shared/protocol.ts';
import type { WorkerLoad } from '../../shared/worker-load.ts';
import {
	answering,
	callOf,
	clientOf,
	hosts,
	httpServer,
	lines,
	pieces,
	stream,
} from './worker-client-fixture.ts';

const load: WorkerLoad = {
	cpu: 1.25,
	memoryBytes: 90_000_000,
	eventLoopDelayMs: 3.5,
	sent: 1e12,
	received: 10,
	dropped: 0,
	forged: 2,
};
const [, ...rest] = pieces;
const [first, second] = rest as [Uint8Array, Uint8Array];
const end = { done: true, results: 3 };

async function heard(body: Buffer | string, type: string = mediaTypes.frames): Promise<WorkerLoad[]> {
	const loads: WorkerLoad[] = [];
	const { call } = callOf(hosts, { onLoad: (said) => loads.push(said) });
	await clientOf(await httpServer(answering(body, type))).ping(call);
	return loads;
}

it('is handed on from signs of life and from the end', async () => {
	const later = { ...load, sent: load.sent + 1 };
	const marked = [{ alive: true, holding: true, load }, first, second, { ...end, load: later }];
	expect(await heard(stream(marked))).toEqual([load, later]);
});

it('is handed on from the end of lines', async () => {
	const results = hosts.map((host) => ({ host, status: 'up', sent: 1, received: 1, rttMs: 1 }));
	expect(await heard(lines([...results, { ...end, load }]), mediaTypes.ndjson)).toEqual([load]);
});

it('may have more in it than this master knows', async () => {
	expect(await heard(stream([first, second, { ...end, load: { ...load, moods: 3 } }]))).toEqual([load]);
});

it('need not be said', async () => {
	expect(await heard(stream([first, second, end]))).toEqual([]);
});

it.each<[string, unknown]>([
	['no object', 7],
	['nothing', null],
	['a list', [1]],
	['an object with a field less', { ...load, forged: undefined }],
	['a negative number', { ...load, cpu: -1 }],
	['a number that nothing can have', { ...load, cpu: 1e300 }],
	['a text', { ...load, memoryBytes: '1' }],
	['no number', { ...load, dropped: null }],
])('is a lie when it is %s', async (_, said) => {
	const { call, rows } = callOf(hosts);
	const client = clientOf(
		await httpServer(answering(stream([first, { alive: true, load: said }, second, end]))),
	);
	await expect(client.ping(call)).rejects.toMatchObject({
		kind: 'invalid',
		message: 'says nonsense of its load',
	});
	// What was checked before it counts.
	expect([...rows.keys()].sort()).toEqual([0, 2]);
});

it('is a lie when a number is beyond all numbers', async () => {
	const text = JSON.stringify({ ...end, load }).replace('1.25', '1e999');
	const body = `${lines(hosts.map((host) => ({ host, status: 'up', sent: 1, received: 1, rttMs: 1 })))}${text}\n`;
	await expect(heard(body, mediaTypes.ndjson)).rejects.toMatchObject({ kind: 'invalid' });
});
