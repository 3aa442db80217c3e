/** By what masters and a worker know each other: its tokens and its certificate, which may change while it runs. */
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import type { Server as TlsServer } from 'node:tls';
import type { Clock } from '../shared/clock.ts';
import { escapeUnsafe } from '../shared/display.ts';
import { PingpoolError } from '../shared/errors.ts';
import type { WorkerArguments } from './arguments.node.ts';
import type { AcceptedTokens } from './auth.ts';
import type { ServerTls } from './tls/server-tls.node.ts';

export interface Credentials {
	readonly tokens: AcceptedTokens | 'none';
	/** what a master may be told to use */
	readonly token: string | undefined;
	/** where the tokens are kept; `undefined` when there is no such file */
	readonly tokenFile: string | undefined;
	/** `undefined` for plain HTTP */
	readonly tls: ServerTls | undefined;
	/** what the user should know */
	readonly warnings: readonly string[];
	/** Keeps the tokens and the server's certificate those of their files, until the signal aborts. */
	follow(options: FollowCredentialsOptions): Promise<void>;
}

export interface FollowCredentialsOptions {
	readonly server: Server;
	/** takes what was read, and what is wrong, in a sentence */
	readonly onMessage: (message: string) => void;
	readonly signal: AbortSignal;
}

/**
 * Reads the tokens and certificates of a worker, or makes them.
 *
 * @throws PingpoolError `usage` for what is wrong with a file, `listen` when one can not be read or made
 */
export async function openCredentials(
	{ noAuth, tokenFile, tls: tlsArguments }: Pick<WorkerArguments, 'noAuth' | 'tokenFile' | 'tls'>,
	environment: Readonly<Record<string, string | undefined>>,
	clock: Clock,
): Promise<Credentials> {
	const source = noAuth ? undefined : (await import('./token.node.ts')).loadTokens(environment, tokenFile);
	const tlsSource = await findTls(tlsArguments, source?.file, environment, clock.wallMs());
	let tokens = source?.tokens ?? [];
	let tls = tlsSource?.read(clock.wallMs());
	return {
		tokens: source === undefined ? 'none' : () => tokens,
		token: tokens[0],
		tokenFile: source?.file,
		tls,
		warnings: [...(source?.warnings ?? []), ...(tls?.warnings ?? [])],
		async follow({ server, onMessage, signal }) {
			const { followFiles } = await import('./follow-files.node.ts');
			const { readTokenFile } = await import('./token-file.node.ts');
			const follow = (files: readonly string[], what: string, read: () => void): Promise<void> =>
				followFiles({
					files,
					read,
					onProblem: (problem) => onMessage(`${problem}; ${what} stay in force`),
					clock,
					signal,
				});
			const file = source?.file;
			const readTokens = (path: string): void => {
				const found = readTokenFile(path);
				if (found === undefined) throw new PingpoolError('usage', `${escapeUnsafe(path)} is gone`);
				if (found.tokens.join() === tokens.join()) return;
				tokens = found.tokens;
				onMessage(
					tokens.length === 1
						? 'the token has changed: one is accepted from now on'
						: 'the tokens have changed: two are accepted from now on',
				);
			};
			const readTls = (path: NonNullable<typeof tlsSource>): void => {
				const read = path.read(clock.wallMs());
				if (sameContext(read, tls!)) return;
				(server as Server & TlsServer).setSecureContext(read.context);
				for (const change of changesBetween(tls!, read)) onMessage(change);
				tls = read;
				for (const warning of read.warnings) onMessage(warning);
			};
			await Promise.all([
				...(file === undefined ? [] : [follow([file], 'the tokens of before', () => readTokens(file))]),
				...(tlsSource === undefined
					? []
					: [follow(tlsSource.files, 'the certificates of before', () => readTls(tlsSource))]),
			]);
		},
	};
}

/** @param tokenFile beside which a certificate of the worker's own is kept */
async function findTls(
	tls: WorkerArguments['tls'],
	tokenFile: string | undefined,
	environment: Readonly<Record<string, string | undefined>>,
	nowMs: number,
) {
	if (!tls.selfSigned && tls.cert === undefined) return undefined;
	const [{ findServerTls }, { defaultTokenFile }] = await Promise.all([
		import('./tls/server-tls.node.ts'),
		import('./token-file.node.ts'),
	]);
	return findServerTls(tls, dirname(tokenFile ?? defaultTokenFile(environment)), nowMs);
}

/** In sentences; who reads that a certificate has changed looks after its pin, which not every change asks for. */
function changesBetween(before: ServerTls, after: ServerTls): string[] {
	const changes: string[] = [];
	if (after.fingerprint !== before.fingerprint) {
		changes.push(`the certificate has changed: ${after.fingerprint}`);
	} else if (after.context.cert !== before.context.cert || after.context.key !== before.context.key) {
		changes.push('the files of the certificate have changed; its fingerprint has not');
	}
	if (after.context.ca !== before.context.ca) {
		changes.push('the authority of --tls-client-ca has changed: masters need a certificate of the new one');
	}
	return changes;
}

function sameContext(a: ServerTls, b: ServerTls): boolean {
	return (['cert', 'key', 'ca'] as const).every((name) => a.context[name] === b.context[name]);
}
