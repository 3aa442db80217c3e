/** The load of a Node process, all its threads included. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../../shared/clock.ts';
import { roundToMicroseconds } from '../../shared/stats.ts';
import type { EchoCounters } from '../icmp/echo-engine.ts';
import type { LoadMeter } from './load-reporter.ts';

/** Between two looks at the event loop. It is looked at only while requests are under way: an idle worker sleeps. */
const loopLookMs = 20;

export interface ProcessLoadOptions {
	readonly clock: Clock;
	/** `undefined` where no echo requests are sent */
	readonly counters: (() => EchoCounters) | undefined;
}

/** Measures this process from now on. */
export function createProcessLoad({ clock, counters }: ProcessLoadOptions): LoadMeter {
	const loop = monitorEventLoopDelay({ resolution: loopLookMs });
	let cpu = process.cpuUsage();
	let measuredAtMs = clock.monotonicMs();
	/** of looks that the histogram has forgotten */
	let loopDelayMs = 0;

	/** Takes what the histogram has, which knows the times between two looks. */
	function readLoop(): void {
		if (loop.count > 0) loopDelayMs = Math.max(loopDelayMs, loop.max / 1e6 - loopLookMs);
	}

	return {
		begin() {
			// It would take the time in which nothing was under way for one that the event loop was late by.
			loop.reset();
			loop.enable();
		},
		end() {
			readLoop();
			loop.disable();
		},
		measure() {
			const nowMs = clock.monotonicMs();
			const used = process.cpuUsage();
			const cpuUs = used.user - cpu.user + used.system - cpu.system;
			const elapsedMs = Math.max(1, nowMs - measuredAtMs);
			readLoop();
			const echoes = counters?.();
			const load = {
				cpu: roundToMicroseconds(cpuUs / 1000 / elapsedMs),
				memoryBytes: process.memoryUsage.rss(),
				eventLoopDelayMs: roundToMicroseconds(loopDelayMs),
				sent: echoes?.sent ?? 0,
				received: echoes?.received ?? 0,
				dropped: echoes?.dropped ?? 0,
				forged: echoes?.forged ?? 0,
			};
			cpu = used;
			measuredAtMs = nowMs;
			loopDelayMs = 0;
			loop.reset();
			return load;
		},
	};
}
