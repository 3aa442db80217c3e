/** Real workers: `pingpool worker` in the lab, on loopback, found by the line that they print. */
import { bin } from '../../tests/process.ts';
import type { Bench } from '../bench.ts';
import { startInLab } from '../process.ts';
import { readCpuSeconds, readMemory } from '../usage.ts';

const token = 'a-token-for-benchmarks-only';
/** What a master needs to use them. */
export const tokenEnvironment = { PINGPOOL_TOKEN: token };

export interface WorkerProcess extends AsyncDisposable {
	readonly url: string;
	cpuSeconds(): number;
	memoryPeakBytes(): number;
}

/** Starts a worker and waits until it listens. @param rate probes per second; 0 for no ceiling */
export async function startWorker(
	bench: Pick<Bench, 'lab' | 'folder' | 'signal'>,
	rate = 0,
): Promise<WorkerProcess> {
	const args = ['worker', '--host', '127.0.0.1', '--port', '0', '--rate', String(rate)];
	const running = startInLab(bench, [process.execPath, bin, ...args], { env: tokenEnvironment });
	try {
		const [url] = await running.says(/http:\/\/127\.0\.0\.1:\d+/);
		const pid = running.child.pid!;
		return {
			url,
			cpuSeconds: () => readCpuSeconds(pid) ?? 0,
			memoryPeakBytes: () => readMemory(pid)?.peakBytes ?? 0,
			[Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
		};
	} catch (error) {
		await running[Symbol.asyncDispose]();
		throw error;
	}
}
