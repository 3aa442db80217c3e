/** How far a run is, in one line. */

import { formatClock, formatCount } from '../../shared/format.ts';
import { othersOf } from '../../shared/outcome.ts';
import type { RunProgress } from '../run.ts';

/** The narrowest bar that says anything, and the widest. */
const barMin = 10;
const barMax = 30;

/** The line without a bar, however long it is. @param perSecond hosts, of the last few seconds */
export function progressText(progress: RunProgress, perSecond: number): string {
	return partsOf(progress, perSecond).join('  ');
}

/**
 * The line with a bar where there is room. Where it is scarce, the rate is left out first, then the time to go.
 *
 * @param width in columns; never exceeded
 */
export function progressLine(progress: RunProgress, perSecond: number, width: number): string {
	const parts = partsOf(progress, perSecond);
	while (parts.length > 2 && parts.join('  ').length > width) parts.splice(1, 1);
	const text = parts.join('  ');
	const room = width - text.length - 1;
	if (room < barMin) return text.slice(0, width);
	const share = progress.total === 0 ? 1 : progress.done / progress.total;
	return `${bar(share, Math.min(room, barMax))} ${text}`;
}

function partsOf({ total, done, byStatus }: RunProgress, perSecond: number): string[] {
	const share = total === 0 ? 100 : Math.floor((100 * done) / total);
	const eta = perSecond > 0 ? formatClock(1_000 * Math.round((total - done) / perSecond)) : '-';
	return [
		`${share}% ${formatCount(done)}/${formatCount(total)}`,
		`${formatCount(perSecond)}/s`,
		`ETA ${eta}`,
		`up ${formatCount(byStatus.up)} down ${formatCount(byStatus.down)} other ${formatCount(othersOf(byStatus))}`,
	];
}

function bar(share: number, width: number): string {
	const filled = Math.floor(share * width);
	return '█'.repeat(filled) + '░'.repeat(width - filled);
}
