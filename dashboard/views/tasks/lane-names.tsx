/** The workers' names, beside their lanes. */
import { escapeUnsafe } from '../../../shared/display.ts';
import { SafeText } from '../../parts/safe-text.tsx';
import type { LanePlace } from './geometry.ts';

/** Names that are too long for one line, as on a phone, take as many as their lane is high: they differ at the end. */
const linePx = 16;

interface LaneNamesProps {
	/** those in view */
	readonly places: readonly LanePlace[];
	readonly axisPx: number;
	readonly nameOf: (worker: number) => string;
}

export function LaneNames({ places, axisPx, nameOf }: LaneNamesProps) {
	return (
		<div class="timeline-names">
			<div class="timeline-corner" style={{ height: `${axisPx}px` }} />
			{places.map(({ lane, topPx, heightPx }) => {
				const name = nameOf(lane.worker);
				const short = name.replace(/^https?:\/\//, '');
				const port = /:\d{1,5}$/.exec(short)?.[0] ?? '';
				const lines = Math.max(1, Math.floor(heightPx / linePx));
				return (
					<div
						key={lane.worker}
						class="timeline-name"
						title={escapeUnsafe(name)}
						style={{ top: `${topPx + axisPx}px`, maxHeight: `${heightPx}px`, '--lines': lines }}
					>
						<SafeText text={short.slice(0, short.length - port.length)} />
						<wbr />
						<SafeText text={port} />
					</div>
				);
			})}
		</div>
	);
}
