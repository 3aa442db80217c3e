import { expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';

it('a sleep ends with its signal and leaves nothing on it', async () => {
	const controller = new AbortController();
	const { signal } = controller;
	let listeners = 0;
	const add = signal.addEventListener.bind(signal);
	const remove = signal.removeEventListener.bind(signal);
	signal.addEventListener = (...args: Parameters<typeof add>) => {
		listeners += 1;
		add(...args);
	};
	signal.removeEventListener = (...args: Parameters<typeof remove>) => {
		listeners -= 1;
		remove(...args);
	};
	await systemClock.sleep(1, signal);
	expect(listeners).toBe(0);
	const sleeping = systemClock.sleep(3_600_000, signal);
	controller.abort(new Error('stopped'));
	await expect(sleeping).rejects.toThrow('stopped');
	await expect(systemClock.sleep(0, signal)).rejects.toThrow('stopped');
});
