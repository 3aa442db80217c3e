/** What stands behind the `?` of a question, made into what queries take. Strict: what means nothing is refused. */
import type { ChangeKind, ResultSort } from '../../shared/dashboard-api.ts';
import { changeKinds, resultSorts } from '../../shared/dashboard-api.ts';
import { quote } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import type { Cidr } from '../../shared/ip.ts';
import { formatIp, parseCidr } from '../../shared/ip.ts';
import { hostBytesMax, placeTextMax, resultsPageMax } from '../../shared/limits.ts';
import { reasons, statuses } from '../../shared/outcome.ts';
import type { ComparisonPart, ResultFilter } from '../query/queries.ts';

const rowsDefault = 200;

/** The number of a run, as a path has it. @throws PingpoolError `not-found` */
export function runIdOf(text: string): number {
	if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
	throw new PingpoolError('not-found', `${quote(text)} is not the number of a run`);
}

/** @throws PingpoolError `bad-request`, here as below */
export function resultFilterOf(query: URLSearchParams): ResultFilter {
	const known = new Parameters(query, [
		'status',
		'reason',
		'worker',
		'prefix',
		'q',
		'sort',
		'limit',
		'after',
	]);
	const prefix = known.block('prefix');
	return {
		statuses: known.words('status', statuses),
		reasons: known.words(
			'reason',
			reasons.filter((reason) => reason !== ''),
		),
		workers: known.texts('worker', hostBytesMax),
		prefix: prefix && textOf(prefix),
		text: known.text('q', hostBytesMax),
		sort: known.word<ResultSort>('sort', resultSorts) ?? 'position',
		limit: known.rows('limit'),
		after: known.text('after', placeTextMax),
	};
}

/** The host that `/api/history` is about. */
export function historyHostOf(query: URLSearchParams): string {
	const host = new Parameters(query, ['host']).text('host', hostBytesMax);
	if (host === undefined) throw badRequest('host is expected');
	return host;
}

/** Prefixes of the map: what has 256 squares below it. */
const mapBits: readonly number[] = [0, 8, 16, 24];

/** @returns `undefined` for the longest block that all addresses are in */
export function mapPrefixOf(query: URLSearchParams): string | undefined {
	const prefix = new Parameters(query, ['prefix']).block('prefix');
	if (prefix === undefined) return undefined;
	if (prefix.address.family === 4 && mapBits.includes(prefix.prefix)) return textOf(prefix);
	throw badRequest(`prefix is expected to be a block of IPv4 addresses of ${mapBits.join(', ')} bits`);
}

/** The two runs, and which of their differences. */
export function comparisonOf(query: URLSearchParams): {
	readonly before: number;
	readonly after: number;
	readonly part: ComparisonPart;
} {
	const known = new Parameters(query, ['before', 'after', 'kind', 'limit', 'from']);
	return {
		before: known.run('before'),
		after: known.run('after'),
		part: {
			kind: known.word<ChangeKind>('kind', changeKinds),
			limit: known.rows('limit'),
			from: known.text('from', placeTextMax),
		},
	};
}

/** For questions that have none. */
export function noParameters(query: URLSearchParams): void {
	new Parameters(query, []);
}

class Parameters {
	readonly #query: URLSearchParams;

	constructor(query: URLSearchParams, names: readonly string[]) {
		this.#query = query;
		const unknown = [...query.keys()].find((name) => !names.includes(name));
		if (unknown === undefined) return;
		const expected = names.length === 0 ? 'none' : names.join(', ');
		throw badRequest(`${quote(unknown)} is no parameter of this; expected: ${expected}`);
	}

	/** Empty ones say nothing. */
	texts(name: string, charactersMax: number): string[] {
		const texts = this.#query.getAll(name).filter((text) => text !== '');
		if (texts.length > 100) throw badRequest(`${name} is expected a hundred times at most`);
		if (texts.some((text) => text.length > charactersMax)) {
			throw badRequest(`${name} is expected to have ${charactersMax} characters at most`);
		}
		return texts;
	}

	text(name: string, charactersMax: number): string | undefined {
		const texts = this.texts(name, charactersMax);
		if (texts.length > 1) throw badRequest(`${name} is expected once`);
		return texts[0];
	}

	/** Several words, with commas between them or as several parameters. */
	words<Word extends string>(name: string, known: readonly Word[]): Word[] {
		const words = this.texts(name, placeTextMax * 4).flatMap((text) => text.split(','));
		return [...new Set(words.map((word) => wordOf(name, word.trim(), known)))];
	}

	word<Word extends string>(name: string, known: readonly Word[]): Word | undefined {
		const word = this.text(name, placeTextMax);
		return word === undefined ? undefined : wordOf(name, word, known);
	}

	/** How many rows of a page are wanted. */
	rows(name: string): number {
		const text = this.text(name, placeTextMax) ?? String(rowsDefault);
		const value = /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : Number.NaN;
		if (value <= resultsPageMax) return value;
		throw badRequest(`${name} is ${quote(text)}; 1 to ${resultsPageMax} is expected`);
	}

	run(name: string): number {
		const text = this.text(name, placeTextMax) ?? '';
		if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
		throw badRequest(`${name} is ${quote(text)}; the number of a run is expected`);
	}

	block(name: string): Cidr | undefined {
		const text = this.text(name, placeTextMax);
		if (text === undefined) return undefined;
		const block = parseCidr(text.trim());
		if (block !== undefined) return block;
		throw badRequest(`${name} is ${quote(text)}; a block of addresses is expected, like 10.0.0.0/8`);
	}
}

function wordOf<Word extends string>(name: string, word: string, known: readonly Word[]): Word {
	const found = known.find((each) => each === word);
	if (found !== undefined) return found;
	throw badRequest(`${name} is ${quote(word)}; expected: ${known.join(', ')}`);
}

/** A block as text, without the bits behind its length. */
function textOf({ address, prefix }: Cidr): string {
	if (address.family === 4) {
		const mask = prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
		return `${formatIp({ family: 4, value: (address.value & mask) >>> 0 })}/${prefix}`;
	}
	const bytes = address.bytes.map((byte, i) => {
		const bits = Math.min(Math.max(prefix - 8 * i, 0), 8);
		return byte & (0xff00 >>> bits) & 0xff;
	});
	return `${formatIp({ family: 6, bytes })}/${prefix}`;
}

function badRequest(message: string): PingpoolError {
	return new PingpoolError('bad-request', message);
}
