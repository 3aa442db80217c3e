/** Counts by status as shares of a bar, with words for those who do not see it. */
import { formatCount } from '../../shared/format.ts';
import type { ByStatus } from '../../shared/outcome.ts';
import { statuses } from '../../shared/outcome.ts';
import './status-bar.css';

export function StatusBar({ byStatus }: { readonly byStatus: ByStatus }) {
	const found = statuses.filter((status) => byStatus[status] > 0);
	const total = found.reduce((sum, status) => sum + byStatus[status], 0);
	const words = found.map((status) => `${formatCount(byStatus[status])} ${status}`).join(', ');
	if (total === 0) return null;
	return (
		<span class="status-bar" title={words}>
			<span class="visually-hidden">{words}</span>
			{found.map((status) => (
				<span
					key={status}
					class={`status-bar-part fill-${status}`}
					style={{ '--part': `${(byStatus[status] / total) * 100}%` }}
				/>
			))}
		</span>
	);
}
