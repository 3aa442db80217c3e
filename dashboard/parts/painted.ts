/** Painting when something has changed, once a frame at most. While nobody sees the page there are no frames. */
import { useEffect, useRef } from 'preact/hooks';
import { useSignalEffectNow } from './signal-effect.ts';

/**
 * @param read reads every signal that the picture depends on
 * @param paint called in the next frame after one of them has changed
 */
export function usePainted(read: () => void, paint: () => void): void {
	const frame = useRef(0);
	const newest = useRef(paint);
	newest.current = paint;
	useSignalEffectNow(() => {
		read();
		if (frame.current !== 0) return;
		frame.current = requestAnimationFrame(() => {
			frame.current = 0;
			newest.current();
		});
	});
	useEffect(() => () => cancelAnimationFrame(frame.current), []);
}
