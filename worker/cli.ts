/**
 * `pingpool worker`: arguments, wiring, signals, exit codes.
 *
 * SIGINT, SIGTERM and SIGHUP stop the listening and let requests under way end, for a few seconds; a second signal cuts
 * them. A worker that a master started for itself (PINGPOOL_EMBEDDED=1, with an IPC channel) says there that it
 * is ready, or why not, prints nothing, and ends with the channel, so that it never outlives its master.
 */
import { escapeUnsafe, jsonText } from '../shared/display.ts';
import type { WorkerArguments } from './arguments.node.ts';
import type { WorkerLog } from './request-log.ts';

/** How long requests under way may take once a signal came. */
const stopGraceMs = 5_000;
/** … and the reader of the log, once they have ended. */
const logGraceMs = 1_000;

/**
 * Runs a worker until it is told to stop.
 *
 * @param argv arguments behind `pingpool worker`
 * @returns the exit code: 0 stopped, 1 could not start, 2 wrong usage
 */
export async function main(argv: readonly string[]): Promise<number> {
	const embedded = process.send !== undefined && process.env.PINGPOOL_EMBEDDED === '1';
	// Before anything is awaited: a signal or the end of the channel may come while the worker starts.
	const stop = stopRequests(embedded);
	try {
		const { parseWorkerArguments } = await import('./arguments.node.ts');
		await run(await parseWorkerArguments(argv, process.env), embedded, stop);
		return 0;
	} catch (error) {
		return await explain(error, embedded, argv);
	} finally {
		stop.release();
		// The channel would keep the process alive.
		if (embedded && process.connected) process.disconnect();
	}
}

async function run(parsed: WorkerArguments, embedded: boolean, stop: StopRequests): Promise<void> {
	const [{ buildWorker, listen }, { openCredentials }, exposure, { systemClock }, notices] =
		await Promise.all([
			import('./node.ts'),
			import('./credentials.node.ts'),
			import('./exposure.node.ts'),
			import('../shared/clock.ts'),
			import('./notice-line.ts'),
		]);
	const host = await exposure.hostToListenOn(parsed);
	const credentials = await openCredentials(parsed, process.env, systemClock);
	const { tokens, tls } = credentials;
	const quiet = embedded || parsed.quiet;
	const log = quiet ? undefined : await openLog(parsed);
	const notice = notices.noticeWriter(parsed, systemClock, (line) => process.stderr.write(line));
	const onMessage = (message: string): void => notice('warn', message);
	const worker = await buildWorker({ ...parsed, tokens, tls, onMessage, ...(log && { log }) });
	const over = new AbortController();
	let following: Promise<void> | undefined;
	try {
		const { address, port } = await listen(worker.server, host, parsed.port);
		if (embedded) process.send?.({ ready: true, port });
		else {
			const { bannerFields, bannerLines } = await import('./banner.node.ts');
			const { capabilities, icmpUnavailable } = worker;
			const banner = { capabilities, icmpUnavailable, address, port, credentials };
			if (parsed.logFormat === 'json') {
				const time = new Date(systemClock.wallMs()).toISOString();
				const fields = bannerFields({ ...banner, showToken: false });
				process.stdout.write(`${jsonText({ level: 'info', time, ...fields })}\n`);
			} else {
				const lines = bannerLines({ ...banner, showToken: process.stdout.isTTY === true });
				process.stdout.write(`${lines.map(escapeUnsafe).join('\n')}\n`);
			}
			const exposed = exposure.exposureWarnings(address, tls !== undefined);
			for (const warning of [...credentials.warnings, ...exposed]) {
				onMessage(`warning: ${warning}`);
			}
			following = credentials.follow({ server: worker.server, onMessage, signal: over.signal });
		}
		await stop.first;
		if (!embedded) notice('info', 'stopping after the requests under way');
	} finally {
		over.abort();
		await following;
		const closing = worker.close(embedded ? 0 : stopGraceMs);
		stop.second.then(() => worker.server.closeAllConnections());
		await closing;
		await log?.close();
	}
}

