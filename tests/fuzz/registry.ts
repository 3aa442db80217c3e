/** All that is fuzzed, by name. Loaded one by one, because blocks are counted only in what is imported afterwards. */
import type { FuzzTarget } from './fuzz-target.ts';

const loaders: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
	'ping-json': async () => (await import('./targets/ping-request.ts')).pingJson,
	'ping-columns': async () => (await import('./targets/ping-request.ts')).pingColumns,
	'answer-json': async () => (await import('./targets/answers.ts')).answerJson,
	'answer-ndjson': async () => (await import('./targets/answers.ts')).answerNdjson,
	'answer-frames': async () => (await import('./targets/answers.ts')).answerFrames,
	'icmp-replies': async () => (await import('./targets/icmp.ts')).icmpReplies,
	'icmp-errors': async () => (await import('./targets/icmp.ts')).icmpErrors,
	'answer-heads': async () => (await import('./targets/answer-heads.ts')).answerHeads,
	'ping-output': async () => (await import('./targets/system-texts.ts')).pingOutput,
	'dns-answer': async () => (await import('./targets/system-texts.ts')).dnsAnswer,
	'hosts-file': async () => (await import('./targets/system-texts.ts')).hostsFile,
	'resolv-conf': async () => (await import('./targets/system-texts.ts')).resolvConf,
	'hosts-txt': async () => (await import('./targets/hosts-txt.ts')).hostsTxt,
	'workers-txt': async () => (await import('./targets/workers-txt.ts')).workersTxt,
	tokens: async () => (await import('./targets/workers-txt.ts')).tokenTexts,
};

export const targetNames: readonly string[] = Object.keys(loaders);

/** A bug that was planted, by which it is seen whether the search finds any. */
export const plantedName = 'planted';

export async function loadTarget(name: string): Promise<FuzzTarget> {
	if (name === plantedName) return (await import('./targets/planted.ts')).planted;
	const load = loaders[name];
	if (load === undefined) throw new Error(`${name} is not fuzzed`);
	return load();
}
