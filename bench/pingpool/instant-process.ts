/** Instant workers (instant-worker.ts), started and followed. */
import { fileURLToPath } from 'node:url';
import type { Bench } from '../bench.ts';
import { startInLab } from '../process.ts';

const script = fileURLToPath(new URL('./instant-worker.ts', import.meta.url));

export interface InstantWorker extends AsyncDisposable {
	readonly url: string;
	/** hosts that it has answered for, up to a twentieth of a second ago */
	answered(): number;
}

interface Message {
	readonly port?: number;
	readonly answered?: number;
}

/** Starts one and waits until it listens. */
export async function startInstantWorker(
	bench: Pick<Bench, 'lab' | 'folder' | 'signal'>,
): Promise<InstantWorker> {
	const running = startInLab(bench, [process.execPath, script], { ipc: true });
	let answered = 0;
	const port = await new Promise<number>((resolve, reject) => {
		running.child.on('message', (message: Message) => {
			if (message.port !== undefined) resolve(message.port);
			answered = message.answered ?? answered;
		});
		void running.exited.then(() => reject(new Error(`the instant worker ended:\n${running.errors()}`)));
	});
	return {
		url: `http://127.0.0.1:${port}`,
		answered: () => answered,
		[Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
	};
}
