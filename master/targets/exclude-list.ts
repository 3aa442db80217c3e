/**
 * What an exclude file names. An address or a name there excludes that host in every form, with a port or in
 * a URL too; an entry with a port or a scheme excludes that one target.
 */
import { createHash } from 'node:crypto';
import type { AddressRange, Target } from '../../shared/target.ts';
import type { KeyedHash } from './keyed-hash.ts';
import { LineCursor, lineKinds } from './line-cursor.ts';
import { openListFile } from './list-file.ts';
import { Problems } from './problems.ts';
import { isBare, TargetSet } from './target-set.ts';

export class ExcludeList {
	readonly #set: TargetSet;
	/** of the file's bytes, hexadecimal */
	readonly digest: string;

	constructor(set: TargetSet, digest: string) {
		this.#set = set;
		this.digest = digest;
	}

	hasIpv4(value: number): boolean {
		return this.#set.ipv4.has(value);
	}

	/** Whether a bare name, given as canonical ASCII bytes, is excluded. */
	hasName(bytes: Uint8Array, start: number, end: number): boolean {
		return this.#set.hasText(bytes, start, end);
	}

	has(target: Target): boolean {
		const { address, name } = target;
		if (address !== undefined) {
			if (address.family === 4 ? this.hasIpv4(address.value) : this.#set.hasIpv6(address.bytes)) return true;
		} else if (name !== undefined && this.#hasText(name)) return true;
		return !isBare(target) && this.#hasText(target.text);
	}

	/** How many addresses of a range are excluded. */
	countRange(range: AddressRange): number {
		return this.#set.countRange(range);
	}

	#hasText(text: string): boolean {
		const bytes = Buffer.from(text, 'latin1');
		return this.#set.hasText(bytes, 0, bytes.length);
	}
}

/**
 * @param seen takes the excluded addresses too, so that ranges of the list leave them out in one go
 * @throws PingpoolError `invalid-input`: the file can not be read, or has lines that are no entries
 */
export async function readExcludeList(
	path: string,
	seen: TargetSet,
	{ hash, tempDir, signal }: { hash: KeyedHash; tempDir: string | undefined; signal: AbortSignal },
): Promise<ExcludeList> {
	const set = new TargetSet(hash);
	const ignore = (): void => {};
	const digest = createHash('sha256');
	const missingHint = 'Give a file of hosts to leave out with --exclude, or none.';
	const file = await openListFile({ path }, { tempDir, signal, missingHint });
	try {
		const problems = new Problems(file.name);
		const cursor = new LineCursor(file);
		for (;;) {
			const kind = cursor.next();
			if (kind === lineKinds.end) break;
			if (kind === lineKinds.more) {
				signal.throwIfAborted();
				digest.update(await cursor.fill());
			} else if (kind === lineKinds.ipv4) {
				set.ipv4.add(cursor.ipv4);
				seen.ipv4.add(cursor.ipv4);
			} else if (kind === lineKinds.name) set.addText(cursor.bytes, cursor.start, cursor.end);
			else if (kind === lineKinds.target) {
				set.addTarget(cursor.target!);
				if (cursor.target!.address !== undefined && isBare(cursor.target!)) seen.addTarget(cursor.target!);
			} else if (kind === lineKinds.range) {
				set.addRange(cursor.range!, ignore);
				seen.addRange(cursor.range!, ignore);
			} else problems.add(cursor.line, cursor.problem);
		}
		if (problems.count > 0) throw problems.error('Mend the exclude file: what it means is not guessed.');
		return new ExcludeList(set, digest.digest('hex'));
	} finally {
		await file.close();
	}
}
