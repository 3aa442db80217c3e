/** A worker of our own, in a process of its own, for when no workers file is given. */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { messageOf, PingpoolError } from '../shared/errors.ts';

/** Only what hangs takes so long: on a machine that is crowded, a start of one second has taken twenty. One that
 * ends is noticed at once. */
const startMsMax = 60_000;

export interface EmbeddedWorker {
	readonly url: string;
	readonly token: string;
	/** resolves when its process has ended, for whatever reason */
	readonly exited: Promise<void>;
	close(): Promise<void>;
}

export interface EmbeddedWorkerOptions {
	/** probes per second; 0 for no ceiling; `undefined` for the worker's own default */
	readonly ratePerSecond: number | undefined;
	/** aborted before it is ready: it is ended, and the promise rejects */
	readonly signal: AbortSignal;
}

/** Settings of the master's own, or of a worker that others reach, which mean nothing good to this one. */
const masterSettings = [
	'PINGPOOL_TOKEN_FILE',
	'PINGPOOL_NO_AUTH',
	'PINGPOOL_RATE',
	'PINGPOOL_TLS_CA',
	'PINGPOOL_TLS_CERT',
	'PINGPOOL_TLS_KEY',
	'PINGPOOL_TLS_SELF_SIGNED',
	'PINGPOOL_TLS_CLIENT_CA',
	'PINGPOOL_LOG_FORMAT',
	'PINGPOOL_LOG_LEVEL',
];

/** Messages that the worker process sends over its IPC channel. */
type Message = { ready: true; port: number } | { failed: string; usage: boolean };

/**
 * Starts `pingpool worker` on a free loopback port; its other settings come from the environment, as any
 * worker's do. It ends with this process, however this process ends. The environment is passed on
 * whole: what is there for Node itself (NODE_OPTIONS) has held for this process already. The token goes there and not
 * into the arguments, which every user of the machine can read.
 *
 * @throws PingpoolError `no-worker` when it does not start, `usage` when a setting of its own is why
 */
export function startEmbeddedWorker({
	ratePerSecond,
	signal,
}: EmbeddedWorkerOptions): Promise<EmbeddedWorker> {
	const token = randomBytes(32).toString('base64url');
	const folder = import.meta.url.endsWith('.ts') ? '..' : '../..';
	const env: NodeJS.ProcessEnv = {
		...process.env,
		PINGPOOL_EMBEDDED: '1',
		PINGPOOL_HOST: '127.0.0.1',
		PINGPOOL_PORT: '0',
		PINGPOOL_TOKEN: token,
	};
	for (const name of masterSettings) delete env[name];
	if (ratePerSecond !== undefined) env.PINGPOOL_RATE = String(ratePerSecond);
	const child = fork(fileURLToPath(new URL(`${folder}/bin/pingpool.cjs`, import.meta.url)), ['worker'], {
		env,
		stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
	});
	let stderr = '';
	child.stderr?.setEncoding('utf8').on('data', (text: string) => {
		stderr = (stderr + text).slice(-2_000);
	});
	const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	return new Promise((resolve, reject) => {
		const fail = (why: string, code: 'no-worker' | 'usage' = 'no-worker'): void => {
			clearTimeout(timer);
			signal.removeEventListener('abort', onAbort);
			child.kill('SIGKILL');
			reject(new PingpoolError(code, `the embedded worker did not start: ${why}`));
		};
		const onAbort = (): void => fail('it was stopped');
		signal.addEventListener('abort', onAbort, { once: true });
		const timer = setTimeout(() => fail('it took too long'), startMsMax);
		if (signal.aborted) onAbort();
		child.once('error', (error) => fail(messageOf(error)));
		const onExit = (): void => fail(stderr.trim() || 'it ended at once');
		child.once('exit', onExit);
		child.on('message', (message: Message) => {
			if ('failed' in message) {
				fail(message.failed, message.usage ? 'usage' : 'no-worker');
				return;
			}
			clearTimeout(timer);
			signal.removeEventListener('abort', onAbort);
			child.off('exit', onExit);
			child.stderr?.resume();
			resolve({
				url: `http://127.0.0.1:${message.port}`,
				token,
				exited,
				async close() {
					// The channel's end is what tells it to go, as it would if this process had died.
					if (child.connected) child.disconnect();
					const killer = setTimeout(() => child.kill('SIGKILL'), 2_000);
					await exited;
					clearTimeout(killer);
				},
			});
		});
	});
}
