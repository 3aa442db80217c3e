/**
 * workers.txt while a run goes on.
 *
 * The file, the files that it names (tokens, authorities) and those of the master's own TLS are looked at every
 * second (`stat`: inode, size and time of the last change, which notices editors that replace a file as well, and
 * works where a network's file system tells of no events). What looks different is read when it has looked the same
 * twice: who writes a file in place has it empty or half there for a moment. It is read once more at the look after
 * that, because two versions within the grain of the file system's times look the same. What is wrong or missing is
 * read at every look, until it is good again; until then the workers stay as they were.
 */
import { stat } from 'node:fs/promises';
import { onAbort } from '../shared/abort.ts';
import type { Clock } from '../shared/clock.ts';
import { escapeUnsafe } from '../shared/display.ts';
import { PingpoolError, systemErrorCode } from '../shared/errors.ts';
import type { FleetMember } from './fleet.ts';
import type { TlsFiles } from './transport/tls-files.ts';
import { readAuthorities, readClientCertificate } from './transport/tls-files.ts';
import { openSecrets, readWorkersFile } from './workers-file.ts';

/** Between two looks, and between two while the file changes. */
const lookMs = 1_000;
const settleMs = 200;

const noTlsFiles: TlsFiles = { ca: undefined, cert: undefined, key: undefined };

export interface FleetChange {
	/** workers that were not there before */
	readonly added: readonly FleetMember[];
	/** those with another token, weight, pin or authority than before, or to which the master shows another certificate */
	readonly changed: readonly FleetMember[];
	/** names of those that are no longer there */
	readonly removed: readonly string[];
	/** whether none is there now */
	readonly isEmpty: boolean;
}

export interface WorkersFileOptions {
	readonly path: string;
	/** of workers whose line names none */
	readonly token: string | undefined;
	/** the authorities of workers whose line names none, and what the master shows. Default: none */
	readonly tls?: TlsFiles;
	/** whether a token may go to a public address over plain HTTP. Default: it may not */
	readonly allowPlainHttp?: boolean;
}

export interface FollowOptions {
	readonly clock: Clock;
	/** takes the differences, once */
	readonly onChange: (change: FleetChange) => void;
	/** takes what is wrong with the file, once while it stays the same */
	readonly onProblem: (message: string) => void;
	/** ends it */
	readonly signal: AbortSignal;
}

/**
 * Reads a workers file, to be followed from there on.
 *
 * @throws PingpoolError `invalid-input`: it can not be read, has no worker in it, or has lines that are wrong;
 *   `usage` for what is wrong with the files of the master's TLS
 */
export async function openWorkersFile(options: WorkersFileOptions): Promise<WorkersWatch> {
	// Before it is read: what changes in between is noticed later.
	const look = await lookOf(options.path);
	const watch = new WorkersWatch(options, look);
	watch.read({ mayBeEmpty: false });
	return watch;
}

class WorkersWatch {
	readonly path: string;
	readonly #options: WorkersFileOptions;
	/** false for a pipe (`<(…)`), which can be read once */
	readonly isFile: boolean;
	#members: readonly FleetMember[] = [];
	#namedFiles: readonly string[] = [];
	#openSecrets: readonly string[] = [];
	#seen: string;
	/** looks at which the file is to be read, although it looks the same */
	#readingsDue = 1;
	#problem: string | undefined;

	constructor(options: WorkersFileOptions, look: Look) {
		this.path = options.path;
		this.#options = options;
		this.isFile = look.isFile;
		this.#seen = look.text;
	}

	/** The workers in the file when it was read last. */
	get members(): readonly FleetMember[] {
		return this.#members;
	}

	/** Files that are open to other users although they have tokens in them, in sentences. */
	get openSecrets(): readonly string[] {
		return this.#openSecrets;
	}

