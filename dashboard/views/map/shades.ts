/** Into which of a few shades a square falls: few enough to be told apart, and to be named in a legend. */
import type { MapSquare } from '../../../shared/dashboard-api.ts';

export const mapColourings = ['up', 'rtt'] as const;
export type MapColouring = (typeof mapColourings)[number];

export interface Shade {
	/** for a class of its name */
	readonly name: string;
	readonly label: string;
}

/** By the share of hosts that are up. */
export const upShades: readonly Shade[] = [
	{ name: 'up-none', label: 'none up' },
	{ name: 'up-few', label: 'below 50 %' },
	{ name: 'up-half', label: '50 to 90 %' },
	{ name: 'up-most', label: '90 % and more' },
	{ name: 'up-all', label: 'all up' },
];

/** By the mean RTT of those that are up: each edge in ms, below which a shade lies. */
const rttEdgesMs = [1, 5, 20, 50, 100, 200, 500];
export const rttShades: readonly Shade[] = [
	...rttEdgesMs.map((edge, i) => ({
		name: `rtt-${i}`,
		label: i === 0 ? `below ${edge} ms` : `${rttEdgesMs[i - 1]} to ${edge} ms`,
	})),
	{ name: `rtt-${rttEdgesMs.length}`, label: `${rttEdgesMs.at(-1)} ms and more` },
	{ name: 'rtt-none', label: 'none up' },
];

/** @returns `undefined` for a square without hosts */
export function shadeOf(square: MapSquare | undefined, colouring: MapColouring): Shade | undefined {
	if (square === undefined || square.hosts === 0) return undefined;
	return colouring === 'up' ? upShades[upShade(square)] : rttShades[rttShade(square)];
}

function upShade({ up, hosts }: MapSquare): number {
	const share = up / hosts;
	if (up === 0) return 0;
	if (share < 0.5) return 1;
	if (share < 0.9) return 2;
	return up < hosts ? 3 : 4;
}

function rttShade({ rttMs }: MapSquare): number {
	if (rttMs === null) return rttShades.length - 1;
	const place = rttEdgesMs.findIndex((edge) => rttMs < edge);
	return place < 0 ? rttEdgesMs.length : place;
}
