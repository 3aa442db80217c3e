/** What the shades of the map mean. */
import { type MapColouring, rttShades, upShades } from './shades.ts';

export function MapLegend({ colouring }: { readonly colouring: MapColouring }) {
	const shades = colouring === 'up' ? upShades : rttShades;
	return (
		<ul class="map-legend" aria-label="Shades">
			{shades.map(({ name, label }) => (
				<li key={name}>
					<span class={`map-square shade-${name}`} aria-hidden="true" />
					{label}
				</li>
			))}
			<li>
				<span class="map-square shade-empty" aria-hidden="true" />
				no host
			</li>
		</ul>
	);
}
