/** What chooses the events that are shown: all of it stands in the address. */
import { eventLevels } from '../../../shared/dashboard-api.ts';
import { escapeHidden } from '../../../shared/display.ts';
import { setParams } from '../../state/location.ts';
import type { EventFilter } from './event-filter.ts';

interface EventFiltersProps {
	readonly filter: EventFilter;
	readonly types: readonly string[];
	readonly workers: readonly string[];
}

const levelTitles = { info: 'All', warning: 'Warnings and errors', error: 'Errors' } as const;

export function EventFilters({ filter, types, workers }: EventFiltersProps) {
	return (
		<search class="fields">
			<label class="field">
				Level
				<select
					class="select"
					value={filter.level}
					onChange={({ currentTarget: { value } }) => setParams({ level: value === 'info' ? null : value })}
				>
					{eventLevels.map((level) => (
						<option key={level} value={level}>
							{levelTitles[level]}
						</option>
					))}
				</select>
			</label>
			<Choice title="Type" name="type" chosen={filter.type} choices={types} />
			<Choice title="Worker" name="worker" chosen={filter.worker} choices={workers} />
			<label class="field">
				Text
				<input
					class="input"
					type="search"
					value={filter.text}
					onInput={({ currentTarget: { value } }) => setParams({ q: value }, 'replace')}
				/>
			</label>
		</search>
	);
}

interface ChoiceProps {
	readonly title: string;
	/** of the parameter */
	readonly name: string;
	readonly chosen: string;
	readonly choices: readonly string[];
}

function Choice({ title, name, chosen, choices }: ChoiceProps) {
	const isKnown = chosen === '' || choices.includes(chosen);
	return (
		<label class="field">
			{title}
			<select
				class="select event-choice"
				value={chosen}
				onChange={({ currentTarget: { value } }) => setParams({ [name]: value })}
			>
				<option value="">All</option>
				{(isKnown ? choices : [chosen, ...choices]).map((choice) => (
					<option key={choice} value={choice}>
						{escapeHidden(choice)}
					</option>
				))}
			</select>
		</label>
	);
}
