/**
 * What a component does when signals change, at once. The hook of the same purpose that the library has waits for a
 * frame: where what it does leads to another frame, one change is several of them, and each costs a browser more than
 * what is in it.
 */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** @param run is called when a signal has changed that its last call has read */
export function useSignalEffectNow(run: () => void): void {
	const newest = useRef(run);
	newest.current = run;
	useEffect(() => effect(() => newest.current()), []);
}
