/** Rows by chance: of few kinds, so that filters find some, and at positions of several blocks. */

import { formatIpv4, formatIpv6 } from '../../../shared/ip.ts';
import type { Reason, Status } from '../../../shared/outcome.ts';
import { createRandom, type Random } from '../../../shared/random.ts';
import type { TestRow } from '../../query-database.ts';

const kinds: readonly (readonly [Status, Reason | undefined])[] = [
	['up', undefined],
	['up', undefined],
	['down', 'timeout'],
	['down', 'host-unreachable'],
	['unresolved', 'dns-not-found'],
	['denied', 'reserved'],
	['error', 'no-buffers'],
];

/** Hosts that mean something to SQL, to patterns or to terminals. */
const oddHosts = [
	`o'hara.test`,
	'100%.test',
	'under_score.test',
	'star*[a-z]?.test',
	'back\\slash.test',
	'nul\0inside.test',
	'line\nfeed.test',
	'ünï.test',
	'ÜNÏ.TEST',
	'\u202etxt.exe',
	'<script>alert(1)</script>',
	'',
	'1.2.3',
	'10.1.2.3.4',
	'010.1.2.3',
	'10.256.0.1',
	'10.1.example.test',
	'Host-MiXeD.test/PATH',
	'𝕙𝕠𝕤𝕥.test',
];

export interface RandomRows {
	readonly seed: number;
	readonly rows: number;
	/** positions are below */
	readonly positions: number;
	/** Default: false */
	readonly isAscending?: boolean;
}

export function randomRows({ seed, rows, positions, isAscending = false }: RandomRows): TestRow[] {
	const random = createRandom(seed);
	const taken = new Set<number>();
	while (taken.size < rows) taken.add(random.below(positions));
	const hosts = new Set<string>(oddHosts);
	while (hosts.size < rows) hosts.add(randomHost(random));
	const ordered = isAscending ? [...hosts].sort() : [...hosts].sort(() => random.next() - 0.5);
	return [...taken]
		.sort((a, b) => a - b)
		.map((position, i) => ({ position, host: ordered[i]!, ...randomAnswer(random, ordered[i]!) }));
}

export function randomAnswer(random: Random, host: string): Omit<TestRow, 'position' | 'host'> {
	const [status, reason] = kinds[random.below(kinds.length)]!;
	return {
		status,
		reason,
		worker: `w${random.below(4)}`,
		// Few values, so that many rows are alike.
		rttUs: status === 'up' && random.below(10) > 0 ? random.below(40) * 1_000 + random.below(2) : undefined,
		address: host.endsWith('.test') && random.below(3) === 0 ? randomAddress(random) : undefined,
		checkedMs: random.below(500) - 5,
	};
}

function randomHost(random: Random): string {
	const kind = random.below(10);
	if (kind === 0) return `name-${random.below(100_000)}.test`;
	if (kind === 1) return `${randomAddress(random)}:443`;
	return randomAddress(random);
}

function randomAddress(random: Random): string {
	if (random.below(8) === 0) {
		const bytes = new Uint8Array(16);
		bytes[0] = 0xfd;
		bytes[3] = random.below(4);
		bytes[15] = 1 + random.below(255);
		bytes[14] = random.below(255);
		return formatIpv6(bytes);
	}
	return formatIpv4(0x0a00_0000 + random.below(4) * 65_536 * 3 + random.below(3) * 256 + random.below(256));
}
