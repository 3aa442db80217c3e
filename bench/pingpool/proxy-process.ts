/** Delaying proxies (delaying-proxy.ts), started. */
import { fileURLToPath } from 'node:url';
import type { Bench } from '../bench.ts';
import { startInLab } from '../process.ts';

const script = fileURLToPath(new URL('./delaying-proxy.ts', import.meta.url));

export interface Proxy extends AsyncDisposable {
	readonly url: string;
}

/** Starts one in front of a worker. @param delayMs in each direction */
export async function startProxy(
	bench: Pick<Bench, 'lab' | 'folder' | 'signal'>,
	workerUrl: string,
	delayMs: number,
): Promise<Proxy> {
	const command = [process.execPath, script, new URL(workerUrl).port, String(delayMs)] as const;
	const running = startInLab(bench, command, { ipc: true });
	const port = await new Promise<number>((resolve, reject) => {
		running.child.once('message', (message: { readonly port: number }) => resolve(message.port));
		void running.exited.then(() => reject(new Error(`the proxy ended:\n${running.errors()}`)));
	});
	return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}
