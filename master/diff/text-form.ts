/** What changed as people read it: two runs, how many hosts of each kind, and some of these. */
import type { Change, ChangeKind, ChangeSide, RunRow } from '../../shared/dashboard-api.ts';
import { changeKinds } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import { formatCount, formatMs, formatPlural } from '../../shared/format.ts';
import { isOfOneList } from '../query/compare/comparison.ts';
import type { Differences } from '../query/compare/differences.ts';
import { displayWidth } from '../view/display-width.ts';
import type { RunPair } from './pick-runs.ts';

/** Columns for a host before what changed stands on the same line all the same. */
const hostColumns = 32;

/** SGR colours (ECMA-48): red for what is worse, green for what is better, yellow and cyan for what may be. */
const colours: Readonly<Partial<Record<ChangeKind, number>>> = {
	'newly-down': 31,
	'newly-up': 32,
	slower: 33,
	faster: 36,
};

export class TextForm {
	readonly #hasColour: boolean;

	constructor(hasColour: boolean) {
		this.#hasColour = hasColour;
	}

	/** The lines above the hosts. */
	summary(
		{ before, after }: RunPair,
		{ counts, missing }: Differences,
		kinds: readonly ChangeKind[],
	): string {
		const lists = isOfOneList(before, after) ? 'the same list' : 'another list';
		const width = Math.max(...[...kinds, 'same' as const].map((kind) => formatCount(counts[kind]).length));
		const lines = [...kinds, 'same' as const].map((kind) => {
			const line = `  ${kind.padEnd(10)}  ${formatCount(counts[kind]).padStart(width)}`;
			return kind === 'same' || counts[kind] === 0 ? line : this.#coloured(kind, line);
		});
		return [
			`${runText(before)} to ${runText(after)}, ${lists}`,
			'',
			...lines,
			...(missing === 0 ? [] : ['', `  ${missingText(missing)}`]),
			'',
		].join('\n');
	}

	heading(kind: ChangeKind): string {
		return `\n${this.#coloured(kind, kind)}\n`;
	}

	change({ host, before, after }: Change): string {
		const name = escapeUnsafe(host);
		const padding = ' '.repeat(Math.max(0, hostColumns - displayWidth(name)));
		return `  ${name}${padding}  ${sideText(before)} -> ${sideText(after)}\n`;
	}

	/** What is said where not all hosts are. */
	rest(hosts: number): string {
		return `  and ${formatCount(hosts)} more; --limit 0 shows all of them\n`;
	}

	#coloured(kind: ChangeKind, text: string): string {
		const colour = colours[kind];
		return this.#hasColour && colour !== undefined ? `\x1b[${colour}m${text}\x1b[39m` : text;
	}
}

/** The kinds that are wanted, in the order in which they are shown. */
export function kindsShown(wanted: readonly ChangeKind[]): readonly ChangeKind[] {
	return wanted.length === 0 ? changeKinds : changeKinds.filter((kind) => wanted.includes(kind));
}

/** What is said of hosts that only one of the runs has come to. */
export function missingText(missing: number): string {
	return `${formatPlural(missing, 'host')} not compared: one of the runs is not finished, and has no row of them`;
}

function runText({ id, state, startedAtMs, total }: RunRow): string {
	const date = new Date(startedAtMs);
	const time = Number.isNaN(date.getTime())
		? 'no date'
		: `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
	const note = state === 'finished' ? '' : `, ${escapeUnsafe(String(state))}`;
	return `run ${id} (${time}, ${formatPlural(total, 'host')}${note})`;
}

function sideText(side: ChangeSide | null): string {
	if (side === null) return 'not there';
	const { status, reason, rttMs } = side;
	const details = [reason, rttMs === null ? null : formatMs(rttMs)].filter((text) => text !== null);
	const more = details.length === 0 ? '' : ` (${details.join(', ')})`;
	return escapeUnsafe(`${status}${more}`);
}
