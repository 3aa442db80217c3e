/** Values that change faster than anybody reads. */
import type { ReadonlySignal } from '@preact/signals';
import { effect } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

const everyMs = 500;

/** The value of a signal, at most twice a second: a component that shows much of it is drawn that much less often. */
export function useSampled<T>(source: ReadonlySignal<T>): T {
	const [value, setValue] = useState(() => source.peek());
	useEffect(() => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const show = (): void => {
			timer = undefined;
			setValue(() => source.peek());
		};
		const stop = effect(() => {
			source.value;
			timer ??= setTimeout(show, everyMs);
		});
		return () => {
			stop();
			clearTimeout(timer);
		};
	}, [source]);
	return value;
}
