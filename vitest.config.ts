import { defineConfig } from 'vitest/config';

/** Tests that take the machine for themselves: what they flood the kernel with is lost to others, too. */
const floods = ['tests/security/forgery.test.ts', 'tests/security/11-load.test.ts'];

export default defineConfig({
	test: {
		reporters: ['default', './tests/skip-reporter.ts'],
		// Real processes, sockets and namespaces: one file's load must not become another's timeout.
		pool: 'forks',
		// Some machines are many times slower than others, and do other things as well: only what hangs takes so long.
		testTimeout: 120_000,
		hookTimeout: 120_000,
		expect: { poll: { timeout: 20_000 } },
		projects: [
			{
				extends: true,
				test: {
					name: 'tests',
					include: ['tests/**/*.test.ts'],
					exclude: floods,
					// Many wait most of the time: three keep two cores busy.
					maxWorkers: 3,
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
