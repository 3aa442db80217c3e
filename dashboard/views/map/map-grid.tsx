/**
 * Sixteen rows of sixteen squares. One of them can be focused at a time; arrow keys go from square to square, Home and
 * End along the row, with control to the corners; Enter opens one.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MapSquare } from '../../../shared/dashboard-api.ts';
import { formatCompact, formatCount, formatMs, formatShare, none } from '../../../shared/format.ts';
import { MapLegend } from './map-legend.tsx';
import {
	type MapPrefix,
	squareAfterKey,
	squares as squaresAll,
	squaresPerSide,
	squareText,
} from './map-prefix.ts';
import { type MapColouring, shadeOf } from './shades.ts';

interface MapGridProps {
	readonly prefix: MapPrefix;
	readonly squares: readonly MapSquare[];
	readonly colouring: MapColouring;
	readonly onOpen: (index: number) => void;
}

export function MapGrid({ prefix, squares, colouring, onOpen }: MapGridProps) {
	const byIndex = new Map(squares.map((square) => [square.index, square]));
	const [focused, setFocused] = useState(squares[0]?.index ?? 0);
	const [pointed, setPointed] = useState<number>();
	const moveFocus = useRef(false);
	const grid = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (!moveFocus.current) return;
		moveFocus.current = false;
		grid.current?.querySelector<HTMLElement>(`[data-square="${focused}"]`)?.focus();
	}, [focused]);

	const onKeyDown = (event: KeyboardEvent) => {
		const to = squareAfterKey(focused, event.key, event.ctrlKey || event.metaKey);
		if (to !== focused) {
			event.preventDefault();
			moveFocus.current = true;
			setFocused(to);
		} else if ((event.key === 'Enter' || event.key === ' ') && byIndex.has(focused)) {
			event.preventDefault();
			onOpen(focused);
		}
	};
	const squareOf = (event: Event) => {
		const element =
			event.target instanceof Element ? event.target.closest<HTMLElement>('[data-square]') : null;
		return element === null ? undefined : Number(element.dataset.square);
	};

	const looked = pointed ?? focused;
	return (
		<div class="map-place">
			{/* biome-ignore lint/a11y/useSemanticElements: squares are no table to the eye, and one to keys */}
			<div
				class={`map-grid map-${prefix.bits}`}
				ref={grid}
				role="grid"
				aria-label={`Squares of ${prefix.bits === 24 ? 'addresses' : 'blocks'}`}
				aria-rowcount={squaresPerSide}
				aria-colcount={squaresPerSide}
				onKeyDown={onKeyDown}
				onPointerMove={(event) => setPointed(squareOf(event))}
				onPointerLeave={() => setPointed(undefined)}
				onClick={(event) => {
					const index = squareOf(event);
					if (index === undefined) return;
					setFocused(index);
					if (byIndex.has(index)) onOpen(index);
				}}
			>
				{Array.from({ length: squaresAll / squaresPerSide }, (_, row) => (
					// biome-ignore lint/a11y/useSemanticElements: see above
					// biome-ignore lint/a11y/useFocusableInteractive: its cells are
					<div key={row} class="map-row" role="row">
						{Array.from({ length: squaresPerSide }, (_, column) => {
							const index = row * squaresPerSide + column;
							return (
								<Square
									key={index}
									index={index}
									square={byIndex.get(index)}
									name={squareText(prefix, index)}
									label={labelOf(byIndex.get(index), prefix, index, colouring)}
									colouring={colouring}
									isFocusable={index === focused}
									onFocus={setFocused}
								/>
							);
						})}
					</div>
				))}
			</div>
			<div class="map-side">
				<SquareDetails
					name={squareText(prefix, looked)}
					square={byIndex.get(looked)}
					isAddress={prefix.bits === 24}
				/>
				<MapLegend colouring={colouring} isAddresses={prefix.bits === 24} />
			</div>
		</div>
	);
}

interface SquareProps {
	readonly index: number;
	readonly square: MapSquare | undefined;
	readonly name: string;
	readonly label: string;
	readonly colouring: MapColouring;
	readonly isFocusable: boolean;
	readonly onFocus: (index: number) => void;
}

function Square({ index, square, name, label, colouring, isFocusable, onFocus }: SquareProps) {
	const shade = shadeOf(square, colouring);
	return (
		// biome-ignore lint/a11y/useSemanticElements: see above
		<div
			class={`map-square shade-${shade?.name ?? 'empty'}`}
			data-square={index}
			role="gridcell"
			tabIndex={isFocusable ? 0 : -1}
			aria-label={`${name}: ${wordsOf(square, label, colouring)}`}
			onFocus={() => onFocus(index)}
		>
			<span aria-hidden="true">{label}</span>
		</div>
	);
}

/** What stands in a square where there is room: of an address its last number, else the share or the RTT. */
function labelOf(
	square: MapSquare | undefined,
	prefix: MapPrefix,
	index: number,
	colouring: MapColouring,
): string {
	if (prefix.bits === 24) return String(index);
	if (square === undefined) return '';
	if (colouring === 'rtt') return rttLabel(square.rttMs);
	const percent = (square.up / square.hosts) * 100;
	// Not quite all is not all.
	return `${percent >= 50 ? Math.floor(percent) : Math.ceil(percent)}`;
}

function rttLabel(rttMs: number | null): string {
	if (rttMs === null) return none;
	return rttMs < 1 ? '<1' : formatCompact(rttMs);
}

/** With what stands in the square, so that it can be called by it. */
function wordsOf(square: MapSquare | undefined, label: string, colouring: MapColouring): string {
	if (square === undefined) return `no host${label === '' ? '' : ` at ${label}`}`;
	const shown = colouring === 'up' ? `${label} % up` : `about ${label} ms`;
	const rtt = square.rttMs === null ? 'no RTT' : `mean RTT ${formatMs(square.rttMs)}`;
	const counts = `${formatCount(square.up)} of ${formatCount(square.hosts)} up, ${formatCount(square.down)} down`;
	return square.hosts === 1 ? `${counts}, ${rtt}` : `${shown}, ${counts}, ${rtt}`;
}

interface SquareDetailsProps {
	readonly name: string;
	readonly square: MapSquare | undefined;
	readonly isAddress: boolean;
}

/** Of the square that is pointed at, or else focused. Cells say the same to those who do not see it. */
function SquareDetails({ name, square, isAddress }: SquareDetailsProps) {
	return (
		<div class="map-details" aria-hidden="true">
			<p class="map-details-name">{name}</p>
			{square === undefined ? (
				<p class="muted">no host of this run</p>
			) : (
				<dl>
					<div>
						<dt>Hosts</dt>
						<dd>{formatCount(square.hosts)}</dd>
					</div>
					<div>
						<dt>Up</dt>
						<dd>
							{formatCount(square.up)}
							{!isAddress && ` (${formatShare(square.up, square.hosts)})`}
						</dd>
					</div>
					<div>
						<dt>Down</dt>
						<dd>{formatCount(square.down)}</dd>
					</div>
					<div>
						<dt>Neither</dt>
						<dd>{formatCount(square.other)}</dd>
					</div>
					<div>
						<dt>Mean RTT</dt>
						<dd>{square.rttMs === null ? none : formatMs(square.rttMs)}</dd>
					</div>
				</dl>
			)}
			<p class="muted">{isAddress ? 'Enter or a click: its history' : 'Enter or a click: into this block'}</p>
		</div>
	);
}
