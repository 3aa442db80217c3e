/** Numbers as a report writes them. */

/** The next number of the form 1, 2 or 5 times a power of ten; 1 for nothing. */
export function ceilNice(value: number): number {
	if (!(value > 1)) return 1;
	const power = 10 ** Math.floor(Math.log10(value));
	return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= value)!;
}

/** `0 s`, `1.5 s`, `2 min 05 s`, `3 h 07 min` */
export function durationText(ms: number): string {
	const seconds = ms / 1000;
	if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`;
	const whole = Math.round(seconds);
	const two = (value: number): string => String(value).padStart(2, '0');
	if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
	return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
}

/** A round-trip time with three digits that count. */
export function msText(ms: number): string {
	const digits = ms >= 100 ? 0 : ms >= 10 ? 1 : ms >= 1 ? 2 : 3;
	return `${ms.toFixed(digits)} ms`;
}

/** `2026-11-22 09:15:03 UTC`; a dash for a time that is none */
export function timeText(ms: number): string {
	const date = new Date(ms);
	return Number.isNaN(date.getTime()) ? '–' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
