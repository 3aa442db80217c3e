/** Everything that is known of a chunk: beside the pointer, or in a place of its own. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { LiveChunk } from '../../../shared/dashboard-api.ts';
import { SafeText } from '../../parts/safe-text.tsx';
import { chunkFacts } from './chunk-words.ts';

interface ChunkDetailsProps {
	readonly chunk: LiveChunk;
	readonly workerName: string;
	readonly nowMs: number;
}

export function ChunkDetails({ chunk, workerName, nowMs }: ChunkDetailsProps) {
	return (
		<dl class="chunk-facts">
			{chunkFacts(chunk, workerName, nowMs).map(({ name, value }) => (
				<div key={name} class={name === 'Failure' ? 'chunk-fact chunk-fact-wide' : 'chunk-fact'}>
					<dt>{name}</dt>
					<dd>
						<SafeText text={value} />
					</dd>
				</div>
			))}
		</dl>
	);
}

interface ChunkTipProps extends ChunkDetailsProps {
	/** where the pointer is, from the element's top left corner */
	readonly near: {
		readonly element: RefObject<HTMLElement | null>;
		readonly xPx: number;
		readonly yPx: number;
	};
}

const gapPx = 14;

/** For the pointer alone: keys and screen readers have the selected chunk. */
export function ChunkTip({ near, ...details }: ChunkTipProps) {
	const tip = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => {
		const element = tip.current!;
		const rect = near.element.current!.getBoundingClientRect();
		const { offsetWidth, offsetHeight } = element;
		const x = rect.left + near.xPx;
		const y = rect.top + near.yPx;
		// On the other side of the pointer where it would leave the window.
		const left = x + gapPx + offsetWidth > innerWidth ? x - gapPx - offsetWidth : x + gapPx;
		const top = y + gapPx + offsetHeight > innerHeight ? y - gapPx - offsetHeight : y + gapPx;
		element.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
	});
	return (
		<div class="chunk-tip" ref={tip} aria-hidden="true">
			<ChunkDetails {...details} />
		</div>
	);
}
