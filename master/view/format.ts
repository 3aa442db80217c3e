/** Numbers and durations as people read them. */

/** `1,234,567` */
export function count(value: number): string {
	return Math.round(value).toLocaleString('en-US');
}

/** `0:07`, `12:34`, `1:02:03` */
export function clockTime(seconds: number): string {
	const whole = Math.max(0, Math.round(seconds));
	const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, '0'));
	const hours = Math.floor(whole / 3600);
	if (hours > 0) return `${hours}:${parts.join(':')}`;
	return `${Number(parts[0])}:${parts[1]}`;
}

/** `12.3 %` of a whole; `0.0 %` of nothing */
export function percent(part: number, whole: number): string {
	return `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(1)} %`;
}

/** `1 host`, `2 hosts` */
export function plural(value: number, word: string): string {
	return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}
