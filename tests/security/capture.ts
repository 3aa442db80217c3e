/** What a program of ours prints, run in the test's own process. */
import { vi } from 'vitest';

export interface Printed {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/**
 * @param main a command's entry, which prints and returns its exit code
 * @param env variables beside the test's own, those apart that are meant for pingpool
 */
export async function printed(
	main: (argv: readonly string[]) => Promise<number>,
	argv: readonly string[],
	env: Readonly<Record<string, string>> = {},
): Promise<Printed> {
	let [stdout, stderr] = ['', ''];
	vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
		stdout += text;
		return true;
	});
	vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
		stderr += text;
		return true;
	});
	for (const name of Object.keys(process.env)) if (name.startsWith('PINGPOOL_')) vi.stubEnv(name, undefined);
	for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
	try {
		const code = await main(argv);
		return { code, stdout, stderr };
	} finally {
		vi.restoreAllMocks();
		vi.unstubAllEnvs();
	}
}
