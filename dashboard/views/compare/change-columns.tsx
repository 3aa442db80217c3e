/** The columns of changes. */
import type { Change, ChangeKind, ChangeSide } from '../../../shared/dashboard-api.ts';
import { formatMs, none } from '../../../shared/format.ts';
import { HostName, SafeText } from '../../parts/safe-text.tsx';
import { Badge, StatusBadge, type SymbolName, type Tone } from '../../parts/status-badge.tsx';
import type { VirtualColumn } from '../../parts/virtual-table.tsx';
import { changeWords, rttChange } from './change-kinds.ts';

const kindBadges: Readonly<Record<ChangeKind, { tone: Tone; symbol: SymbolName }>> = {
	'newly-down': { tone: 'bad', symbol: 'cross' },
	'newly-up': { tone: 'good', symbol: 'check' },
	slower: { tone: 'warn', symbol: 'slow' },
	faster: { tone: 'accent', symbol: 'slow' },
	other: { tone: 'plain', symbol: 'exclamation' },
	added: { tone: 'plain', symbol: 'drain' },
	removed: { tone: 'plain', symbol: 'barred' },
};

export function KindBadge({ kind }: { readonly kind: ChangeKind }) {
	return <Badge {...kindBadges[kind]} text={changeWords[kind]} />;
}

export const changeColumns: readonly VirtualColumn<Change>[] = [
	{ id: 'host', title: 'Host', className: 'cell-host', cell: ({ host }) => <HostName host={host} isShort /> },
	{
		id: 'kind',
		title: 'Change',
		className: 'cell-change',
		cell: ({ kind }) => <KindBadge kind={kind} />,
	},
	{ id: 'before', title: 'Before', className: 'cell-side', cell: ({ before }) => <Side side={before} /> },
	{ id: 'after', title: 'After', className: 'cell-side', cell: ({ after }) => <Side side={after} /> },
	{
		id: 'rtt',
		title: 'RTT',
		className: 'cell-rtt-change',
		isNumber: true,
		cell: ({ before, after }) => rttText(before?.rttMs ?? null, after?.rttMs ?? null),
	},
	{
		id: 'worker',
		title: 'Worker after',
		className: 'cell-worker',
		cell: ({ after }) => (after?.worker === null || after === null ? none : <SafeText text={after.worker} />),
	},
];

function Side({ side }: { readonly side: ChangeSide | null }) {
	if (side === null) return <span class="muted">not in it</span>;
	return (
		<span class="compare-side">
			<StatusBadge status={side.status} />
			{side.reason !== null && (
				<span class="compare-reason">
					<SafeText text={side.reason} />
				</span>
			)}
		</span>
	);
}

function rttText(beforeMs: number | null, afterMs: number | null): string {
	const change = rttChange(beforeMs, afterMs);
	const both = `${beforeMs === null ? none : formatMs(beforeMs)} → ${afterMs === null ? none : formatMs(afterMs)}`;
	return change === null ? both : `${change}: ${both}`;
}
