/** All that is fuzzed, by name. Loaded one by one, because blocks are counted only in what is imported afterwards. */
import type { FuzzTarget } from './fuzz-target.ts';

const loaders: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
	'ping-json': async () => (await import('./targets/ping-request.ts')).pingJson,
	'ping-columns': async () => (await import('./targets/ping-request.ts')).pingColumns,
	'answer-json': async () => (await import('./targets/answers.ts')).answerJson,
	'answer-ndjson': async () => (await import('./targets/answers.ts')).answerNdjson,
	'answer-frames': async () => (await import('./targets/answers.ts')).answerFrames,
};

export const targetNames: readonly string[] = Object.keys(loaders);

export function loadTarget(name: string): Promise<FuzzTarget> {
	const load = loaders[name];
	if (load === undefined) throw new Error(`${name} is not fuzzed`);
	return load();
}
