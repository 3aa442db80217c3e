import { describe, expect, it } from 'vitest';
import { freshChunk } from '../../../master/dispatch/rules/chunk.ts';
import type { Lane } from '../../../master/dispatch/rules/lane.ts';
import { WorkerFailure } from '../../../master/dispatch/worker-link.ts';
import { workerCondition } from '../../../master/monitor/worker-state.ts';
import { hostColumn } from '../../../shared/host-column.ts';
import { createRandom } from '../../../shared/random.ts';
import { laneOf, startedMs } from './monitor-fixture.ts';

const random = createRandom(1);
const chunk = freshChunk('icmp', { positions: Uint32Array.of(0), hosts: hostColumn(['10.0.0.1']) });

function conditionOf(lane: Lane, nowMs = startedMs, lateRequests = 0) {
	return workerCondition(lane, lateRequests, nowMs);
}

describe('a worker', () => {
	it('is healthy when there is nothing against it', () => {
		expect(conditionOf(laneOf('a'))).toEqual({ state: 'healthy', why: null, restUntilMs: null });
	});

	it('is set aside until it has rested, then asked, then on trial', () => {
		const lane = laneOf('a');
		const restMs = lane.health.failed(new WorkerFailure('broken', 'broke off'), startedMs, random)!;
		expect(conditionOf(lane)).toEqual({
			state: 'aside',
			why: 'broke off; will be asked what it can do',
			restUntilMs: startedMs + restMs,
		});
		lane.health.checking = true;
		expect(conditionOf(lane, startedMs + restMs)).toEqual({
			state: 'aside',
			why: 'broke off; is being asked what it can do',
			restUntilMs: null,
		});
		lane.health.checked();
		expect(conditionOf(lane)).toMatchObject({ state: 'slowed', why: 'on trial after it broke off' });
		lane.health.passed();
		expect(conditionOf(lane).state).toBe('healthy');
	});

	it('that is busy gets work again without being asked', () => {
		const lane = laneOf('a');
		lane.health.failed(
			new WorkerFailure('busy', 'is busy (HTTP 429)', { retryAfterMs: 900 }),
			startedMs,
			random,
		);
		expect(conditionOf(lane)).toEqual({
			state: 'aside',
			why: 'is busy (HTTP 429); gets work again then',
			restUntilMs: startedMs + 900,
		});
	});

	it('is gone when it is out for good, with the reason', () => {
		const lane = laneOf('a');
		lane.health.failed(new WorkerFailure('refused', 'does not accept our token'), startedMs, random);
		expect(conditionOf(lane)).toMatchObject({
			state: 'gone',
			why: 'does not accept our token; out of this run',
		});
	});

	it('drains as long as it has something under way, and is gone then', () => {
		const lane = laneOf('a');
		lane.opened(chunk);
		lane.isLeaving = true;
		expect(conditionOf(lane).state).toBe('draining');
		lane.closed(chunk);
		expect(conditionOf(lane)).toMatchObject({ state: 'gone', why: 'left the list of workers' });
	});

	it('is unmet before it has answered', () => {
		const lane = laneOf('a', false);
		expect(conditionOf(lane)).toEqual({
			state: 'unmet',
			why: 'will be asked what it can do',
			restUntilMs: null,
		});
		const restMs = lane.health.checkFailed(
			new WorkerFailure('unreachable', 'can not be reached'),
			startedMs,
			random,
		)!;
		expect(conditionOf(lane)).toMatchObject({
			state: 'unmet',
			why: 'can not be reached; will be asked what it can do',
			restUntilMs: startedMs + restMs,
		});
	});

	it('is slowed while it is silent, late, or holds probes back', () => {
		const lane = laneOf('a');
		expect(conditionOf(lane, startedMs, 2)).toMatchObject({
			state: 'slowed',
			why: 'late with 2 requests, asked elsewhere',
		});
		lane.holdingMs = startedMs;
		expect(conditionOf(lane, startedMs + 999)).toMatchObject({
			state: 'slowed',
			why: 'holds probes back for their prefixes',
		});
		expect(conditionOf(lane, startedMs + 1_000).state).toBe('healthy');
		lane.isSilent = true;
		expect(conditionOf(lane).state).toBe('slowed');
	});
});
