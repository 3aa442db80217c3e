/**
 * A file of addresses that a worker reads again when it changes.
 *
 * It is looked at when somebody asks, a few times a second at most: no watcher, no timer, nothing to close, and an
 * idle worker knows of a change at its next request. What was written a moment ago is let be until the file has been
 * left alone for a while: who writes in place has it empty or half there in between, and a list cut off is a
 * list with less in it. A file that has become wrong or is gone changes nothing: what was read before stays in force.
 */
import type { BigIntStats } from 'node:fs';
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { parseAddressList } from '../../shared/address-list.ts';
import type { CidrSet } from '../../shared/cidr-set.ts';
import type { Clock } from '../../shared/clock.ts';
import { escapeUnsafe, quote } from '../../shared/display.ts';
import { messageOf, PingpoolError, systemErrorCode } from '../../shared/errors.ts';
import { addressListBytesMax } from '../../shared/limits.ts';

const lookMsMin = 250;
/** From the last change on, until which nothing is read. With a look in between, well below a second. */
const settleMs = 400;

export interface ListFileOptions {
	readonly path: string;
	readonly clock: Clock;
	/** takes one sentence when the file has become wrong, and one when it is right again */
	readonly onMessage: (message: string) => void;
}

/** A change that is still under way. */
class UnsettledError extends Error {
	override readonly name = 'UnsettledError';
}

export class ListFile {
	readonly #options: ListFileOptions;
	#addresses: CidrSet;
	/** of what was read last, right or wrong; `undefined` to have it read at the next look */
	#fingerprint: string | undefined;
	#pending: string | undefined;
	#problem: string | undefined;
	#lookedMs: number;

	/** @throws PingpoolError `usage` when the file is missing or wrong */
	constructor(options: ListFileOptions) {
		this.#options = options;
		this.#lookedMs = options.clock.monotonicMs();
		const read = readList(options.path);
		this.#addresses = read.addresses;
		this.#fingerprint = this.#isSettled(read.stats) ? fingerprintOf(read.stats) : undefined;
	}

	/** The same object as long as the file says the same. */
	addresses(): CidrSet {
		const nowMs = this.#options.clock.monotonicMs();
		if (nowMs - this.#lookedMs >= lookMsMin) {
			this.#lookedMs = nowMs;
			this.#look();
		}
		return this.#addresses;
	}

	#look(): void {
		const { path, onMessage } = this.#options;
		let fingerprint: string | undefined;
		try {
			const stats = statsOf(path);
			fingerprint = fingerprintOf(stats);
			if (fingerprint === this.#fingerprint) return;
			// Twice the same will do as well, where the file's times are from another machine's clock.
			const isSettled = this.#isSettled(stats) || fingerprint === this.#pending;
			this.#pending = fingerprint;
			if (!isSettled) return;
			this.#addresses = readList(path, fingerprint).addresses;
			this.#fingerprint = fingerprint;
			if (this.#problem !== undefined) onMessage(`${quote(path)} is right again, and in force as it is now`);
			this.#problem = undefined;
		} catch (error) {
			if (error instanceof UnsettledError) return;
			if (!(error instanceof PingpoolError)) throw error;
			// What is wrong with its text stays wrong until it changes; the rest may pass by itself.
			this.#fingerprint = error.cause === undefined ? fingerprint : undefined;
			if (error.message !== this.#problem) {
				onMessage(`${error.message}\nwhat ${quote(path)} said before stays in force until it is mended`);
			}
			this.#problem = error.message;
		}
	}

	#isSettled({ mtimeMs, ctimeMs }: BigIntStats): boolean {
		const nowMs = this.#options.clock.wallMs();
		// Copied with its times from a machine whose clock is ahead (rsync -t), it would not be settled for as long.
		const changedMs = Number(mtimeMs > nowMs ? ctimeMs : mtimeMs);
		return nowMs - changedMs >= settleMs;
	}
}

/**
 * @param expected the fingerprint that the file has to have
 * @throws PingpoolError `usage`, with a cause when the file could not be read at all
 * @throws UnsettledError when it changes meanwhile
 */
function readList(path: string, expected?: string): { addresses: CidrSet; stats: BigIntStats } {
	statsOf(path);
	const { text, stats } = converted(path, () => {
		const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		try {
			const before = fstatSync(file, { bigint: true });
			if (before.size > addressListBytesMax) return { text: undefined, stats: before };
			const read = readFileSync(file, 'utf8');
			const after = fingerprintOf(fstatSync(file, { bigint: true }));
			if (expected !== undefined && after !== expected) throw new UnsettledError();
			return { text: read, stats: before };
		} finally {
			closeSync(file);
		}
	});
	if (text === undefined) {
		throw new PingpoolError(
			'usage',
			`${quote(path)} has ${stats.size} bytes; at most ${addressListBytesMax}`,
			{
				hint: 'join blocks that are beside each other, and leave out comments',
			},
		);
	}
	return { addresses: parseAddressList(text, escapeUnsafe(path)), stats };
}

function statsOf(path: string): BigIntStats {
	const stats = converted(path, () => statSync(path, { bigint: true }));
	if (stats.isFile()) return stats;
	throw new PingpoolError('usage', `${quote(path)} is no file that can be read again when it changes`, {
		hint: 'give a regular file, or a link to one',
	});
}

function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
	return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

function converted<Value>(path: string, action: () => Value): Value {
	try {
		return action();
	} catch (error) {
		const code = systemErrorCode(error);
		if (code === undefined) throw error;
		const problem = code === 'ENOENT' ? 'does not exist' : `can not be read: ${messageOf(error)}`;
		throw new PingpoolError('usage', `${quote(path)} ${problem}`, {
			cause: error,
			hint: 'a worker does not start without its lists: give the path of a file of addresses that it may read',
		});
	}
}
