/** TCP ports as a setting names them: `22,80,8000-8999`. */

/** Consecutive ports, both ends included. */
export interface PortRange {
	readonly first: number;
	readonly last: number;
}

/** Ports and ranges of them between commas or white space; `undefined` for anything else, and for none at all. */
export function parsePorts(text: string): readonly PortRange[] | undefined {
	const ranges: PortRange[] = [];
	for (const part of text.split(/[\s,]+/)) {
		if (part === '') continue;
		const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(part);
		if (match === null) return undefined;
		const first = Number(match[1]);
		const last = Number(match[2] ?? match[1]);
		if (first < 1 || last > 65_535 || last < first) return undefined;
		ranges.push({ first, last });
	}
	return ranges.length === 0 ? undefined : ranges;
}

/** Whether one of the ranges holds the port. */
export function portsContain(ranges: readonly PortRange[], port: number): boolean {
	return ranges.some(({ first, last }) => port >= first && port <= last);
}
