/** Which run the views show: `?run=` of the address, so that it can be shared. */
import type { RunRow } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { formatMoment, formatPlural } from '../../shared/format.ts';
import { setParams } from '../state/location.ts';
import { liveRunId, shownRunId, wantRuns } from '../state/runs.ts';

interface RunPickerProps {
	/** of `useRuns`; the newest first. Asked for when somebody reaches for them */
	readonly runs: readonly RunRow[] | undefined;
}

export function RunPicker({ runs = [] }: RunPickerProps) {
	const shown = shownRunId(runs);
	if (shown === null) return null;
	const isKnown = runs.some((run) => run.id === shown);
	return (
		<label class="field">
			Run
			<select
				class="select"
				value={shown}
				onFocus={wantRuns}
				onPointerEnter={wantRuns}
				onChange={(event) => {
					const id = Number(event.currentTarget.value);
					const isUsual = id === (liveRunId.value ?? runs[0]?.id);
					// Places of a page belong to the rows of another run.
					setParams({ run: isUsual ? null : id, after: null });
				}}
			>
				{!isKnown && <option value={shown}>{`#${shown}`}</option>}
				{runs.map((run) => (
					<option key={run.id} value={run.id}>
						{`#${run.id} · ${formatMoment(run.startedAtMs)} · ${formatPlural(run.total, 'host')} · ${escapeUnsafe(run.state)}`}
					</option>
				))}
			</select>
		</label>
	);
}
