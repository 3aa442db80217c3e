/** The workers' names, beside their lanes. */
import { escapeUnsafe } from '../../../shared/display.ts';
import { SafeText } from '../../parts/safe-text.tsx';
import type { LanePlace } from './geometry.ts';

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
				return (
					<div
						key={lane.worker}
						class="timeline-name"
						title={escapeUnsafe(name)}
						style={{ top: `${topPx + axisPx}px`, height: `${heightPx}px` }}
					>
						<SafeText text={name.replace(/^https?:\/\//, '')} />
					</div>
				);
			})}
		</div>
	);
}