	/** Reads the file. @throws like `openWorkersFile` */
	read({ mayBeEmpty }: { readonly mayBeEmpty: boolean }): void {
		const { token: ownToken, tls = noTlsFiles, allowPlainHttp = false } = this.#options;
		const entries = readWorkersFile(this.path, { mayBeEmpty, token: ownToken, allowPlainHttp });
		const authorities = tls.ca === undefined ? undefined : readAuthorities(tls.ca);
		const certificate = readClientCertificate(tls);
		this.#members = entries.map(({ url, token = ownToken, weight, pin, ca }) => ({
			name: url,
			url,
			token,
			weight,
			transport: {
				pin,
				ca: ca ?? (pin === undefined ? authorities : undefined),
				certificate,
				allowPlainHttp,
			},
		}));
		this.#namedFiles = [
			...Object.values(tls).flatMap((file) => file ?? []),
			...entries.flatMap(({ tokenFile, caFile }) => [tokenFile ?? [], caFile ?? []].flat()),
		];
		this.#openSecrets = openSecrets(this.path, entries, tls.key);
	}

	/** Tells what changes until the signal aborts. Never rejects because of the file. */
	async follow({ clock, onChange, onProblem, signal }: FollowOptions): Promise<void> {
		if (!this.isFile) return;
		const over = Promise.withResolvers<undefined>();
		const forget = onAbort(signal, () => over.resolve(undefined));
		try {
			let pauseMs = lookMs;
			while (!signal.aborted) {
				await clock.sleep(pauseMs, signal).catch(() => undefined);
				if (signal.aborted) return;
				// A server of files that does not answer must not hold up the end of the run.
				const looks = await Promise.race([this.#look(), over.promise]);
				if (looks === undefined) return;
				pauseMs = lookMs;
				if (looks.text !== this.#seen) {
					this.#seen = looks.text;
					this.#readingsDue = 2;
					pauseMs = settleMs;
				} else if (this.#readingsDue > 0) {
					this.#readingsDue -= 1;
					this.#readAgain(looks.isFile, onChange, onProblem);
				}
			}
		} finally {
			forget();
		}
	}

	async #look(): Promise<Look> {
		const looks = await Promise.all([this.path, ...this.#namedFiles].map(lookOf));
		return { text: looks.map(({ text }) => text).join('\n'), isFile: looks.every(({ isFile }) => isFile) };
	}

	#readAgain(
		isFile: boolean,
		onChange: FollowOptions['onChange'],
		onProblem: FollowOptions['onProblem'],
	): void {
		const before = this.#members;
		try {
			// Reading a pipe would wait for whoever writes to it.
			if (!isFile) throw new PingpoolError('invalid-input', `${escapeUnsafe(this.path)} is no longer a file`);
			this.read({ mayBeEmpty: true });
			this.#problem = undefined;
		} catch (error) {
			if (!(error instanceof PingpoolError)) throw error;
			this.#readingsDue = 1;
			if (error.message !== this.#problem) onProblem(error.message);
			this.#problem = error.message;
			return;
		}
		const change = differences(before, this.#members);
		if (change.added.length + change.changed.length + change.removed.length > 0) onChange(change);
	}
}

export type { WorkersWatch };

interface Look {
	/** the same as long as the file is */
	readonly text: string;
	/** false for a pipe or a device; true when it is missing, which is no reason not to try to read it */
	readonly isFile: boolean;
}

async function lookOf(path: string): Promise<Look> {
	try {
		const stats = await stat(path, { bigint: true });
		const isFile = stats.isFile() || stats.isDirectory();
		return { text: `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs}`, isFile };
	} catch (error) {
		const code = systemErrorCode(error);
		if (code === undefined) throw error;
		return { text: code, isFile: true };
	}
}

function differences(before: readonly FleetMember[], after: readonly FleetMember[]): FleetChange {
	const was = new Map(before.map((member) => [member.name, member]));
	const names = new Set(after.map(({ name }) => name));
	// Plain data, whose keys come in one order.
	const isOther = (member: FleetMember): boolean =>
		JSON.stringify(was.get(member.name)) !== JSON.stringify(member);
	return {
		added: after.filter(({ name }) => !was.has(name)),
		changed: after.filter((member) => was.has(member.name) && isOther(member)),
		removed: before.map(({ name }) => name).filter((name) => !names.has(name)),
		isEmpty: after.length === 0,
	};
}
