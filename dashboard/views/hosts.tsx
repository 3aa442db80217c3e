/** One host: what every run said of it. */
import type { HostHistory } from '../../shared/dashboard-api.ts';
import { formatCount, formatMoment, formatMs, formatPlural, formatShare, none } from '../../shared/format.ts';
import { historyEntriesMax } from '../../shared/limits.ts';
import { Card, Figure, Figures } from '../parts/card.tsx';
import { HostName, SafeText } from '../parts/safe-text.tsx';
import { EmptyState, ErrorState, Loading } from '../parts/states.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { ViewHead } from '../parts/view-head.tsx';
import { hrefOf } from '../router.ts';
import { useQuery } from '../state/api.ts';
import { navigate, route } from '../state/location.ts';
import { HistoryChart } from './host/history-chart.tsx';
import { historyFigures } from './host/history-figures.ts';
import { blockOf } from './map/map-prefix.ts';
import './host/host.css';

type Entry = HostHistory['entries'][number];

export function HostsView() {
	const host = route.value.params.host ?? null;
	const { data, error, reload } = useQuery<HostHistory>(
		host === null ? null : hrefOf('/api/history', { host }),
	);
	return (
		<>
			<ViewHead title="Host">
				<HostForm key={host} host={host ?? ''} />
			</ViewHead>
			{host === null && (
				<EmptyState title="Which host?">
					Give its name or address as the list has it, or choose a row of the{' '}
					<a href={hrefOf('/results')}>results</a>.
				</EmptyState>
			)}
			{error !== undefined && <ErrorState error={error} onRetry={reload} />}
			{host !== null && data === undefined && error === undefined && <Loading lines={6} />}
			{data !== undefined && data.host === host && <History history={data} />}
		</>
	);
}

function HostForm({ host }: { readonly host: string }) {
	return (
		<form
			class="fields"
			onSubmit={(event) => {
				event.preventDefault();
				const said = new FormData(event.currentTarget).get('host');
				navigate(hrefOf('/hosts', { host: String(said).trim() }));
			}}
		>
			<label class="field host-search">
				Host
				<input
					class="input"
					type="search"
					name="host"
					defaultValue={host}
					autocomplete="off"
					spellcheck={false}
				/>
			</label>
			<button type="submit" class="button">
				Show
			</button>
		</form>
	);
}

function History({ history }: { readonly history: HostHistory }) {
	const { host, entries } = history;
	const newest = entries[0];
	if (newest === undefined) {
		return (
			<>
				<HostTitle host={host} address={null} runId={undefined} />
				<EmptyState title="No run has a row of this host.">
					A host is found by the exact text that its list has; a part of it finds rows in the{' '}
					<a href={hrefOf('/results', { q: host })}>results</a>.
				</EmptyState>
			</>
		);
	}
	const figures = historyFigures(entries);
	return (
		<>
			<HostTitle host={host} address={newest.address} runId={newest.runId} />
			<Card title="At a glance">
				<div class="host-figures">
					<Figures>
						<Figure
							label="Now"
							value={<StatusBadge status={newest.status} />}
							note={newest.reason === null ? none : <SafeText text={newest.reason} />}
						/>
						<Figure label="Since" value={`run ${figures.sinceRunId}`} note={formatMoment(figures.sinceMs)} />
						<Figure
							label="Up in"
							value={formatShare(figures.up, entries.length)}
							note={`${formatCount(figures.up)} of ${formatPlural(entries.length, 'run')}`}
						/>
						<Figure label="Changes" value={formatCount(figures.changes)} note="of its status" />
						<Figure
							label="Median RTT of runs"
							value={figures.rttMsMedian === null ? none : formatMs(figures.rttMsMedian)}
							note={
								figures.rttMsMedian === null
									? none
									: `${formatMs(figures.rttMsMin!)} to ${formatMs(figures.rttMsMax!)}`
							}
						/>
					</Figures>
				</div>
			</Card>
			{entries.length > 1 && (
				<Card title="Round-trip time over runs">
					<HistoryChart entries={entries} />
				</Card>
			)}
			<Card title="Runs" isFlush>
				<Table
					caption={`Rows of ${formatPlural(entries.length, 'run')}, the newest first`}
					columns={columnsOf(history)}
					rows={entries}
					rowKey={(row) => `${row.runId} ${row.position}`}
					isCardsWhenNarrow
				/>
				{entries.length >= historyEntriesMax && (
					<p class="host-note">These are the newest {formatCount(historyEntriesMax)}.</p>
				)}
			</Card>
		</>
	);
}

interface HostTitleProps {
	readonly host: string;
	readonly address: string | null;
	readonly runId: number | undefined;
}

function HostTitle({ host, address, runId }: HostTitleProps) {
	const block = blockOf(address ?? host);
	return (
		<p class="host-title">
			<HostName host={host} />
			{address !== null && address !== host && (
				<span class="muted">
					<SafeText text={address} />
				</span>
			)}
			{block !== undefined && <a href={hrefOf('/map', { run: runId, prefix: block })}>{block} on the map</a>}
		</p>
	);
}

const columns: readonly Column<Entry>[] = [
	{
		id: 'run',
		title: 'Run',
		isRowHead: true,
		cell: (row) => <a href={hrefOf('/', { run: row.runId })}>#{row.runId}</a>,
	},
	{
		id: 'checked',
		title: 'Checked',
		className: 'cell-checked-at',
		cell: (row) => formatMoment(row.checkedAtMs),
	},
	{ id: 'status', title: 'Status', cell: (row) => <StatusBadge status={row.status} /> },
	{
		id: 'reason',
		title: 'Reason',
		cell: (row) => (row.reason === null ? none : <SafeText text={row.reason} />),
	},
	{ id: 'rtt', title: 'RTT', isNumber: true, cell: (row) => msText(row.rttMs) },
	{
		id: 'range',
		title: 'From, to',
		isNumber: true,
		cell: (row) =>
			row.rttMinMs === null || row.rttMaxMs === null
				? none
				: `${formatMs(row.rttMinMs)}, ${formatMs(row.rttMaxMs)}`,
	},
	{
		id: 'jitter',
		title: 'Jitter',
		isNumber: true,
		className: 'cell-jitter',
		cell: (row) => msText(row.jitterMs),
	},
	{ id: 'replies', title: 'Replies', isNumber: true, cell: (row) => `${row.received} of ${row.sent}` },
	{
		id: 'address',
		title: 'Address',
		cell: (row) => (row.address === null ? none : <SafeText text={row.address} />),
	},
	{
		id: 'worker',
		title: 'Worker',
		cell: (row) => (row.worker === null ? none : <SafeText text={row.worker} />),
	},
];

/** An address that is the host itself says nothing new. */
function columnsOf({ host, entries }: HostHistory): readonly Column<Entry>[] {
	const hasAddress = entries.some(({ address }) => address !== null && address !== host);
	return hasAddress ? columns : columns.filter(({ id }) => id !== 'address');
}

function msText(ms: number | null): string {
	return ms === null ? none : formatMs(ms);
}
