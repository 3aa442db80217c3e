/** Resolves many names in a process of its own with few descriptors, and prints how each came out. */
import { systemClock as clock } from '../../../shared/clock.ts';
import { createSystemResolver } from '../../../worker/resolve/system-resolver.node.ts';

const [server, nsswitchPath, names] = process.argv.slice(2);
const resolver = createSystemResolver({
	clock,
	timeoutMs: 100_000,
	servers: [server!],
	nsswitchPath: nsswitchPath!,
});
const { signal } = new AbortController();
const outcomes = new Map<string, number>();
const lookups = Array.from({ length: Number(names) }, async (_, i) => {
	const resolution = await resolver.resolve(`n${i}.example`, signal);
	const outcome = 'address' in resolution ? 'address' : resolution.reason;
	outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
});
await Promise.all(lookups);
console.log(JSON.stringify(Object.fromEntries(outcomes)));
