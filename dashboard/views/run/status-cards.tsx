/** What became of the hosts: each count leads to them. */

import { formatCount, formatPlural, formatShare } from '../../../shared/format.ts';
import { statuses } from '../../../shared/outcome.ts';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { hrefOf } from '../../router.ts';
import type { RunPicture } from './picture.ts';

export function StatusCards({ picture }: { readonly picture: RunPicture }) {
	const { byStatus, runId, uncounted } = picture;
	const answered = statuses.reduce((sum, status) => sum + byStatus[status], 0);
	return (
		<section aria-label="Hosts by status">
			<ul class="status-cards">
				{statuses.map((status) => (
					<li key={status}>
						<a class={`status-card tone-${status}`} href={hrefOf('/results', { run: runId, status })}>
							<StatusBadge status={status} />
							<span class="status-card-numbers">
								<span class="status-card-count">{formatCount(byStatus[status])}</span>
								<span class="muted">{formatShare(byStatus[status], answered)}</span>
							</span>
						</a>
					</li>
				))}
			</ul>
			{uncounted > 0 && (
				<p class="run-note">
					Without {formatPlural(uncounted, 'host')} that had an answer when the run was continued: the
					database has no counts of them.
				</p>
			)}
		</section>
	);
}
