/** Faults 4, 8 and 31 between a master and a worker: the master is stopped, or its machine is out of descriptors or
 * ports. None of it is the worker's fault. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Deadline } from '../../master/worker-call-deadline.ts';
import { failureOf } from '../../master/worker-failures.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab, labUnavailable } from '../lab/lab.ts';
import { capabilities } from '../master/dispatch/fake-link.ts';
import { httpServer } from '../master/worker-client-fixture.ts';
import { startProcess } from '../process.ts';
import { describeUnless, notLong, testUnless, withoutCommand } from '../requirements.ts';

const script = new URL('./asking-master.ts', import.meta.url).pathname;

function outcomesIn(output: string): unknown {
	return JSON.parse(output.trimEnd().split('\n').at(-1)!);
}

describe('4: a master that is stopped', () => {
	testUnless(
		notLong() ?? (process.platform === 'linux' ? undefined : 'needs Linux'),
		'for longer than a check may take does not count that against the worker',
		async () => {
			const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
			const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
			const url = await httpServer(async (_, response) => {
				isAsked();
				await mayAnswer;
				response.end(JSON.stringify(capabilities()));
			});
			await using master = startProcess(process.execPath, [script, 'stopped', url]);
			const { pid } = master.child;
			await asked;
			await expect
				.poll(() => readFileSync(`/proc/${pid}/status`, 'utf8'), { timeout: 60_000 })
				.toMatch(/^State:\s+T/m);
			answer();
			// The check's 5 s, and what its timer may be late by without a reason.
			await sleep(6_500);
			process.kill(-pid!, 'SIGCONT');
			expect(await master.exited).toBe(0);
			expect(outcomesIn(master.output())).toEqual([{ kind: 'answered' }]);
		},
	);

	/** Stops this thread, timers and all. */
	function hold(ms: number): void {
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
	}

	const totalMsMax = 20;

	/** A deadline that is over when this process has been held up for so long, and a timer of the test that is due
	 * right behind the deadline's: nothing else has its turn in between. */
	function heldUp(ms: number) {
		const deadline = new Deadline({ caller: new AbortController().signal, totalMsMax });
		const startedMs = performance.now();
		const looked = new Promise<number>((resolve) => {
			setTimeout(() => resolve(performance.now() - startedMs - totalMsMax), totalMsMax);
		});
		const aborted = new Promise((resolve) => deadline.signal.addEventListener('abort', resolve));
		hold(ms);
		return { deadline, aborted, looked, heldUntilMs: performance.now() };
	}

	test('gets one more second, once', async () => {
		const { deadline, aborted, looked, heldUntilMs } = heldUp(1_100);
		await looked;
		expect(deadline.passed).toBe(false);
		await aborted;
		expect(performance.now() - heldUntilMs).toBeGreaterThan(990);
		expect(deadline.passed).toBe(true);
		deadline.release();
	});

	test('gets none when its timer is a little late', async () => {
		for (;;) {
			const { deadline, looked } = heldUp(500);
			const lateMs = await looked;
			const { passed } = deadline;
			deadline.release();
			// A machine that holds this process up for longer is another matter.
			if (lateMs > 900) continue;
			expect(passed).toBe(true);
			return;
		}
	});
});

testUnless(
	withoutCommand('prlimit'),
	'8: no file descriptor is left: said as it is, and over when it is over',
	async () => {
		const url = await httpServer((_, response) => void response.end(JSON.stringify(capabilities())));
		const local = {
			kind: 'local',
			message: 'can not be asked: this machine is out of file descriptors (EMFILE)',
			probed: false,
		};
		for (const host of ['127.0.0.1', 'localhost']) {
			const command = ['--nofile=64', process.execPath, script, 'without-descriptors'];
			await using master = startProcess('prlimit', [...command, url.replace('127.0.0.1', host)]);
			await master.exited;
			expect(master.errors()).toBe('');
			expect(outcomesIn(master.output()), host).toEqual([{ kind: 'answered' }, local, { kind: 'answered' }]);
		}
	},
);

describeUnless(labUnavailable(), '31: no port is left', () => {
	test('to connect from: said as it is', async () => {
		const lab: Lab = await createLab();
		try {
			lab.exec('sh', '-c', 'echo 50000 50000 > /proc/sys/net/ipv4/ip_local_port_range');
			const output = lab.exec(process.execPath, script, 'without-ports');
			expect(outcomesIn(output)).toEqual([
				{
					kind: 'local',
					message:
						'can not be asked: this machine is out of ports or addresses to connect from (EADDRNOTAVAIL)',
					probed: false,
				},
			]);
		} finally {
			lab.close();
		}
	});
});

describe('what the system says of a connection', () => {
	const said = (code: string, syscall: string): Error => Object.assign(new Error(code), { code, syscall });
	const kindOf = (error: unknown, headArrived = false): unknown => {
		const { kind, probed } = failureOf(error, headArrived) as { kind: string; probed: boolean };
		return [kind, probed];
	};

	test.each([
		['ENOBUFS', 'write', 'local', false],
		['ENOMEM', 'connect', 'local', false],
		['ENFILE', 'connect', 'local', false],
		['EHOSTUNREACH', 'connect', 'unreachable', false],
		['ETIMEDOUT', 'connect', 'unreachable', false],
		// Of a connection that was there.
		['EHOSTUNREACH', 'read', 'broken', true],
		['ETIMEDOUT', 'read', 'broken', true],
		['EPIPE', 'write', 'broken', true],
		['ECONNRESET', 'read', 'broken', true],
	])('%s of %s is %s', (code, syscall, kind, probed) => {
		expect(kindOf(said(code, syscall))).toEqual([kind, probed]);
	});

	test('behind the head of an answer, hosts may have been probed whatever it is', () => {
		expect(kindOf(said('ENOBUFS', 'read'), true)).toEqual(['local', true]);
		expect(kindOf(said('ERR_SSL_DECRYPTION_FAILED', ''), true)).toEqual(['broken', true]);
	});

	test('of several addresses, the one that answered says most', () => {
		const tried = [said('EADDRNOTAVAIL', 'connect'), said('ECONNREFUSED', 'connect')];
		expect(kindOf(new AggregateError(tried))).toEqual(['unreachable', false]);
		expect(kindOf(new AggregateError(tried.slice(0, 1)))).toEqual(['local', false]);
	});
});
