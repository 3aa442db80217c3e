/** Resolves what needs no asking in a process that has no descriptor left, and prints what came out. */
import { openSync } from 'node:fs';
import { systemClock as clock } from '../../../shared/clock.ts';
import { formatIp } from '../../../shared/ip.ts';
import { createSystemResolver } from '../../../worker/resolve/system-resolver.node.ts';

const resolver = createSystemResolver({ clock });
try {
	for (;;) openSync('/dev/null', 'r');
} catch {
	const resolution = await resolver.resolve('localhost', new AbortController().signal);
	console.log('address' in resolution ? formatIp(resolution.address) : resolution.reason);
}
