/** Invariant 2: a host that was read and has no answer is in exactly one place: it waits, or one request owns it. */
import type { Life } from './life.ts';
import { mustHold } from './violation.ts';

let seen = new Uint8Array(0);

export function checkPlaces({ master, listed, rows }: Life, hosts: number): void {
	if (seen.length < hosts) seen = new Uint8Array(hosts);
	else seen.fill(0, 0, hosts);
	for (const positions of master.rules.heldPositions()) {
		for (let row = 0; row < positions.length; row += 1) {
			const position = positions[row]!;
			if (rows[position] === 1) continue;
			if (seen[position] !== 0) mustHold(false, 2, `host ${position} is in two places`);
			seen[position] = 1;
		}
	}
	// What ends gives up what was under way.
	if (master.rules.ended) return;
	for (let position = 0; position < hosts; position += 1) {
		const isExpected = listed[position] === 1 && rows[position] === 0;
		if (isExpected === (seen[position] === 1)) continue;
		mustHold(!isExpected, 2, () => `host ${position} is lost: nobody is to ask for it`);
		mustHold(false, 2, `host ${position} waits, and was never read`);
	}
}
