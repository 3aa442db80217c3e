/** Why hosts are not up, the commonest reason first: each leads to its hosts. */
import { formatCount, formatShare } from '../../../shared/format.ts';
import { Card } from '../../parts/card.tsx';
import { SafeText } from '../../parts/safe-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { hrefOf } from '../../router.ts';
import type { RunPicture } from './picture.ts';

export function Reasons({ picture }: { readonly picture: RunPicture }) {
	const { byReason, runId } = picture;
	const found = Object.entries(byReason)
		.filter(([, count]) => count > 0)
		.sort(([, a], [, b]) => b - a);
	const all = found.reduce((sum, [, count]) => sum + count, 0);
	return (
		<Card title="Why hosts are not up">
			{found.length === 0 ? (
				<EmptyState title="Every host that was asked is up" />
			) : (
				<ul class="reasons">
					{found.map(([reason, count]) => (
						<li key={reason} class="reason" style={{ '--part': `${(count / all) * 100}%` }}>
							<a href={hrefOf('/results', { run: runId, reason })}>
								<SafeText text={reason} />
							</a>
							<span class="reason-count">{formatCount(count)}</span>
							<span class="reason-share">{formatShare(count, all)}</span>
						</li>
					))}
				</ul>
			)}
		</Card>
	);
}
