import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { onAbort } from '../../shared/abort.ts';
import { systemClock } from '../../shared/clock.ts';

describe('many waits on one signal', () => {
	test('share one listener, which goes with the last of them', () => {
		const controller = new AbortController();
		const forget = Array.from({ length: 10_000 }, () => onAbort(controller.signal, () => undefined));
		expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
		for (const one of forget) one();
		expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
	});

	test('are all called back, once, but those that were taken back, also in the middle of it', () => {
		const controller = new AbortController();
		const called: string[] = [];
		onAbort(controller.signal, () => {
			called.push('first');
			forgetThird();
		});
		const forgetSecond = onAbort(controller.signal, () => called.push('second'));
		const forgetThird = onAbort(controller.signal, () => called.push('third'));
		onAbort(controller.signal, () => called.push('fourth'));
		forgetSecond();
		forgetSecond();
		controller.abort();
		expect(called).toEqual(['first', 'fourth']);
	});

	test('sleeps end with the signal’s reason and leave nothing on it', async () => {
		const controller = new AbortController();
		const { signal } = controller;
		await systemClock.sleep(1, signal);
		expect(getEventListeners(signal, 'abort')).toHaveLength(0);
		const sleeping = systemClock.sleep(60_000, signal);
		controller.abort(new Error('gone'));
		await expect(sleeping).rejects.toThrow('gone');
		await expect(systemClock.sleep(1, signal)).rejects.toThrow('gone');
	});
});
