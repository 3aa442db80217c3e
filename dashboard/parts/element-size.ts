/** How large an element is, as a signal. */
import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

export interface ElementSize {
	readonly widthPx: number;
	readonly heightPx: number;
}

/** @returns nothing by nothing until it is known */
export function useElementSize(ref: RefObject<HTMLElement | null>): ReadonlySignal<ElementSize> {
	const size = useSignal<ElementSize>({ widthPx: 0, heightPx: 0 });
	useEffect(() => {
		const element = ref.current!;
		const read = () => {
			const { clientWidth: widthPx, clientHeight: heightPx } = element;
			const { value } = size;
			if (value.widthPx !== widthPx || value.heightPx !== heightPx) size.value = { widthPx, heightPx };
		};
		const observer = new ResizeObserver(read);
		observer.observe(element);
		read();
		return () => observer.disconnect();
	}, [ref, size]);
	return size;
}
