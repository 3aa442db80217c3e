/** What inputs of several targets are made of, and how they are handed over. */
import type { Random } from '../../../shared/random.ts';
import { createRandom } from '../../../shared/random.ts';
import { promise } from '../fuzz-target.ts';

/** Bytes at the start of an input that choose how the rest is handed over. */
export const choiceBytes = 4;

const encoder = new TextEncoder();

export function pick<Value>(random: Random, values: readonly Value[]): Value {
	return values[random.below(values.length)]!;
}

/** Choices and what they are about, as an input. */
export function withChoices(random: Random, rest: Uint8Array | string): Uint8Array {
	const bytes = typeof rest === 'string' ? encoder.encode(rest) : rest;
	const input = new Uint8Array(choiceBytes + bytes.length);
	for (let at = 0; at < choiceBytes; at += 1) input[at] = random.below(256);
	input.set(bytes, choiceBytes);
	return input;
}

/** What byte `at` of an input chooses. */
export function choice<Value>(input: Uint8Array, at: number, values: readonly Value[]): Value {
	return values[(input[at] ?? 0) % values.length]!;
}

/** Bytes in pieces, whose lengths follow from a seed; an empty piece now and then. */
export function pieces(bytes: Uint8Array, seed: number): Uint8Array[] {
	const random = createRandom(seed);
	const longest = pick(random, [1, 3, 16, 200, 5_000]);
	const cut: Uint8Array[] = [];
	// Each piece is a promise or two: of a long input, they are not all single bytes.
	const least = Math.ceil(bytes.length / 64);
	for (let at = 0; at < bytes.length; ) {
		const length = random.below(20) === 0 ? 0 : least + random.below(longest);
		cut.push(bytes.subarray(at, at + length));
		at += length;
	}
	return cut;
}

export async function* streamOf(cut: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
	yield* cut;
}

/** Whether a text may go to a terminal or a log as it is; several lines, where they are ours, are split first. */
export function promiseSafe(text: string): void {
	promise(
		!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text),
		() => `says what is not safe to print: ${JSON.stringify(text)}`,
	);
}

const names = [
	'a',
	'example.com',
	'x_y.Example.',
	'xn--bcher-kva.de',
	'bücher.de',
	'1.example',
	`${'l'.repeat(63)}.x`,
	'ⅷ.com',
];
const ipv6 = [
	'::',
	'::1',
	'fd00::1',
	'fe80::1',
	'2001:DB8::0:1',
	'::ffff:10.0.0.1',
	'64:ff9b::7f00:1',
	'1:2:3:4:5:6:7:8',
];
const odd = [
	'127.1',
	'0x7f000001',
	'010.0.0.1',
	'256.1.1.1',
	'1.2.3',
	'a..b',
	'-a',
	'a b',
	'[::1',
	'fe80::1%eth0',
	'u@h',
	'ftp://x',
];
const ports = ['1', '80', '443', '65535', '0', '65536', '08', ''];

export function ipv4Text(random: Random): string {
	// Few, so that some come twice.
	return `${pick(random, [10, 127, 192, 0, 255])}.${random.below(3)}.0.${random.below(6)}`;
}

/** A host as a list or a request may name it; now and then one that is none. */
export function hostText(random: Random): string {
	const bare = (): string => {
		const kind = random.below(8);
		if (kind < 4) return ipv4Text(random);
		return kind < 6 ? pick(random, names) : pick(random, kind === 6 ? ipv6 : odd);
	};
	const bracketed = (): string => {
		const host = bare();
		return host.includes(':') ? `[${host}]` : host;
	};
	switch (random.below(6)) {
		case 0:
			return `${bracketed()}:${pick(random, ports)}`;
		case 1:
			return `tcp://${bracketed()}:${pick(random, ports)}`;
		case 2:
			return `${pick(random, ['http', 'https', 'HTTP'])}://${bracketed()}${pick(random, ['', ':80', ':8080', '/', '/a b?c#d', '//e', '/%zz/../ü'])}`;
		default:
			return bare();
	}
}

/** Words of hosts, for dictionaries. */
export const hostWords: readonly string[] = [
	...names,
	...ipv6,
	...odd,
	...[
		'10.0.0.1',
		':',
		'.',
		'/',
		'[',
		']',
		'@',
		'%',
		'-',
		'_',
		'#',
		'?',
		'://',
		'tcp://',
		'http://',
		'https://',
	],
	...[
		':80',
		':443',
		'/24',
		'/32',
		'/128',
		'/0',
		'10.0.0.0/30',
		'10.0.0.1-10.0.0.5',
		'10.0.0.1-9',
		'fd00::1-fd00::5',
	],
];
