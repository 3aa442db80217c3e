/** Probes one URL in a process of its own, whose environment tries to interfere, and prints the result. */

import { systemClock as clock } from '../../../shared/clock.ts';
import { parsePingRequest } from '../../../shared/protocol.ts';
import { hostResult } from '../../../shared/results.ts';
import { parseTarget } from '../../../shared/target.ts';
import { createHttpProbe } from '../../../worker/probes/http.node.ts';
import { Turnstile } from '../../../worker/turnstile.ts';

const url = process.argv[2]!;
const target = parseTarget(url);
await createHttpProbe({ clock, turnstile: new Turnstile({ placesMax: 1 }) }).run({
	hosts: [{ index: 0, target, address: target.address, port: target.port }],
	settings: parsePingRequest({ hosts: [url], timeoutMs: 60_000 }),
	report: (block) => console.log(JSON.stringify(hostResult(block, 0, url, undefined))),
	left: () => undefined,
	signal: new AbortController().signal,
});