/** Requests and disturbances as lines on stderr. */
async function openLog({
	logFormat: format,
	logLevel: level,
}: WorkerArguments): Promise<WorkerLog & { close(): Promise<void> }> {
	const [{ createAuditLog, droppedLine }, { LineWriter }, { systemClock }] = await Promise.all([
		import('./audit-log.node.ts'),
		import('../shared/line-writer.ts'),
		import('../shared/clock.ts'),
	]);
	const lines = new LineWriter({
		stream: process.stderr,
		droppedLine: (dropped) => droppedLine(format, dropped, systemClock),
	});
	const audit = createAuditLog({ format, level, clock: systemClock, write: (line) => lines.write(line) });
	return {
		...audit,
		async close() {
			audit.close();
			// What nobody reads would keep the process alive.
			if (!(await lines.close(logGraceMs))) process.exit(0);
		},
	};
}

interface StopRequests {
	/** resolves when the worker is to end */
	readonly first: Promise<void>;
	/** resolves when it is to end at once */
	readonly second: Promise<void>;
	release(): void;
}

function stopRequests(embedded: boolean): StopRequests {
	const first = Promise.withResolvers<void>();
	const second = Promise.withResolvers<void>();
	let requests = 0;
	const request = (): void => {
		requests += 1;
		(requests === 1 ? first : second).resolve();
	};
	// A terminal's Ctrl-C goes to a master and its worker alike; when the worker ends is for the master to say.
	const ignore = (): void => undefined;
	process.on('SIGINT', embedded ? ignore : request);
	process.on('SIGTERM', request);
	// The terminal that it was started from has gone.
	process.on('SIGHUP', embedded ? ignore : request);
	if (embedded) {
		process.on('disconnect', request);
		// Gone already: the event will not come.
		if (!process.connected) request();
	}
	return {
		first: first.promise,
		second: second.promise,
		release() {
			process.off('SIGINT', embedded ? ignore : request);
			process.off('SIGTERM', request);
			process.off('SIGHUP', embedded ? ignore : request);
			process.off('disconnect', request);
		},
	};
}

/** Says why the worker did not start, in the form of its log. @returns the exit code */
async function explain(error: unknown, embedded: boolean, argv: readonly string[]): Promise<number> {
	const [{ CommanderError }, { PingpoolError }, { wantsJsonLog }, { noticeWriter }, { systemClock }] =
		await Promise.all([
			import('commander'),
			import('../shared/errors.ts'),
			import('../shared/log-wish.ts'),
			import('./notice-line.ts'),
			import('../shared/clock.ts'),
		]);
	if (error instanceof CommanderError) {
		// Printed by commander. Of help and version the exit code is 0.
		if (embedded) await sendToMaster({ failed: error.message, usage: true });
		return error.exitCode === 0 ? 0 : 2;
	}
	const isJson = wantsJsonLog(argv, process.env);
	const options = { logFormat: isJson ? 'json' : 'text', logLevel: 'error' } as const;
	const say = noticeWriter(options, systemClock, (line) => process.stderr.write(line));
	if (!(error instanceof PingpoolError)) {
		if (embedded || !isJson) throw error;
		say('error', `a fault of this worker: ${(error instanceof Error && error.stack) || String(error)}`);
		return 1;
	}
	const message = error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`;
	const isUsage = error.code === 'usage';
	if (embedded) await sendToMaster({ failed: message, usage: isUsage });
	else say('error', message);
	return isUsage ? 2 : 1;
}

/** @param message `usage` when it is for the user to set something right */
function sendToMaster(message: { failed: string; usage: boolean }): Promise<void> {
	return new Promise((resolve) => {
		if (process.connected && process.send) process.send(message, () => resolve());
		else resolve();
	});
}
