/** Which run the views show: `?run=` of the address, so that it can be shared. */
import type { RunRow } from '../../shared/dashboard-api.ts';
import { formatCount, formatMoment } from '../../shared/format.ts';
import { setParams } from '../state/location.ts';
import { liveRunId, shownRunId } from '../state/runs.ts';

interface RunPickerProps {
	/** of `useRuns`; the newest first */
	readonly runs: readonly RunRow[] | undefined;
}

export function RunPicker({ runs }: RunPickerProps) {
	if (runs === undefined || runs.length === 0) return null;
	const shown = shownRunId(runs);
	const isKnown = runs.some((run) => run.id === shown);
	return (
		<label class="field">
			Run
			<select
				class="select"
				value={shown ?? ''}
				onChange={(event) => {
					const id = Number(event.currentTarget.value);
					const isUsual = id === (liveRunId.value ?? runs[0]!.id);
					// Places of a page belong to the rows of another run.
					setParams({ run: isUsual ? null : id, after: null });
				}}
			>
				{!isKnown && shown !== null && <option value={shown}>{`#${shown}`}</option>}
				{runs.map((run) => (
					<option key={run.id} value={run.id}>
						{`#${run.id} · ${formatMoment(run.startedAtMs)} · ${formatCount(run.total)} hosts · ${run.state}`}
					</option>
				))}
			</select>
		</label>
	);
}
