/** The search itself is tried on this (fuzz.test.ts): a parser of which it is known what is wrong. */
import type { FuzzTarget } from '../fuzz-target.ts';
import { parsePlanted } from './planted-parser.ts';

const decoder = new TextDecoder();
const words = [
	'open ',
	'nine ',
	'tall ',
	'gates ',
	'now',
	'then ',
	'here ',
	'there ',
	'small ',
	'doors ',
	'two ',
	'shut ',
];

export const planted: FuzzTarget = {
	name: 'planted',
	modules: ['tests/fuzz/targets/planted-parser.ts'],
	dictionary: words,
	generate: (random) => Uint8Array.from({ length: random.below(12) }, () => 97 + random.below(26)),
	run: (input) => {
		parsePlanted(decoder.decode(input));
	},
};
