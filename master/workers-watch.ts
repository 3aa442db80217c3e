/**
 * workers.txt while a run goes on: the file, the files that it names (tokens, authorities) and those of the master's own
 * TLS. shared/follow-changes.ts says how they are followed; while one of them is wrong, the workers stay as they were.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from '../shared/clock.ts';
import { escapeUnsafe } from '../shared/display.ts';
import { PingpoolError, systemErrorCode } from '../shared/errors.ts';
import { followChanges } from '../shared/follow-changes.ts';
import type { FleetMember } from './fleet.ts';
import type { TlsFiles } from './transport/tls-files.ts';
import { readAuthorities, readClientCertificate } from './transport/tls-files.ts';
import { openSecrets, readWorkersFile } from './workers-file.ts';

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
	/** how it looked before it was read the first time */
	readonly #seen: string;

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
		this.#members = entries.map(({ url, token = ownToken, weight, pins, ca }) => ({
			name: url,
			url,
			token,
			weight,
			transport: {
				pins,
				ca: ca ?? (pins === undefined ? authorities : undefined),
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
		let before = this.#members;
		await followChanges({
			seen: this.#seen,
			look: () => this.#look(),
			read: ({ isFile }) => {
				// Reading a pipe would wait for whoever writes to it.
				if (!isFile)
					throw new PingpoolError('invalid-input', `${escapeUnsafe(this.path)} is no longer a file`);
				this.read({ mayBeEmpty: true });
			},
			onRead: () => {
				const change = differences(before, this.#members);
				before = this.#members;
				if (change.added.length + change.changed.length + change.removed.length > 0) onChange(change);
			},
			onProblem,
			clock,
			signal,
		});
	}

	async #look(): Promise<Look> {
		const looks = await Promise.all([this.path, ...this.#namedFiles].map(lookOf));
		return { text: looks.map(({ text }) => text).join('\n'), isFile: looks.every(({ isFile }) => isFile) };
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
