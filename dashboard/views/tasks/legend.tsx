/** What colours and patterns mean, how many there are of each, and a filter: each is a button that is on or off. */
import { useEffect, useRef } from 'preact/hooks';
import { type ChunkEnd, type ChunkKind, chunkEnds, chunkKinds } from '../../../shared/dashboard-api.ts';
import { formatCount } from '../../../shared/format.ts';
import { sharpContext } from '../../parts/canvas.ts';
import { theme, themeColor } from '../../state/theme.ts';
import { toggled } from '../../word-list.ts';
import { paletteOf } from './brushes.ts';
import { type ChunkCounts, endWords, kindWords } from './chunk-words.ts';
import { paintSwatch } from './paint.ts';
import type { TaskFilter } from './task-filter.ts';

const swatchPx = { widthPx: 26, heightPx: 12 };

interface LegendProps {
	readonly counts: ChunkCounts;
	readonly filter: TaskFilter;
	readonly onFilter: (filter: TaskFilter) => void;
}

export function Legend({ counts, filter, onFilter }: LegendProps) {
	return (
		<div class="legend">
			<fieldset class="legend-group">
				<legend>End</legend>
				{chunkEnds.map((end) => (
					<LegendButton
						key={end}
						word={endWords[end]}
						count={counts.ends[end]}
						isOn={filter.ends.includes(end)}
						end={end}
						kind="first"
						onToggle={() => onFilter({ ...filter, ends: toggled(filter.ends, end, chunkEnds) })}
					/>
				))}
			</fieldset>
			<fieldset class="legend-group">
				<legend>Sent as</legend>
				{chunkKinds.map((kind) => (
					<LegendButton
						key={kind}
						word={kindWords[kind]}
						count={counts.kinds[kind]}
						isOn={filter.kinds.includes(kind)}
						end="ok"
						kind={kind}
						onToggle={() => onFilter({ ...filter, kinds: toggled(filter.kinds, kind, chunkKinds) })}
					/>
				))}
			</fieldset>
		</div>
	);
}

interface LegendButtonProps {
	readonly word: string;
	readonly count: number;
	readonly isOn: boolean;
	readonly end: ChunkEnd;
	readonly kind: ChunkKind;
	readonly onToggle: () => void;
}

function LegendButton({ word, count, isOn, end, kind, onToggle }: LegendButtonProps) {
	return (
		<button type="button" class="button legend-button" aria-pressed={isOn} onClick={onToggle}>
			<Swatch end={end} kind={kind} />
			{word} <span class="legend-count">{formatCount(count)}</span>
		</button>
	);
}

function Swatch({ end, kind }: { readonly end: ChunkEnd; readonly kind: ChunkKind }) {
	const canvas = useRef<HTMLCanvasElement>(null);
	const themeNow = theme.value;
	useEffect(() => {
		const context = sharpContext(canvas.current!, swatchPx.widthPx, swatchPx.heightPx);
		paintSwatch(context, paletteOf(themeColor), swatchPx, end, kind);
	}, [end, kind, themeNow]);
	return (
		<span class="legend-swatch" aria-hidden="true">
			<canvas ref={canvas} />
		</span>
	);
}
