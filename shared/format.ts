/**
 * Numbers and times as people read them: on a terminal, in the dashboard, in a report. Always with the same digits and
 * marks, whatever language the browser or the system has.
 */

/** What stands where there is no value. */
export const none = '–';

/** `1,234,567` */
export function formatCount(count: number): string {
	const digits = String(Math.round(count));
	return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Short, for axes and small places: `950`, `1.2 k`, `35 k`, `4.1 M` */
export function formatCompact(count: number): string {
	const units = ['', ' k', ' M', ' G'];
	let value = count;
	let unit = 0;
	while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
		value /= 1_000;
		unit += 1;
	}
	const digits = unit > 0 && Math.abs(value) < 9.95 ? 1 : 0;
	return `${trimZeros(value.toFixed(digits))}${units[unit]}`;
}

/** Hosts per second: `8.4/s`, `37,800/s` */
export function formatRate(perSecond: number): string {
	return perSecond < 9.95 ? `${trimZeros(perSecond.toFixed(1))}/s` : `${formatCount(perSecond)}/s`;
}

/** `12.3 %`. What is not quite nothing, and not quite all, does not look like it: `<0.1 %`, `>99.9 %`. */
export function formatShare(part: number, whole: number): string {
	if (whole <= 0) return none;
	const percent = (part / whole) * 100;
	if (percent > 0 && percent < 0.1) return '<0.1 %';
	if (percent < 100 && percent > 99.9) return '>99.9 %';
	return `${trimZeros(percent.toFixed(1))} %`;
}

/** The same with one decimal always, for columns in which shares stand below each other; `0.0 %` of nothing. */
export function formatPercent(part: number, whole: number): string {
	return `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(1)} %`;
}

/** Three digits that matter: `0 ms`, `0.042 ms`, `1.23 ms`, `45.6 ms`, `1,234 ms` */
export function formatMs(ms: number): string {
	if (ms >= 100) return `${formatCount(ms)} ms`;
	if (ms === 0) return '0 ms';
	const digits = ms >= 10 ? 1 : ms >= 1 ? 2 : 3;
	return `${ms.toFixed(digits)} ms`;
}

/** Of a length of time: `0.4 s`, `42 s`, `3 min 05 s`, `2 h 14 min`, `3 d 4 h` */
export function formatDuration(ms: number): string {
	if (ms < 9_950) return `${(Math.max(ms, 0) / 1_000).toFixed(1)} s`;
	const seconds = Math.round(ms / 1_000);
	if (seconds < 60) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
	const hours = Math.floor(minutes / 60);
	if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
	return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Since the start of a run, for axes and lines: `0:04`, `12:34`, `1:02:03` */
export function formatClock(ms: number): string {
	const seconds = Math.floor(Math.max(ms, 0) / 1_000);
	const two = (value: number) => String(value).padStart(2, '0');
	const hours = Math.floor(seconds / 3_600);
	const minutes = Math.floor(seconds / 60) % 60;
	return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `512 B`, `96 MB`, `1.4 GB`: powers of 1,000 */
export function formatBytes(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let value = bytes;
	let unit = 0;
	while (value >= 999.5 && unit < units.length - 1) {
		value /= 1_000;
		unit += 1;
	}
	return `${unit > 0 && value < 9.95 ? trimZeros(value.toFixed(1)) : value.toFixed(0)} ${units[unit]}`;
}

/** Of a process: `0.7 cores` says more than a percentage on a machine with many of them; here 1 is one core. */
export function formatCpu(cores: number): string {
	return `${Math.round(cores * 100)} %`;
}

/** A moment in the reader's own time zone: `2026-11-22 09:12:08` */
export function formatMoment(atMs: number): string {
	const at = new Date(atMs);
	const two = (value: number) => String(value).padStart(2, '0');
	const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
	return `${day} ${formatTime(atMs)}`;
}

/** `09:12:08` */
export function formatTime(atMs: number): string {
	const at = new Date(atMs);
	const two = (value: number) => String(value).padStart(2, '0');
	return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** A moment for readers in other time zones: `2026-11-22 09:15:03 UTC`; a dash for a time that is none */
export function formatUtc(atMs: number): string {
	const at = new Date(atMs);
	return Number.isNaN(at.getTime()) ? none : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `1 host`, `2 hosts` */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
	return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function trimZeros(digits: string): string {
	return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}
