/** Chooses one worker, or all. */
import { escapeUnsafe } from '../../../shared/display.ts';
import { liveWorkers } from '../../state/live.ts';
import type { TaskFilter } from './task-filter.ts';

interface WorkerChoiceProps {
	readonly filter: TaskFilter;
	readonly onFilter: (filter: TaskFilter) => void;
}

export function WorkerChoice({ filter, onFilter }: WorkerChoiceProps) {
	return (
		<label class="field">
			Worker
			<select
				class="select worker-choice"
				value={filter.worker ?? ''}
				onChange={({ currentTarget: { value } }) =>
					onFilter({ ...filter, worker: value === '' ? null : Number(value) })
				}
			>
				<option value="">all workers</option>
				{liveWorkers.value.map(({ index, name }) => (
					// An option holds text alone.
					<option key={index} value={index}>
						{escapeUnsafe(name)}
					</option>
				))}
			</select>
		</label>
	);
}
