/** Says at the end of a test run what was skipped, and why: the reasons stand in the names (requirements.ts). */
import type { Reporter, TestModule } from 'vitest/node';

export default class SkipReporter implements Reporter {
	onTestRunEnd(modules: readonly TestModule[]): void {
		const counts = new Map<string, number>();
		for (const module of modules) {
			for (const test of module.children.allTests('skipped')) {
				const reason = /\(skipped: (.*?)\)( > |$)/.exec(test.fullName)?.[1] ?? 'no reason given';
				counts.set(reason, (counts.get(reason) ?? 0) + 1);
			}
		}
		for (const [reason, count] of counts) console.log(`skipped ${count}: ${reason}`);
	}
}
