/** How far a run is: the bar, and the numbers that one looks at first. */

import { formatCount, formatDuration, formatRate, formatShare, none } from '../../../shared/format.ts';
import type { Status } from '../../../shared/outcome.ts';
import { statuses } from '../../../shared/outcome.ts';
import { hasEnded } from '../../state/live-state.ts';
import type { RunPicture } from './picture.ts';

export function Progress({ picture }: { readonly picture: RunPicture }) {
	const { done, total, uncounted, byStatus, ratePerSecond, etaMs, elapsedMs } = picture;
	const isOver = hasEnded(picture.state);
	const share = formatShare(done, total);
	return (
		<section class="card run-progress" aria-label="Progress">
			<dl class="run-numbers">
				<div class="run-number run-number-first">
					<dt>Hosts with an answer</dt>
					<dd>
						<span class="run-number-value">{formatCount(done)}</span>
						<span class="run-number-note"> of {formatCount(total)}</span>
					</dd>
				</div>
				<div class="run-number">
					<dt>Done</dt>
					<dd class="run-number-value">{share}</dd>
				</div>
				<div class="run-number">
					<dt>{isOver ? 'Mean rate' : 'Rate now'}</dt>
					<dd class="run-number-value">{ratePerSecond === null ? none : formatRate(ratePerSecond)}</dd>
				</div>
				<div class="run-number">
					<dt>Elapsed</dt>
					<dd class="run-number-value">{formatDuration(elapsedMs)}</dd>
				</div>
				{!isOver && (
					<div class="run-number">
						<dt>Time left</dt>
						<dd class="run-number-value">{etaMs === null ? none : formatDuration(etaMs)}</dd>
					</div>
				)}
			</dl>
			<div
				class="run-bar"
				role="progressbar"
				aria-label="Hosts with an answer"
				aria-valuemin={0}
				aria-valuemax={Math.max(total, 1)}
				aria-valuenow={Math.min(done, Math.max(total, 1))}
				aria-valuetext={`${share}: ${formatCount(done)} of ${formatCount(total)} hosts`}
			>
				<Segment name="before" part={uncounted} total={total} />
				{statuses.map((status) => (
					<Segment key={status} name={status} part={byStatus[status]} total={total} />
				))}
			</div>
		</section>
	);
}

interface SegmentProps {
	readonly name: Status | 'before';
	readonly part: number;
	readonly total: number;
}

function Segment({ name, part, total }: SegmentProps) {
	if (part === 0 || total === 0) return null;
	return <span class={`run-bar-part fill-${name}`} style={{ '--part': `${(part / total) * 100}%` }} />;
}
