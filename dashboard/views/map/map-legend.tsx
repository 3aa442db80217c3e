/** What the shades of the map mean. */
import { type MapColouring, rttShades, upShades } from './shades.ts';

interface MapLegendProps {
	readonly colouring: MapColouring;
	/** squares are addresses, and not blocks of them */
	readonly isAddresses: boolean;
}

export function MapLegend({ colouring, isAddresses }: MapLegendProps) {
	const shades = colouring === 'up' ? upShades : rttShades;
	const numbers = colouring === 'up' ? 'the share that is up, in %' : 'the mean RTT, in ms';
	return (
		<ul class="map-legend" aria-label="Shades">
			{shades
				.filter(({ name }) => !isAddresses || isOfOne(name))
				.map(({ name, label }) => (
					<li key={name}>
						<span class={`map-square shade-${name}`} aria-hidden="true" />
						{label}
					</li>
				))}
			<li>
				<span class="map-square shade-empty" aria-hidden="true" />
				no host
			</li>
			<li class="map-legend-numbers">Numbers: {isAddresses ? 'the last part of the address' : numbers}</li>
		</ul>
	);
}

/** An address is up or not, and never in part. */
function isOfOne(shade: string): boolean {
	return shade !== 'up-few' && shade !== 'up-half' && shade !== 'up-most';
}
