/** Chunks and lanes of unit tests. */
import type { Chunk } from '../../../../master/dispatch/rules/chunk.ts';
import { freshChunk } from '../../../../master/dispatch/rules/chunk.ts';
import type { LaneOptions } from '../../../../master/dispatch/rules/lane.ts';
import { Lane } from '../../../../master/dispatch/rules/lane.ts';
import { hostColumn } from '../../../../shared/host-column.ts';
import type { Capabilities } from '../../../../shared/protocol.ts';
import { hostOf } from '../dispatch-fixture.ts';
import { capabilities } from '../fake-link.ts';

/** Of these positions; every third one is a name. */
export function chunkOf(positions: readonly number[], changes: Partial<Chunk> = {}): Chunk {
	const dealt = { positions: Uint32Array.from(positions), hosts: hostColumn(positions.map(hostOf)) };
	return { ...freshChunk('icmp', dealt), ...changes };
}

/** Of so many bare addresses, from position 0 on. */
export function chunkOfSize(length: number, changes: Partial<Chunk> = {}): Chunk {
	const positions = Uint32Array.from({ length }, (_, i) => i);
	const ipv4 = positions.map((position) => 0x0a00_0000 + position);
	return { ...freshChunk('icmp', { positions, hosts: { length, ipv4, texts: undefined } }), ...changes };
}

export function laneOf(
	said: Partial<Capabilities> | undefined = {},
	options: Partial<LaneOptions> = {},
): Lane {
	return new Lane({
		name: 'w',
		capabilities: capabilities(said),
		weight: 1,
		chunkHosts: undefined,
		concurrency: undefined,
		probesPerHost: 2,
		nowMs: 0,
		...options,
	});
}
