import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Kept from one process to the next, as bin/pingpool.cjs does: tests start hundreds that run the same sources.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

/** Tests that take the machine for themselves: what they flood the kernel with is lost to others, too. */
const floods = ['tests/security/forgery.test.ts', 'tests/security/11-load.test.ts'];

/**
 * Tests that have a process for each file: they start others all the time, build labs, or look at the whole process.
 * All the rest share processes, which saves a start of 0.3 s of CPU time each.
 */
const apart = [
	'tests/*.test.ts',
	'tests/{browser,e2e,faults,fuzz,security,sim}/**/*.test.ts',
	'tests/master/store/master-lock.test.ts',
	'tests/master/targets/target-list.test.ts',
	'tests/master/until-it-throws.test.ts',
	'tests/worker/icmp/*.test.ts',
	'tests/worker/load/process-load.test.ts',
	'tests/worker/probes/{tcp,unreachable}.test.ts',
];

export default defineConfig({
	test: {
		reporters: ['default', './tests/skip-reporter.ts'],
		// Real processes, sockets and namespaces: one file's load must not become another's timeout.
		pool: 'forks',
		// Some machines are many times slower than others, and do other things as well: only what hangs takes so long.
		// What is a minute of CPU time in itself (tests/sim, tests/fuzz) has a quarter of an hour.
		testTimeout: 120_000,
		hookTimeout: 120_000,
		expect: { poll: { timeout: 60_000 } },
		// Many wait most of the time: three keep two cores busy.
		maxWorkers: 3,
		projects: [
			{
				extends: true,
				test: {
					// By their names, these begin first: they take longest.
					name: 'apart',
					include: apart,
					exclude: floods,
					sequence: { groupOrder: 0 },
				},
			},
			{
				extends: true,
				test: {
					name: 'together',
					include: ['tests/**/*.test.ts'],
					exclude: [...apart, ...floods],
					isolate: false,
					sequence: { groupOrder: 0 },
				},
			},
			{
				extends: true,
				test: { name: 'floods', include: floods, maxWorkers: 1, sequence: { groupOrder: 1 } },
			},
		],
	},
});
