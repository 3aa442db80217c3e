/** Two runs beside each other: which hosts changed, and how. */
import { useEffect, useState } from 'preact/hooks';
import {
	type Change,
	type ChangeKind,
	type Comparison,
	changeKinds,
	type RunRow,
} from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { formatCount, formatMoment } from '../../shared/format.ts';
import { SafeText } from '../parts/safe-text.tsx';
import { EmptyState, ErrorState, Loading } from '../parts/states.tsx';
import { usePagedRows } from '../parts/use-paged-rows.ts';
import { ViewHead } from '../parts/view-head.tsx';
import { VirtualTable } from '../parts/virtual-table.tsx';
import { hrefOf } from '../router.ts';
import { ApiError } from '../state/api.ts';
import { navigate, route, setParams } from '../state/location.ts';
import { useRuns } from '../state/runs.ts';
import { changeColumns, KindBadge } from './compare/change-columns.tsx';
import { caveats, changeKindOf, changesIn, compareUrl, sameText } from './compare/change-kinds.ts';
import { RunRtts, RunSide } from './compare/run-side.tsx';
import './compare/compare.css';
import './results/results.css';

const rowPx = 36;

export function CompareView() {
	const { params } = route.value;
	const { data, error, reload } = useRuns();
	const runs = data?.runs;
	// Without a choice: the newest run, and the one before it.
	const after = idOf(params.after) ?? runs?.[0]?.id;
	const before = idOf(params.before) ?? runs?.find(({ id }) => after === undefined || id < after)?.id;
	return (
		<>
			<ViewHead title="Compare">
				<RunChoice label="Before" name="before" runs={runs} chosen={before} />
				<RunChoice label="After" name="after" runs={runs} chosen={after} />
				<button
					type="button"
					class="button"
					disabled={before === undefined || after === undefined}
					onClick={() => setParams({ before: after, after: before })}
				>
					Swap
				</button>
			</ViewHead>
			{error !== undefined && <ErrorState error={error} onRetry={reload} />}
			{runs === undefined && error === undefined && <Loading lines={6} />}
			{runs !== undefined && (before === undefined || after === undefined) && (
				<EmptyState title="There are not two runs to compare.">
					A comparison needs two runs in one database. <a href={hrefOf('/runs')}>All runs</a>
				</EmptyState>
			)}
			{before !== undefined && after !== undefined && (
				<Compared key={`${before} ${after}`} before={before} after={after} kind={changeKindOf(params.kind)} />
			)}
		</>
	);
}

function idOf(text: string | undefined): number | undefined {
	return text !== undefined && /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined;
}

interface RunChoiceProps {
	readonly label: string;
	readonly name: 'before' | 'after';
	readonly runs: readonly RunRow[] | undefined;
	readonly chosen: number | undefined;
}

function RunChoice({ label, name, runs, chosen }: RunChoiceProps) {
	const isKnown = runs?.some(({ id }) => id === chosen) ?? false;
	return (
		<label class="field">
			{label}
			<select
				class="select"
				value={chosen ?? ''}
				onChange={({ currentTarget: { value } }) => setParams({ [name]: value, kind: null })}
			>
				{!isKnown && <option value={chosen ?? ''}>{chosen === undefined ? '' : `#${chosen}`}</option>}
				{runs?.map((run) => (
					<option key={run.id} value={run.id}>
						{`#${run.id} · ${formatMoment(run.startedAtMs)} · ${escapeUnsafe(run.state)}`}
					</option>
				))}
			</select>
		</label>
	);
}

interface ComparedProps {
	readonly before: number;
	readonly after: number;
	readonly kind: ChangeKind | null;
}

function Compared({ before, after, kind }: ComparedProps) {
	// Every page of an answer says the same of the whole.
	const [whole, setWhole] = useState<Comparison>();
	const question = compareUrl(before, after, kind, null);
	const { rows, version } = usePagedRows<Change, Comparison>(
		question,
		(from) => compareUrl(before, after, kind, from),
		(answer) => {
			setWhole(answer);
			return { rows: answer.changes, next: answer.next, matching: changesIn(answer.counts, kind) };
		},
	);
	const { error } = rows;
	const count = whole === undefined ? undefined : changesIn(whole.counts, kind);
	// The first page says what there is at all; the table asks for the others.
	useEffect(() => rows.want(0, 0), [rows]);
	return (
		<>
			{whole !== undefined && <Heading whole={whole} kind={kind} />}
			{error !== undefined && (
				<ErrorState
					error={error instanceof ApiError ? error : new ApiError('unknown', String(error), 0, error)}
					onRetry={() => rows.retry()}
				/>
			)}
			{whole === undefined && error === undefined && <Loading lines={8} label="Comparing" />}
			{whole !== undefined && count === 0 && (
				<EmptyState title={kind === null ? 'Nothing has changed.' : 'No host has changed in this way.'}>
					{sameText(whole.counts)}
				</EmptyState>
			)}
			{whole !== undefined && count !== 0 && (
				<section class="card card-flush results compare-changes" aria-label="Changes">
					<VirtualTable
						key={question}
						caption={`Changes from run ${before} to run ${after}`}
						columns={changeColumns}
						rows={rows}
						version={version}
						rowPx={rowPx}
						onOpen={({ host }) => navigate(hrefOf('/hosts', { host }))}
					/>
				</section>
			)}
			{whole !== undefined && (
				<div class="compare-rtts">
					<RunRtts label="before" run={whole.before} />
					<RunRtts label="after" run={whole.after} />
				</div>
			)}
		</>
	);
}

function Heading({ whole, kind }: { readonly whole: Comparison; readonly kind: ChangeKind | null }) {
	const notes = caveats(whole);
	return (
		<>
			<div class="compare-runs">
				<RunSide label="Before" run={whole.before} />
				<RunSide label="After" run={whole.after} />
			</div>
			{notes.length > 0 && (
				<ul class="compare-notes">
					{notes.map((note) => (
						<li key={note}>
							<SafeText text={note} />
						</li>
					))}
				</ul>
			)}
			<fieldset class="filter-chips">
				<legend class="visually-hidden">Kind of change</legend>
				<button
					type="button"
					class="button filter-chip compare-all"
					aria-pressed={kind === null}
					onClick={() => setParams({ kind: null }, 'replace')}
				>
					all changes <span class="filter-chip-count">{formatCount(changesIn(whole.counts, null))}</span>
				</button>
				{changeKinds.map((each) => (
					<button
						key={each}
						type="button"
						class="button filter-chip"
						aria-pressed={kind === each}
						disabled={whole.counts[each] === 0 && kind !== each}
						onClick={() => setParams({ kind: kind === each ? null : each }, 'replace')}
					>
						<KindBadge kind={each} />
						<span class="filter-chip-count">{formatCount(whole.counts[each])}</span>
					</button>
				))}
				<span class="compare-same">{formatCount(whole.counts.same)} the same</span>
			</fieldset>
		</>
	);
}
