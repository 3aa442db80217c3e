/** The map: a square for each block of addresses, and at its end for each address. */

import type { MapSquare, PrefixMap } from '../../shared/dashboard-api.ts';
import { formatCount, formatPlural } from '../../shared/format.ts';
import { formatIpv4 } from '../../shared/ip.ts';
import { Card } from '../parts/card.tsx';
import { RunPicker } from '../parts/run-picker.tsx';
import { EmptyState, ErrorState, Loading } from '../parts/states.tsx';
import { ViewHead } from '../parts/view-head.tsx';
import { hrefOf } from '../router.ts';
import { useQuery } from '../state/api.ts';
import { navigate, route, setParams } from '../state/location.ts';
import { shownRunId, useRuns } from '../state/runs.ts';
import { MapGrid } from './map/map-grid.tsx';
import { type MapPrefix, mapPrefixText, parseMapPrefix, squareText, trailOf } from './map/map-prefix.ts';
import { MapTable } from './map/map-table.tsx';
import { mapColourings } from './map/shades.ts';
import './map/map.css';

export function MapView() {
	const { params } = route.value;
	const runs = useRuns();
	const runId = shownRunId(runs.data?.runs);
	const asked = parseMapPrefix(params.prefix ?? '');
	const colouring = mapColourings.find((known) => known === params.colour) ?? 'up';
	const { data, error, isStale, reload } = useQuery<PrefixMap>(
		runId === null
			? null
			: hrefOf(`/api/runs/${runId}/map`, { prefix: asked === undefined ? null : mapPrefixText(asked) }),
	);
	const prefix = data === undefined ? undefined : parseMapPrefix(data.prefix);
	return (
		<>
			<ViewHead title="Map">
				<label class="field">
					Colour
					<select
						class="select"
						value={colouring}
						onChange={({ currentTarget: { value } }) =>
							setParams({ colour: value === 'up' ? null : value }, 'replace')
						}
					>
						<option value="up">share that is up</option>
						<option value="rtt">mean RTT</option>
					</select>
				</label>
				<RunPicker runs={runs.data?.runs} />
			</ViewHead>
			{runs.error !== undefined && runId === null && <ErrorState error={runs.error} onRetry={runs.reload} />}
			{runId === null && runs.data !== undefined && <EmptyState title="The database has no run yet." />}
			{error !== undefined && <ErrorState error={error} onRetry={reload} />}
			{runId !== null && data === undefined && error === undefined && <Loading lines={8} />}
			{data !== undefined && prefix !== undefined && (
				<>
					<Trail prefix={prefix} />
					<Card
						title={mapPrefixText(prefix)}
						actions={<a href={hrefOf('/results', { run: runId, prefix: mapPrefixText(prefix) })}>Its rows</a>}
					>
						<p class="map-summary" role="status">
							{summaryOf(data.squares, prefix)}
							{data.elsewhere > 0 &&
								` ${formatPlural(data.elsewhere, 'host')} of the run stand in no map: names and IPv6.`}
						</p>
						{data.squares.length === 0 ? (
							<EmptyState title="The run has no IPv4 address here." />
						) : (
							<div class={isStale ? 'map-stale' : undefined}>
								<MapGrid
									key={data.prefix}
									prefix={prefix}
									squares={data.squares}
									colouring={colouring}
									onOpen={(index) => openSquare(prefix, index)}
								/>
							</div>
						)}
					</Card>
					{data.squares.length > 0 && (
						<MapTable
							prefix={prefix}
							squares={data.squares}
							hrefOfSquare={(index) => hrefOfSquare(prefix, index)}
						/>
					)}
				</>
			)}
		</>
	);
}

/** Where a square leads to: the block that it stands for, or the history of the address. */
function hrefOfSquare(prefix: MapPrefix, index: number): string {
	const text = squareText(prefix, index);
	if (prefix.bits === 24) return hrefOf('/hosts', { host: text });
	const { run, colour } = route.value.params;
	return hrefOf('/map', { run, prefix: text, colour });
}

function openSquare(prefix: MapPrefix, index: number): void {
	navigate(hrefOfSquare(prefix, index));
}

function Trail({ prefix }: { readonly prefix: MapPrefix }) {
	const { run, colour } = route.value.params;
	const trail = trailOf(prefix);
	return (
		<nav class="map-trail" aria-label="Blocks around this one">
			<ol>
				{trail.map((step, i) => {
					const text = step.bits === 0 ? 'all of IPv4' : mapPrefixText(step);
					return (
						<li key={step.bits}>
							{i === trail.length - 1 ? (
								<span aria-current="page">{text}</span>
							) : (
								<a href={hrefOf('/map', { run, prefix: mapPrefixText(step), colour })}>{text}</a>
							)}
						</li>
					);
				})}
			</ol>
		</nav>
	);
}

function summaryOf(squares: readonly MapSquare[], prefix: MapPrefix): string {
	const sum = (of: (square: MapSquare) => number) => squares.reduce((all, square) => all + of(square), 0);
	const parts = [
		`${formatCount(sum(({ up }) => up))} up`,
		`${formatCount(sum(({ down }) => down))} down`,
		`${formatCount(sum(({ other }) => other))} neither`,
	];
	const last = prefix.base + 2 ** (32 - prefix.bits) - 1;
	return (
		`${formatPlural(
			sum(({ hosts }) => hosts),
			'host',
		)} from ${formatIpv4(prefix.base)} to ${formatIpv4(last)}: ` + `${parts.join(', ')}.`
	);
}
