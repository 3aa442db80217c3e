/** Marks of a time axis: at round times, no more of them than there is room for. */
import type { TimeSpan } from './time-view.ts';

export interface TimeTick {
	readonly atMs: number;
	readonly label: string;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const steps = [
	1,
	2,
	5,
	10,
	20,
	50,
	100,
	200,
	500,
	second,
	2 * second,
	5 * second,
	10 * second,
	15 * second,
	30 * second,
	minute,
	2 * minute,
	5 * minute,
	10 * minute,
	15 * minute,
	30 * minute,
	hour,
	2 * hour,
	6 * hour,
	12 * hour,
	24 * hour,
];

/** @param ticksMax at least 1; days are made longer steps where there are too many of them */
export function timeTicks(shown: TimeSpan, ticksMax: number): TimeTick[] {
	const spanMs = shown.toMs - shown.fromMs;
	const needed = spanMs / ticksMax;
	const day = steps.at(-1)!;
	const stepMs = steps.find((step) => step >= needed) ?? Math.ceil(needed / day) * day;
	const ticks: TimeTick[] = [];
	for (let n = Math.ceil(shown.fromMs / stepMs); n * stepMs <= shown.toMs; n += 1) {
		ticks.push({ atMs: n * stepMs, label: timeLabel(n * stepMs, stepMs) });
	}
	return ticks;
}

/**
 * A time of the run, as exact as steps of that length need: `0.25 s`, `12 s`, `2:05`, `1:00:00`.
 * @param stepMs in ms
 */
export function timeLabel(atMs: number, stepMs: number): string {
	const digits = stepMs >= second ? 0 : stepMs >= 100 ? 1 : stepMs >= 10 ? 2 : 3;
	const rounded = Math.round((atMs / second) * 10 ** digits) / 10 ** digits;
	if (rounded < 60) return `${rounded.toFixed(digits)} s`;
	const seconds = (rounded % 60).toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0');
	const minutes = Math.floor(rounded / 60);
	if (minutes < 60) return `${minutes}:${seconds}`;
	return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${seconds}`;
}
