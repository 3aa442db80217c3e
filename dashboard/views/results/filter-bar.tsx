/** What results are narrowed down by. Every choice is in the page's address at once. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunDetail } from '../../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../../shared/display.ts';
import { formatCompact } from '../../../shared/format.ts';
import { type Status, statuses } from '../../../shared/outcome.ts';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { useQuery } from '../../state/api.ts';
import { toggled } from '../../word-list.ts';
import { isFiltered, knownReasons, openFilter, type ResultFilter } from './result-filter.ts';
import { searchOf, searchText } from './search-text.ts';

/** After the last key, before it is searched for. */
const typingMs = 300;

interface FilterBarProps {
	readonly runId: number;
	readonly filter: ResultFilter;
	readonly onFilter: (filter: ResultFilter) => void;
}

export function FilterBar({ runId, filter, onFilter }: FilterBarProps) {
	const detail = useQuery<RunDetail>(`/api/runs/${runId}`).data;
	const workers = detail?.byWorker.map(({ worker }) => worker) ?? [];
	const [timesCleared, setTimesCleared] = useState(0);
	return (
		<search class="filter-bar">
			<SearchBox key={timesCleared} filter={filter} onFilter={onFilter} />
			<fieldset class="filter-chips">
				<legend class="visually-hidden">Status</legend>
				{statuses.map((status) => (
					<StatusChip
						key={status}
						status={status}
						count={detail?.byStatus[status]}
						isOn={filter.statuses.includes(status)}
						onToggle={() => onFilter({ ...filter, statuses: toggled(filter.statuses, status, statuses) })}
					/>
				))}
			</fieldset>
			<label class="field">
				Reason
				<select
					class="select"
					value={filter.reasons.join(',')}
					onChange={({ currentTarget: { value } }) =>
						onFilter({ ...filter, reasons: value === '' ? [] : value.split(',') })
					}
				>
					<option value="">any</option>
					{filter.reasons.length > 1 && (
						<option value={filter.reasons.join(',')}>{filter.reasons.join(', ')}</option>
					)}
					{reasonsOf(detail, filter).map((reason) => (
						<option key={reason} value={reason}>
							{reason}
						</option>
					))}
				</select>
			</label>
			<label class="field">
				Worker
				<select
					class="select"
					value={filter.worker ?? ''}
					onChange={({ currentTarget: { value } }) =>
						onFilter({ ...filter, worker: value === '' ? null : value })
					}
				>
					<option value="">any</option>
					{filter.worker !== null && !workers.includes(filter.worker) && (
						<option value={filter.worker}>{escapeUnsafe(filter.worker)}</option>
					)}
					{workers.map((worker) => (
						// An option holds text alone.
						<option key={worker} value={worker}>
							{escapeUnsafe(worker)}
						</option>
					))}
				</select>
			</label>
			{isFiltered(filter) && (
				<button
					type="button"
					class="button"
					onClick={() => {
						// What was typed and not yet searched for goes as well.
						setTimesCleared(timesCleared + 1);
						onFilter({ ...openFilter, sort: filter.sort });
					}}
				>
					Clear
				</button>
			)}
		</search>
	);
}

/** Those that the run has, and those that are chosen. */
function reasonsOf(detail: RunDetail | undefined, filter: ResultFilter): readonly string[] {
	if (detail === undefined) return filter.reasons.length === 1 ? filter.reasons : knownReasons;
	return knownReasons.filter(
		(reason) => Object.hasOwn(detail.byReason, reason) || filter.reasons.includes(reason),
	);
}

interface StatusChipProps {
	readonly status: Status;
	readonly count: number | undefined;
	readonly isOn: boolean;
	readonly onToggle: () => void;
}

function StatusChip({ status, count, isOn, onToggle }: StatusChipProps) {
	return (
		<button type="button" class="button filter-chip" aria-pressed={isOn} onClick={onToggle}>
			<StatusBadge status={status} />
			{count !== undefined && <span class="filter-chip-count">{formatCompact(count)}</span>}
		</button>
	);
}

function SearchBox({ filter, onFilter }: Omit<FilterBarProps, 'runId'>) {
	const inAddress = searchText(filter);
	const [text, setText] = useState(inAddress);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const newest = useRef(filter);
	newest.current = filter;
	// What the address says counts, unless it says what was just typed.
	useEffect(() => {
		setText((typed) => (searchText(searchOf(typed)) === inAddress ? typed : inAddress));
	}, [inAddress]);
	useEffect(() => () => clearTimeout(timer.current), []);
	const search = (typed: string) => {
		clearTimeout(timer.current);
		// Other choices may have been made since the last key.
		onFilter({ ...newest.current, ...searchOf(typed) });
	};
	const { prefix } = searchOf(text);
	return (
		<label class="field filter-search">
			{prefix === null ? 'Host or block of addresses' : `In the block ${prefix}`}
			<input
				class="input"
				type="search"
				value={text}
				placeholder="example.org, 10.1.0.0/16, 10.1."
				autocomplete="off"
				spellcheck={false}
				maxLength={300}
				onInput={({ currentTarget: { value } }) => {
					setText(value);
					clearTimeout(timer.current);
					timer.current = setTimeout(() => search(value), typingMs);
				}}
				onKeyDown={(event) => {
					if (event.key === 'Enter') search(event.currentTarget.value);
				}}
			/>
		</label>
	);
}
