/** Probes by TCP in a process of its own (another namespace, fewer descriptors) and prints the results. */
import { systemClock as clock } from '../../../shared/clock.ts';
import { Pacer } from '../../../shared/pacer.ts';
import { parsePingRequest } from '../../../shared/protocol.ts';
import type { HostResult } from '../../../shared/results.ts';
import { hostResult } from '../../../shared/results.ts';
import { parseTarget } from '../../../shared/target.ts';
import { createTcpProbe } from '../../../worker/probes/tcp.node.ts';
import { Turnstile } from '../../../worker/turnstile.ts';

const settings = parsePingRequest(JSON.parse(process.argv[2]!));
const turnstile = new Turnstile({
	placesMax: 1_024,
	pace: { pacer: new Pacer({ ratePerSecond: 0 }), clock },
});
const results: HostResult[] = [];
await createTcpProbe({ clock, turnstile }).run({
	hosts: settings.hosts.map((text, index) => {
		const target = parseTarget(text);
		return { index, target, address: target.address, port: target.port };
	}),
	settings,
	report(block) {
		for (let row = 0; row < block.length; row += 1) {
			const index = block.index[row]!;
			results[index] = hostResult(block, row, settings.hosts[index]!, undefined);
		}
	},
	left: () => undefined,
	signal: new AbortController().signal,
});
console.log(JSON.stringify(results));
